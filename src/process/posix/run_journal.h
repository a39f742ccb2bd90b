// RunJournal: which runs are going, in a file that survives the death of this process at any
// moment.
//
// A small memory-mapped file in the data folder with one slot for each run. The child writes its
// own pid into its slot before it executes the command, so there is no moment at which a command
// runs unrecorded. Nothing is synced to the disk: when the machine goes down, the commands do too,
// and the boot id tells.
//
// Owns a lock on the file: one runner for each data folder. Threads: one at a time.
#ifndef GOPHERCRON_PROCESS_POSIX_RUN_JOURNAL_H_
#define GOPHERCRON_PROCESS_POSIX_RUN_JOURNAL_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "process/process_runner.h"

namespace gophercron::process {

// Runs at once for one data folder.
inline constexpr std::size_t kRunsMax = 4096;

// In the mapped file. Boot-clock microseconds around the birth of the process tell it from a later
// one that was given the same pid.
struct JournalSlot {
  std::atomic<std::uint32_t> taken;
  std::atomic<std::int32_t> pid;
  std::atomic<std::int64_t> born_after;
  std::atomic<std::int64_t> born_before;
  std::int32_t group;  // number of its control group, -1 for none
  char run_id[kRunIdMax + 4];
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// A slot of an earlier process, as it was found.
struct UnfinishedRun {
  std::size_t slot = 0;
  std::string run_id;
  pid_t pid = 0;  // 0: the child never came to life
  BootTime born_after{};
  BootTime born_before{};
  int group = -1;
};

class RunJournal {
 public:
  // Creates the file if there is none. kConflict when another process has it, kCorrupt when it is
  // something else.
  static Result<std::unique_ptr<RunJournal>> Open(const std::string& folder);
  ~RunJournal();
  RunJournal(const RunJournal&) = delete;
  RunJournal& operator=(const RunJournal&) = delete;

  // Random, made with the file: marks what is ours in environments and control group names.
  const std::string& token() const { return token_; }
  // Where the earlier process had its control groups; empty for nowhere.
  const std::string& earlier_group_folder() const { return earlier_group_folder_; }
  void SetGroupFolder(const std::string& folder);

  // What an earlier process had not concluded. It stays in the file until it is forgotten.
  const std::vector<UnfinishedRun>& unfinished() const { return unfinished_; }
  void ForgetUnfinished();

  // kRunsMax when all are taken.
  std::size_t Take(std::string_view run_id, int group, BootTime now);
  void Release(std::size_t slot);
  JournalSlot& at(std::size_t slot);

 private:
  struct File;
  explicit RunJournal(int fd, File* file) : fd_(fd), file_(file) {}
  Status Load();

  int fd_;
  File* file_;
  std::string token_;
  std::string earlier_group_folder_;
  std::vector<UnfinishedRun> unfinished_;
  std::vector<std::size_t> free_;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_RUN_JOURNAL_H_
