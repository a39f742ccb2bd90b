#include "agent/audit_worker.h"

#include <iterator>
#include <utility>

#include "base/log.h"

namespace gophercron::agent {
namespace {

constexpr int kGapsPerLook = 1000;
constexpr seconds kDeliveryPatience{5};

// True when all of the gap lies behind the mark and none of it can still be filled by somebody.
bool NothingOpen(const storage::LedgerGap& gap, const OpenTicks& open) {
  if (gap.until > open.mark) return false;
  for (std::size_t i = 0; i < open.firsts.size(); ++i) {
    if (open.firsts[i] <= gap.until && open.lasts[i] > gap.after) return false;
  }
  return true;
}

}  // namespace

AuditWorker::AuditWorker(storage::Store& store, Delivery& delivery, AuditConfig config,
                         std::function<void(std::vector<task::OutcomeSpan>)> on_found)
    : store_(store),
      delivery_(delivery),
      config_(std::move(config)),
      on_found_(std::move(on_found)),
      thread_([this] { Run(); }) {}

AuditWorker::~AuditWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void AuditWorker::Look(std::vector<OpenTicks> open, Instant now) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_ || asked_) return;
    asked_ = Question{.open = std::move(open), .now = now};
  }
  changed_.notify_all();
}

void AuditWorker::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || asked_; });
    if (stopping_) return;
    const Question question = *std::exchange(asked_, std::nullopt);
    busy_ = true;
    lock.unlock();
    Answer(question);
    lock.lock();
    busy_ = false;
  }
}

bool AuditWorker::DeliveredUpTo(Instant moment) {
  delivery_.Flush(kDeliveryPatience);
  const auto since = delivery_.UndeliveredSince();
  return !since || *since > moment;
}

void AuditWorker::Answer(const Question& question) {
  // What is spooled may fill any gap. A store that is away is asked again in a minute.
  if (!DeliveredUpTo(question.now)) return;

  std::map<task::TaskKey, const OpenTicks*> by_task;
  for (const auto& open : question.open) by_task.emplace(open.task, &open);

  std::vector<task::OutcomeSpan> found;
  const auto gaps = store_.FindGaps(kGapsPerLook);
  if (!gaps) return log::Warning("looking for gaps in the ledger: {}", gaps.error().message);
  for (const auto& gap : *gaps) {
    const auto open = by_task.find(gap.task);
    if (open == by_task.end()) continue;
    auto spans = AuditGap(config_, gap, *open->second, question.now);
    if (spans.empty() && NothingOpen(gap, *open->second)) {
      // The schedule has no tick there: what looked like a gap is none.
      if (const Status closed = store_.CloseGap(gap); !closed) {
        log::Warning("closing a gap of the ledger: {}", closed.error().message);
      }
    }
    std::move(spans.begin(), spans.end(), std::back_inserter(found));
  }

  std::map<task::TaskKey, TickInstant> complete;
  for (const auto& open : question.open) {
    const auto known = complete_until_.find(open.task);
    if (known == complete_until_.end() || known->second != open.mark) {
      const auto last = store_.LastAccounted(open.task);
      if (!last) return log::Warning("reading the ledger's end: {}", last.error().message);
      auto spans = AuditTail(config_, *last, open, question.now);
      std::move(spans.begin(), spans.end(), std::back_inserter(found));
    }
    if (open.firsts.empty()) complete.emplace(open.task, open.mark);
  }
  complete_until_ = std::move(complete);
  if (!found.empty()) on_found_(std::move(found));
}

}  // namespace gophercron::agent
