// RpcThread: the one thread on which an EtcdCoordinator lives. It waits for gRPC's completions, for
// timers (CLOCK_BOOTTIME) and for what others post; all state of the adapter belongs to it.
//
// Threads: Post and the constructor from any; everything else on the thread itself, or after Join.
#ifndef GOPHERCRON_COORDINATION_ETCD_RPC_THREAD_H_
#define GOPHERCRON_COORDINATION_ETCD_RPC_THREAD_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/time.h"

namespace gophercron::coordination::etcd {

// What a completion's tag points to.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void Complete(bool ok) = 0;
};

class RpcThread {
 public:
  using Task = std::move_only_function<void()>;
  using TimerId = std::uint64_t;

  RpcThread();
  ~RpcThread();  // requires Join, or that Start never was

  void Start();
  // In the order of posting. Not run any more after Shutdown.
  void Post(Task task);

  BootTime Now() const { return clock_.Boot(); }
  TimerId After(microseconds delay, Task task);
  void Cancel(TimerId timer);
  grpc::CompletionQueue* queue() { return &queue_; }

  // Ends the thread once what is under way has completed; nothing may be begun any more.
  void Shutdown();
  bool closing() const { return closing_; }
  void Join();
  // Keeps what may not be destroyed on this thread until this is destroyed.
  void Bury(std::shared_ptr<void> what) { buried_.push_back(std::move(what)); }

 private:
  class Wake;

  void Run();
  void RunPosted();
  void RunTimers();

  SystemClock clock_;
  grpc::CompletionQueue queue_;
  grpc::Alarm alarm_;
  std::unique_ptr<Wake> wake_;
  std::map<std::pair<BootTime, TimerId>, Task> timers_;
  std::map<TimerId, BootTime> timer_times_;
  TimerId next_timer_ = 1;
  bool closing_ = false;
  std::vector<std::shared_ptr<void>> buried_;

  std::mutex mutex_;
  std::vector<Task> posted_;
  bool woken_ = false;
  bool shut_ = false;

  std::thread thread_;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_RPC_THREAD_H_
