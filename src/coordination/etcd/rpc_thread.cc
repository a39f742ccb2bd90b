#include "coordination/etcd/rpc_thread.h"

#include <grpc/support/time.h>

#include <algorithm>

namespace gophercron::coordination::etcd {
namespace {

// gRPC waits on a clock of its own that stands still in suspend: looked at again at least this
// often.
constexpr microseconds kLookAgain = seconds(1);

gpr_timespec Deadline(microseconds from_now) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_micros(std::max<std::int64_t>(from_now.count(), 0), GPR_TIMESPAN));
}

}  // namespace

class RpcThread::Wake final : public Completion {
 public:
  explicit Wake(RpcThread& thread) : thread_(thread) {}
  void Complete(bool /*ok*/) override {
    const std::lock_guard lock(thread_.mutex_);
    thread_.woken_ = false;
  }

 private:
  RpcThread& thread_;
};

RpcThread::RpcThread() : wake_(std::make_unique<Wake>(*this)) {}
RpcThread::~RpcThread() = default;

void RpcThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RpcThread::Post(Task task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  if (woken_ || shut_) return;
  woken_ = true;
  alarm_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), static_cast<Completion*>(wake_.get()));
}

RpcThread::TimerId RpcThread::After(microseconds delay, Task task) {
  const TimerId id = next_timer_++;
  const BootTime at = Now() + delay;
  timers_.emplace(std::pair(at, id), std::move(task));
  timer_times_.emplace(id, at);
  return id;
}

void RpcThread::Cancel(TimerId timer) {
  const auto found = timer_times_.find(timer);
  if (found == timer_times_.end()) return;
  timers_.erase({found->second, timer});
  timer_times_.erase(found);
}

void RpcThread::Shutdown() {
  closing_ = true;
  {
    const std::lock_guard lock(mutex_);
    shut_ = true;
  }
  queue_.Shutdown();
}

void RpcThread::Join() {
  if (thread_.joinable()) thread_.join();
}

void RpcThread::Run() {
  while (true) {
    microseconds wait = kLookAgain;
    if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first.first - Now());
    void* tag = nullptr;
    bool ok = false;
    switch (queue_.AsyncNext(&tag, &ok, Deadline(wait))) {
      case grpc::CompletionQueue::SHUTDOWN:
        return;
      case grpc::CompletionQueue::GOT_EVENT:
        static_cast<Completion*>(tag)->Complete(ok);
        break;
      case grpc::CompletionQueue::TIMEOUT:
        break;
    }
    RunPosted();
    RunTimers();
  }
}

void RpcThread::RunPosted() {
  std::vector<Task> posted;
  {
    const std::lock_guard lock(mutex_);
    if (shut_) return;
    posted.swap(posted_);
  }
  for (Task& task : posted) {
    if (closing_) return Bury(std::make_shared<std::vector<Task>>(std::move(posted)));
    task();
  }
}

void RpcThread::RunTimers() {
  const BootTime now = Now();
  while (!closing_ && !timers_.empty() && timers_.begin()->first.first <= now) {
    auto first = timers_.extract(timers_.begin());
    timer_times_.erase(first.key().second);
    first.mapped()();
  }
}

}  // namespace gophercron::coordination::etcd
