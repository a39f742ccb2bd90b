// ProcessRunner: runs commands on this machine under limits and tells the truth about how they
// ended.
//
// A *run* is one command with everything it starts. What a run sees: its own session and process
// group, no terminal, stdin from /dev/null, stdout and stderr in one stream in the order of
// writing, descriptors 0, 1 and 2 only, every signal at its default and unblocked, and exactly the
// given environment plus one variable that marks the run as ours.
//
// A run ends when its *main process* (the one that was started) ends, whoever else still holds its
// output. Processes that the main process leaves behind are *leftovers*: they are counted, told to
// end (SIGTERM), and killed after the command's grace. The end is reported without waiting for
// them. A run that was killed or that timed out is reported only when nothing of it is left: what
// may replace it can start at that moment. While anything of a run is left its id is busy and
// Running() counts it.
//
// Threads: any thread may call Start, Kill, Follow and Running; none of them blocks. EndStrays and
// Stop block. Events come one at a time from one thread of the runner's own; they must return
// quickly and may call Start, Kill and Follow, never Stop. An adapter is given its RunEvents when
// it is made and drops it when Stop returns.
#ifndef GOPHERCRON_PROCESS_PROCESS_RUNNER_H_
#define GOPHERCRON_PROCESS_PROCESS_RUNNER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::process {

inline constexpr std::uint64_t kOutputLimitDefault = std::uint64_t{1} << 20;
inline constexpr std::size_t kRunIdMax = 64;

struct Command {
  // 1 to kRunIdMax of [A-Za-z0-9_-]. Never used twice while the first one is running.
  std::string run_id;
  // The program and its arguments: {shell, "-c", text}, or the user's own vector. A program without
  // '/' is looked for along the PATH of `environment` (without one: /usr/local/bin:/usr/bin:/bin).
  std::vector<std::string> argv;
  // Name and value, complete: nothing is inherited from this process.
  std::vector<std::pair<std::string, std::string>> environment = {};
  // Absolute. Empty is "/".
  std::string cwd = {};
  // Absent keeps this process's own.
  std::optional<mode_t> umask = std::nullopt;
  // From the start of the main process to SIGTERM, on the boot clock. Absent is no limit.
  std::optional<microseconds> timeout = std::nullopt;
  // From SIGTERM to SIGKILL.
  microseconds kill_grace = seconds(10);
  // Bytes of output that are kept: the first quarter and the last three quarters of what was
  // written.
  std::uint64_t output_limit = kOutputLimitDefault;
};

// How a run ended, by what happened first. A timeout or a kill counts only if it came while the
// main process lived.
enum class End {
  kExited,         // by itself, with exit_code
  kSignalled,      // by a signal that did not come from here (or came from the command itself)
  kTimedOut,       // its time was up; exit_code or signal say how it took that
  kKilled,         // Kill or Stop was called; exit_code or signal say how it took that
  kFailedToStart,  // there never was a process of this command; `failure` says why
};

// The step that failed, for kFailedToStart.
enum class StartStep { kAccept, kPrepare, kFork, kSession, kDescriptors, kDirectory, kExec };

struct StartFailure {
  StartStep step = StartStep::kAccept;
  // The kernel's errno; 0 when the command was refused before the kernel was asked (kAccept).
  int error = 0;
  // One sentence for a person, with the name of the file or folder.
  std::string message = {};
};

// head + tail is everything, unless dropped_bytes > 0: then that many bytes are missing between the
// two.
struct Output {
  std::string head = {};
  std::string tail = {};
  std::uint64_t total_bytes = 0;
  std::uint64_t dropped_bytes = 0;
};

struct Exit {
  End end = End::kExited;
  // Exactly one of the two, unless the command failed to start.
  std::optional<int> exit_code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  bool core_dumped = false;
  std::optional<StartFailure> failure = std::nullopt;
  // Wall time of the start and of the main process's end; `duration` between the two by the boot
  // clock.
  Instant started_at{};
  Instant ended_at{};
  microseconds duration{0};
  Output output = {};
  // Of the main process and those of its descendants that it waited for.
  microseconds cpu_user{0};
  microseconds cpu_system{0};
  // Absent when it stayed below the peak of this process, from which the kernel can not tell it.
  std::optional<std::uint64_t> max_rss_bytes = std::nullopt;
  // Processes of the run that outlived the main process and were then ended by the runner.
  std::size_t leftovers = 0;

  bool Succeeded() const { return end == End::kExited && exit_code == 0; }
};

class RunEvents {
 public:
  virtual ~RunEvents() = default;
  // The main process executes the command. Comes before anything else about the run.
  virtual void OnStarted(std::string_view run_id, pid_t pid, Instant at) = 0;
  // Bytes of a followed run. `offset` counts every byte written since the start, so a gap shows.
  virtual void OnOutput(std::string_view run_id, std::uint64_t offset, std::string_view bytes) = 0;
  // Exactly once for each Start, and the last event of the run. Without OnStarted when it failed to
  // start.
  virtual void OnEnded(std::string_view run_id, Exit exit) = 0;
};

// What an earlier process with the same data folder had started and not concluded when it was
// killed.
struct Stray {
  std::string run_id;
  // How many of its processes were found and ended. 0: it had ended by itself, with a result that
  // nobody saw.
  std::size_t processes = 0;
};

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  // Starts in the order of the calls, back to back. Never fails here: a command that can not be
  // started ends as kFailedToStart. Must not be called once Stop has returned; while Stop is under
  // way it ends as kFailedToStart.
  virtual void Start(Command command) = 0;
  // SIGTERM (and SIGCONT) to everything of the run, SIGKILL after the command's grace. An id that
  // is not running is ignored: the end was or will be reported by itself. A second call changes
  // nothing.
  virtual void Kill(std::string_view run_id) = 0;
  // From now on OnOutput for this run, beginning with what has been kept so far; or no longer.
  virtual void Follow(std::string_view run_id, bool on) = 0;
  // Runs of which anything is left, their leftovers included, and those whose Start has not been
  // dealt with yet.
  virtual std::size_t Running() const = 0;

  // Finds what a killed earlier process with the same data folder left behind and ends it: SIGTERM,
  // up to `grace`, SIGKILL. Returns when all of it is gone. To be called once, before the first
  // Start. A process is touched only if it is certain that it belongs to such a run. kInternal when
  // something survives SIGKILL.
  virtual Result<std::vector<Stray>> EndStrays(microseconds grace) = 0;

  // Kills every run with this grace instead of the command's own and returns when all of them are
  // gone and reported. A process that even SIGKILL does not end (it hangs in the kernel) is waited
  // for 5 s, then its run is reported with what is known. Twice is allowed.
  virtual void Stop(microseconds grace) = 0;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_PROCESS_RUNNER_H_
