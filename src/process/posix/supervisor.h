// Supervisor: the runs of a PosixRunner and what happens to each, on one thread.
//
// A run goes through: launched; its main process has exited; its output is drained; reported;
// nothing of it is left. Kill and timeout put "being ended" beside that: told to end, then killed,
// looked at until nothing is left.
#ifndef GOPHERCRON_PROCESS_POSIX_SUPERVISOR_H_
#define GOPHERCRON_PROCESS_POSIX_SUPERVISOR_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/loop.h"
#include "process/posix/control_groups.h"
#include "process/posix/descendants.h"
#include "process/posix/launch.h"
#include "process/posix/output_capture.h"
#include "process/posix/posix_runner.h"
#include "process/posix/run_journal.h"

namespace gophercron::process {

class Supervisor {
 public:
  // `groups` may be null.
  Supervisor(const PosixRunnerOptions& options, RunEvents& events,
             std::unique_ptr<RunJournal> journal, std::unique_ptr<ControlGroups> groups);
  // Stop must have been called.
  ~Supervisor();

  // As those of ProcessRunner.
  void Start(Command command);
  void Kill(std::string_view run_id);
  void Follow(std::string_view run_id, bool on);
  std::size_t Running() const { return running_.load(); }
  Result<std::vector<Stray>> EndStrays(microseconds grace);
  void Stop(microseconds grace);
  bool UsesControlGroups() const { return groups_ != nullptr; }

 private:
  struct Run;

  // Start.
  void StartSome(std::size_t most);
  std::shared_ptr<Run> Accept(Command command);  // null when it was refused
  void Attend(Run& run);
  bool Spawn(Run& run);
  bool Launch(Run& run, int output_fd);
  void Contain(Run& run);
  void Refuse(const Command& command, StartFailure failure);

  // While it runs.
  void ReadOutput(Run& run);
  void Take(Run& run, std::string_view bytes);
  void DeliverKept(const Run& run);
  void WakeAt(Run& run, BootTime at);
  void SetTimer();
  void OnTimer();
  void OnWake(Run& run);

  // Its end. Finish destroys the run; whatever may finish it must be the last thing done with it.
  bool TakeExit(Run& run);
  void OnExit(Run& run);
  void AfterExit(Run& run);
  void DrainNow(Run& run);
  void Conclude(Run& run);
  void BeginEnd(Run& run, End cause);
  void SignalMembers(Run& run, std::initializer_list<int> signals);
  std::vector<pid_t> Members(const Run& run);
  void CheckGone(Run& run);
  void Report(Run& run);
  void Finish(Run& run);
  void Forget(Run& run);
  void Abandon();
  void StopIfDone();
  void ReapLater();

  const PosixRunnerOptions options_;
  RunEvents& events_;
  const SystemClock clock_;
  std::unique_ptr<RunJournal> journal_;
  std::unique_ptr<ControlGroups> groups_;
  bool born_into_groups_ = true;  // until the kernel refuses it
  Descendants descendants_;
  bool adopts_ = false;
  Launcher launcher_;
  int null_fd_;
  std::string scratch_;

  Loop loop_;
  BootTimer timer_{loop_};
  BootTimer reap_timer_{loop_};
  BootTimer stop_timer_{loop_};
  bool reaping_ = false;
  bool stopping_ = false;
  bool done_ = false;
  bool stopped_ = false;  // of the threads that call Stop
  std::promise<void> all_gone_;
  std::atomic<std::size_t> running_ = 0;
  Guarded<std::deque<Command>> waiting_;  // to be started, in order
  std::uint64_t own_peak_ = 0;            // as far as it has been looked at
  std::unordered_map<std::string, std::shared_ptr<Run>> runs_;
  std::set<std::pair<BootTime, Run*>> wakes_;
  std::thread thread_;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_SUPERVISOR_H_
