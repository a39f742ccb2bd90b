#include "http/worker_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace gophercron::http {

WorkerPool::WorkerPool(std::size_t threads, std::size_t waiting_max, int niceness)
    : waiting_max_(waiting_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, niceness] { Run(niceness); });
  }
}

WorkerPool::~WorkerPool() {
  Stop();
}

bool WorkerPool::Submit(Work work, bool always) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (!always && waiting_.size() >= waiting_max_)) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Clear() {
  std::deque<Work> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(waiting_);
  }
}

void WorkerPool::Run(int niceness) {
  // On Linux this is of the thread. Without the right to, it stays as it is.
  if (niceness != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace gophercron::http
