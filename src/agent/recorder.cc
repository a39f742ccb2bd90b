#include "agent/recorder.h"

#include <utility>

#include "base/log.h"

namespace gophercron::agent {

namespace {

// Between the beginnings of two batches. A process that is killed takes what waits with it: those
// runs are called lost.
constexpr milliseconds kPace{20};

}  // namespace

Recorder::Recorder(Loop& loop, const Clock& clock, Spool& spool,
                   std::function<void(std::vector<std::uint64_t>)> on_durable,
                   std::function<void()> on_appended, std::function<void(std::string)> on_hold)
    : loop_(loop),
      clock_(clock),
      spool_(spool),
      on_durable_(std::move(on_durable)),
      on_appended_(std::move(on_appended)),
      on_hold_(std::move(on_hold)),
      thread_([this] { Run(); }) {}

Recorder::~Recorder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Recorder::Append(std::uint64_t id, task::LedgerRecord record) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.ids.empty();
    waiting_.ids.push_back(id);
    waiting_.bytes += record.output.head.size() + record.output.tail.size();
    waiting_.records.push_back(std::move(record));
  }
  if (first) changed_.notify_all();
}

void Recorder::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.ids.empty(); });
    if (waiting_.ids.empty()) return;
    AwaitTurn(lock);
    Batch batch = std::exchange(waiting_, {});
    lock.unlock();
    if (Write(batch)) {
      loop_.Post([this, ids = std::move(batch.ids)]() mutable { on_durable_(std::move(ids)); });
      on_appended_();
    }
    lock.lock();
  }
}

void Recorder::Hold(std::string why) {
  if (held_ == !why.empty()) return;
  held_ = !why.empty();
  loop_.Post([this, sentence = std::move(why)]() mutable { on_hold_(std::move(sentence)); });
}

void Recorder::AwaitTurn(std::unique_lock<std::mutex>& lock) {
  const BootTime now = clock_.Boot();
  if (now < next_at_) changed_.wait_for(lock, next_at_ - now, [this] { return stopping_; });
  next_at_ = clock_.Boot() + kPace;
}

bool Recorder::Write(const Batch& batch) {
  // A full or broken disk: the run keys stay, so nothing is forgotten; tell the operator once a
  // minute.
  constexpr int kAttemptsPerWarning = 60;
  for (int attempt = 0;; ++attempt) {
    const Status written = spool_.Append(batch.records, clock_.Now());
    if (written) {
      Hold("");
      return true;
    }
    if (attempt % kAttemptsPerWarning == 0) {
      log::LogError("{} results can not be written to the spool and wait in memory: {}",
                    batch.ids.size(), written.error().message);
    }
    std::unique_lock lock(mutex_);
    if (batch.ids.size() + waiting_.ids.size() >= kHoldRecords ||
        batch.bytes + waiting_.bytes >= kHoldBytes) {
      Hold("results can not be written to the disk: " + written.error().message);
    }
    // Stopping must not hang on a dead disk: the keys of these runs stay, the next start calls them
    // lost.
    if (changed_.wait_for(lock, seconds(1), [this] { return stopping_; })) return false;
  }
}

}  // namespace gophercron::agent
