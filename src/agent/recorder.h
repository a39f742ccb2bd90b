// Recorder: makes records durable off the loop. What happened is appended to the spool in the order
// it is given, many records under one sync, and only then reported back; so a disk that is slow
// delays the removal of run keys, never a start. A record that comes alone is written at once;
// under load those of some milliseconds share one sync, and so do the removal of their run keys and
// their delivery, which follow it.
//
// Threads: Append on the loop's thread; one thread of its own waits for the disk. Owned by
// the driver. The spool must outlive it.
#ifndef GOPHERCRON_AGENT_RECORDER_H_
#define GOPHERCRON_AGENT_RECORDER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/spool.h"
#include "base/loop.h"
#include "base/time.h"
#include "task/run.h"

namespace gophercron::agent {

class Recorder {
 public:
  // `on_durable` is called on the loop with the ids of each batch that has reached the disk, and
  // `on_appended` on the recorder's thread after it: there is something to deliver. While the disk
  // fails, what was given waits in memory. `on_hold` is called on the loop with a sentence when
  // that has become so much that no more should be begun (kHoldRecords, kHoldBytes), and with an
  // empty one when it is over; what still runs then may still be given.
  Recorder(Loop& loop, const Clock& clock, Spool& spool,
           std::function<void(std::vector<std::uint64_t>)> on_durable,
           std::function<void()> on_appended, std::function<void(std::string)> on_hold);
  // Waits for what was given.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Append(std::uint64_t id, task::LedgerRecord record);

  static constexpr std::size_t kHoldRecords = 1'000;
  static constexpr std::size_t kHoldBytes = 32'000'000;  // of output

 private:
  struct Batch {
    std::vector<std::uint64_t> ids;
    std::vector<task::LedgerRecord> records;
    std::size_t bytes = 0;
  };

  void Run();
  // Not before some time has passed since the last batch, unless it is the end.
  void AwaitTurn(std::unique_lock<std::mutex>& lock);
  // Tries until it has worked, for the records exist nowhere else. False: stopped before that.
  bool Write(const Batch& batch);
  void Hold(std::string why);

  Loop& loop_;
  const Clock& clock_;
  Spool& spool_;
  const std::function<void(std::vector<std::uint64_t>)> on_durable_;
  const std::function<void()> on_appended_;
  const std::function<void(std::string)> on_hold_;
  bool held_ = false;  // of the recorder's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  Batch waiting_;
  bool stopping_ = false;
  BootTime next_at_{};
  std::thread thread_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_RECORDER_H_
