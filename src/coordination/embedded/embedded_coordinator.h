// EmbeddedCoordinator: the Coordinator of a single process. Keys in memory, every change in SQLite
// before it is answered.
//
// One writer thread does everything, in the order in which it was asked. It takes all that waits at
// once and makes it durable with one synchronous commit, so that many callers share the price of
// one. When that commit fails, memory goes back to what it was and every caller of the group is
// told.
//
// Opening the folder ends every earlier session: keys with a lease of an earlier life are deleted,
// which is an event like any other, and no lease's number is ever used again. A lease lives until
// it is destroyed; it can be trusted for ever.
//
// Threads and guarantees as coordinator.h says. Must be destroyed on the loop's thread, or when the
// loop no longer runs.
#ifndef GOPHERCRON_COORDINATION_EMBEDDED_EMBEDDED_COORDINATOR_H_
#define GOPHERCRON_COORDINATION_EMBEDDED_EMBEDDED_COORDINATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/folder_lock.h"
#include "base/loop.h"
#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/key_space.h"

namespace gophercron::coordination {

class EmbeddedCoordinator final : public Coordinator {
 public:
  struct Options {
    std::int64_t quota_bytes = 0;  // of the file; 0: as the disk allows
    KeySpace::HistoryLimits history = {};
    // What may wait for the writer. Beyond it calls are answered with kUnavailable.
    std::size_t waiting_calls_max = 10'000;
    std::size_t waiting_bytes_max = 64'000'000;
    // What a watch's owner may have left to hear before the watch is lost.
    std::size_t undelivered_bytes_max = 32'000'000;
  };

  // The keys stand in coordination.db in the folder of `lock`, which must be held as long as this
  // lives.
  static Result<std::unique_ptr<EmbeddedCoordinator>> Open(Loop& loop, const FolderLock& lock) {
    return Open(loop, lock, Options());
  }
  static Result<std::unique_ptr<EmbeddedCoordinator>> Open(Loop& loop, const FolderLock& lock,
                                                           const Options& options);
  ~EmbeddedCoordinator() override;

  void Range(RangeRequest request, Done<RangeResult> done) override;
  void Commit(Txn txn, Done<TxnResult> done) override;
  std::unique_ptr<Watch> WatchRange(std::string begin, std::string end, Revision from,
                                    std::function<void(const WatchBatch&)> on_batch) override;
  void Grant(seconds time_to_live, std::function<void()> on_lost,
             Done<std::unique_ptr<Lease>> done) override;

 private:
  class Writer;
  explicit EmbeddedCoordinator(std::unique_ptr<Writer> writer);

  std::unique_ptr<Writer> writer_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_EMBEDDED_EMBEDDED_COORDINATOR_H_
