// WorkerPool: a few threads and a bounded queue before them.
#ifndef GOPHERCRON_HTTP_WORKER_POOL_H_
#define GOPHERCRON_HTTP_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gophercron::http {

// Threads: Submit from any; Stop and Clear not from a worker.
class WorkerPool {
 public:
  using Work = std::move_only_function<void()>;

  // `niceness` as of nice(2): above 0 gives way to others.
  WorkerPool(std::size_t threads, std::size_t waiting_max, int niceness);
  ~WorkerPool();

  // False when too many wait already, or after Stop; the work is then not taken. `always`: beyond
  // the bound too, for what goes on with something that was let in before.
  bool Submit(Work work, bool always = false);
  // Finishes what has begun. What waits is kept, undone.
  void Stop();
  // After Stop: lets go of what waits.
  void Clear();

 private:
  void Run(int niceness);

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_WORKER_POOL_H_
