#include "agent/audit_worker.h"

#include <utility>

#include "base/log.h"

namespace gophercron::agent {
namespace {

constexpr seconds kDeliveryPatience{5};

}  // namespace

AuditWorker::AuditWorker(storage::Store& store, Delivery& delivery, AuditConfig config,
                         std::function<void(std::vector<task::OutcomeSpan>)> on_found)
    : delivery_(delivery),
      audit_(store, std::move(config)),
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
  auto found = audit_.Answer(question.open, question.now);
  if (!found) return log::Warning("looking for gaps in the ledger: {}", found.error().message);
  if (!found->empty()) on_found_(*std::move(found));
}

}  // namespace gophercron::agent
