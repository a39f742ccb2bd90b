// Recorder: makes records durable off the loop. What happened is appended to the spool in the order
// it is given, many records under one sync, and only then reported back; so a disk that is slow
// delays the removal of run keys, never a start.
//
// Threads: Append on the loop's thread; one thread of its own waits for the disk. Owned by
// the driver. The spool must outlive it.
#ifndef GOPHERCRON_AGENT_RECORDER_H_
#define GOPHERCRON_AGENT_RECORDER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
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
  // `on_appended` on the recorder's thread after it: there is something to deliver.
  Recorder(Loop& loop, const Clock& clock, Spool& spool,
           std::function<void(std::vector<std::uint64_t>)> on_durable,
           std::function<void()> on_appended);
  // Waits for what was given.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Append(std::uint64_t id, task::LedgerRecord record);

 private:
  struct Batch {
    std::vector<std::uint64_t> ids;
    std::vector<task::LedgerRecord> records;
  };

  void Run();
  // Tries until it has worked, for the records exist nowhere else. False: stopped before that.
  bool Write(const Batch& batch);

  Loop& loop_;
  const Clock& clock_;
  Spool& spool_;
  const std::function<void(std::vector<std::uint64_t>)> on_durable_;
  const std::function<void()> on_appended_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Batch waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_RECORDER_H_
