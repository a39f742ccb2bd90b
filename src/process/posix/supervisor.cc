#include "process/posix/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "process/posix/signal_each.h"
#include "process/posix/strays.h"

namespace gophercron::process {

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// Reads in a row before other runs get their turn.
constexpr int kReadsMax = 8;
// Starts in a row before ends and output get their turn: what has ended holds descriptors and the
// place of what is to come, and in a long row of starts it would hold them to the end of the row.
constexpr std::size_t kStartsMax = 8;
// Between looks at whether anything is left of a run that is being ended.
constexpr microseconds kLookMin = microseconds(500);
constexpr microseconds kLookMax = milliseconds(50);
constexpr microseconds kReapInterval = seconds(1);
// For processes that hang in the kernel and can not even be killed.
constexpr microseconds kStopExtra = seconds(5);

void CloseFd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// The same file at a number that does not stand in the way of stdin, stdout and stderr.
int AboveStdio(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(fd);
  return moved;
}

microseconds ToMicroseconds(const timeval& value) {
  return seconds(value.tv_sec) + microseconds(value.tv_usec);
}

std::uint64_t OwnPeakBytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// The kernel's waitid also gives the usage, which libc's does not.
int WaitId(int pidfd, siginfo_t* info, int options, rusage* usage) {
  long result = 0;
  do {
    result = ::syscall(SYS_waitid, P_PIDFD, pidfd, info, options, usage);
  } while (result < 0 && errno == EINTR);
  return static_cast<int>(result);
}

}  // namespace

struct Supervisor::Run : std::enable_shared_from_this<Run> {
  Run(Command the_command, const std::string& folder)
      : command(std::move(the_command)), output(command.output_limit, folder) {}
  ~Run() {
    exit_watch.reset();
    output_watch.reset();
    CloseFd(pidfd);
    CloseFd(pipe);
  }

  const Command command;
  OutputCapture output;
  std::size_t slot = kRunsMax;
  std::unique_ptr<ControlGroup> group;  // null: known by its place in the tree of processes
  pid_t pid = -1;
  int pidfd = -1;
  int pipe = -1;
  std::unique_ptr<ReadWatch> exit_watch;
  std::unique_ptr<ReadWatch> output_watch;
  bool followed = false;
  bool reads_again = false;  // a reading is posted

  Exit exit;
  BootTime started{};
  bool exited = false;
  bool output_ended = false;
  bool reported = false;
  std::optional<End> cause;  // kTimedOut or kKilled, when that came before the end
  bool ending = false;       // told to end
  microseconds grace = command.kill_grace;
  BootTime kill_at{};
  microseconds look = kLookMin;
  std::optional<BootTime> wake;
};

Supervisor::Supervisor(const PosixRunnerOptions& options, RunEvents& events,
                       std::unique_ptr<RunJournal> journal, std::unique_ptr<ControlGroups> groups)
    : options_(options),
      events_(events),
      journal_(std::move(journal)),
      groups_(std::move(groups)),
      descendants_(journal_->token()),
      null_fd_(AboveStdio(::open("/dev/null", O_RDONLY | O_CLOEXEC))),
      scratch_(kReadBytes, '\0') {
  CHECK(null_fd_ >= 0);
  // Inherited as ignored, it would make the kernel throw away how children ended.
  struct sigaction child_action{};
  ::sigaction(SIGCHLD, nullptr, &child_action);
  if (child_action.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);
  // As the first process of a container this process is given every orphan anyway.
  if (groups_ == nullptr || ::getpid() == 1) {
    descendants_.Adopt();
    adopts_ = true;
  }
  // Another folder of an earlier process is kept in mind until EndStrays has been there.
  const std::string folder = groups_ ? groups_->folder() : std::string();
  if (journal_->earlier_group_folder().empty()) journal_->SetGroupFolder(folder);
  thread_ = std::thread([this] { loop_.Run(); });
}

Supervisor::~Supervisor() {
  CHECK(stopped_);
  ::close(null_fd_);
}

void Supervisor::Start(Command command) {
  ++running_;
  const bool first = waiting_.With([&](std::deque<Command>& waiting) {
    waiting.push_back(std::move(command));
    return waiting.size() == 1;
  });
  // One waking for all that comes together.
  if (first) loop_.Post([this] { StartSome(kStartsMax); });
}

void Supervisor::Kill(std::string_view run_id) {
  loop_.Post([this, id = std::string(run_id)] {
    if (!runs_.contains(id)) StartSome(SIZE_MAX);  // it may wait to be started
    if (const auto run = runs_.find(id); run != runs_.end()) BeginEnd(*run->second, End::kKilled);
  });
}

void Supervisor::Follow(std::string_view run_id, bool on) {
  loop_.Post([this, id = std::string(run_id), on] {
    if (!runs_.contains(id)) StartSome(SIZE_MAX);
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second->reported || found->second->followed == on) return;
    found->second->followed = on;
    if (on) DeliverKept(*found->second);
  });
}

Result<std::vector<Stray>> Supervisor::EndStrays(microseconds grace) {
  auto strays = process::EndStrays(*journal_, grace, clock_);
  if (strays) journal_->SetGroupFolder(groups_ ? groups_->folder() : std::string());
  return strays;
}

void Supervisor::Stop(microseconds grace) {
  if (stopped_) return;
  CHECK(!loop_.IsCurrentThread());
  loop_.Post([this, grace] {
    StartSome(SIZE_MAX);
    stopping_ = true;
    std::vector<std::shared_ptr<Run>> runs;
    for (const auto& [id, run] : runs_) runs.push_back(run);
    const BootTime kill_at = clock_.Boot() + grace;
    for (const auto& run : runs) {
      run->grace = grace;
      BeginEnd(*run, End::kKilled);
      if (!run->ending || run->kill_at <= kill_at) continue;
      run->kill_at = kill_at;
      WakeAt(*run, std::min(run->wake.value_or(kill_at), kill_at));
    }
    stop_timer_.SetAfter(grace + kStopExtra, [this] { Abandon(); });
    StopIfDone();
  });
  all_gone_.get_future().wait();
  loop_.Stop();
  thread_.join();
  stopped_ = true;
}

void Supervisor::StopIfDone() {
  if (!stopping_ || done_ || !runs_.empty()) return;
  done_ = true;
  stop_timer_.Cancel();
  all_gone_.set_value();
}

// --- Start

void Supervisor::StartSome(std::size_t most) {
  std::vector<Command> taken;
  const bool more = waiting_.With([&](std::deque<Command>& waiting) {
    while (!waiting.empty() && taken.size() < most) {
      taken.push_back(std::move(waiting.front()));
      waiting.pop_front();
    }
    return !waiting.empty();
  });
  if (more) loop_.Post([this] { StartSome(kStartsMax); });
  std::vector<std::shared_ptr<Run>> started;
  for (Command& command : taken) {
    if (auto run = Accept(std::move(command))) started.push_back(std::move(run));
  }
  // Afterwards, so that whoever listens wakes once for the row and not between two starts.
  for (const auto& run : started) Attend(*run);
}

std::shared_ptr<Supervisor::Run> Supervisor::Accept(Command command) {
  const auto refuse = [&](std::string why) {
    Refuse(command, {.step = StartStep::kAccept, .error = 0, .message = std::move(why)});
    return nullptr;
  };
  if (stopping_) return refuse("this process is stopping");
  if (std::string why = WhyUnacceptable(command); !why.empty()) return refuse(std::move(why));
  if (runs_.contains(command.run_id)) {
    return refuse(
        fmt::format("something of a run with the id {} is still running", command.run_id));
  }
  auto run = std::make_shared<Run>(std::move(command), options_.data_folder);
  if (!Spawn(*run)) return nullptr;
  runs_.emplace(run->command.run_id, run);
  return run;
}

void Supervisor::Attend(Run& run) {
  events_.OnStarted(run.command.run_id, run.pid, run.exit.started_at);
  run.output_watch =
      std::make_unique<ReadWatch>(loop_, run.pipe, [this, &run] { ReadOutput(run); });
  run.exit_watch = std::make_unique<ReadWatch>(loop_, run.pidfd, [this, &run] { OnExit(run); });
  if (run.command.timeout) WakeAt(run, run.started + *run.command.timeout);
}

void Supervisor::Refuse(const Command& command, StartFailure failure) {
  Exit exit{.end = End::kFailedToStart, .failure = std::move(failure)};
  exit.started_at = exit.ended_at = clock_.Now();
  events_.OnEnded(command.run_id, std::move(exit));
  --running_;
}

bool Supervisor::Spawn(Run& run) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    const int error = errno;
    Refuse(run.command, {.step = StartStep::kPrepare,
                         .error = error,
                         .message = fmt::format("cannot make a pipe for the command's output: {}",
                                                std::generic_category().message(error))});
    return false;
  }
  run.pipe = AboveStdio(ends[0]);
  int output_fd = AboveStdio(ends[1]);
  ::fcntl(run.pipe, F_SETFL, O_NONBLOCK);
  const bool launched = Launch(run, output_fd);
  CloseFd(output_fd);
  return launched;
}

// Gives the run a control group if it can have one.
void Supervisor::Contain(Run& run) {
  if (!groups_ || !born_into_groups_) return;
  auto group = groups_->Acquire();
  if (group) {
    run.group = std::move(*group);
  } else {
    log::Warning("run {} goes without a control group: {}", run.command.run_id,
                 group.error().message);
  }
}

bool Supervisor::Launch(Run& run, int output_fd) {
  Contain(run);
  if (!run.group && !adopts_) {
    descendants_.Adopt();
    adopts_ = true;
  }
  run.started = clock_.Boot();
  run.exit.started_at = clock_.Now();
  run.slot = journal_->Take(run.command.run_id, run.group ? run.group->number() : -1, run.started);
  if (run.slot == kRunsMax) {
    Refuse(run.command, {.step = StartStep::kAccept,
                         .error = 0,
                         .message = fmt::format(
                             "{} commands are running at once, which is the limit", kRunsMax)});
    if (run.group) groups_->Release(std::move(run.group));
    return false;
  }
  const std::string marker =
      fmt::format("{}={}", kMarkerVariable, Marker(journal_->token(), run.command.run_id));
  const auto launched = launcher_.Launch({.command = run.command,
                                          .marker = marker,
                                          .input_fd = null_fd_,
                                          .output_fd = output_fd,
                                          .cgroup_fd = run.group ? run.group->folder_fd() : -1,
                                          .slot = journal_->at(run.slot)});
  if (launched) {
    run.pid = launched->pid;
    run.pidfd = AboveStdio(launched->pidfd);
    descendants_.Add(run.pid, run.command.run_id);
    if (adopts_) ReapLater();
    return true;
  }
  journal_->Release(run.slot);
  const bool in_group = run.group != nullptr;
  if (in_group) groups_->Release(std::move(run.group));
  // Some containers have groups but no way to be born into one.
  const StartFailure& failure = launched.error();
  if (in_group && failure.step == StartStep::kFork && failure.error != EAGAIN &&
      failure.error != ENOMEM) {
    log::Warning("commands run without control groups from here on: {}", failure.message);
    born_into_groups_ = false;
    return Launch(run, output_fd);
  }
  Refuse(run.command, failure);
  return false;
}

// --- While it runs

void Supervisor::ReadOutput(Run& run) {
  if (run.output_ended) return;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    const ssize_t got = ::read(run.pipe, scratch_.data(), scratch_.size());
    if (got > 0) {
      Take(run, std::string_view(scratch_).substr(0, static_cast<std::size_t>(got)));
    } else if (got == 0) {
      run.output_ended = true;
      run.output_watch.reset();
      // Others held the pipe open after the main process had ended; now nobody does.
      if (run.exited && !run.cause) Conclude(run);
      return;
    } else if (errno != EINTR) {
      return;
    }
  }
  if (std::exchange(run.reads_again, true)) return;
  loop_.Post([this, weak = run.weak_from_this()] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->reads_again = false;
    if (alive->pipe >= 0) ReadOutput(*alive);
  });
}

void Supervisor::Take(Run& run, std::string_view bytes) {
  const std::uint64_t offset = run.output.total();
  run.output.Append(bytes);
  if (run.followed) events_.OnOutput(run.command.run_id, offset, bytes);
}

void Supervisor::DeliverKept(const Run& run) {
  const Output kept = run.output.Kept();
  if (!kept.head.empty()) events_.OnOutput(run.command.run_id, 0, kept.head);
  if (!kept.tail.empty()) {
    events_.OnOutput(run.command.run_id, kept.total_bytes - kept.tail.size(), kept.tail);
  }
}

void Supervisor::WakeAt(Run& run, BootTime at) {
  if (run.wake) wakes_.erase({*run.wake, &run});
  run.wake = at;
  wakes_.emplace(at, &run);
  if (wakes_.begin()->second == &run) SetTimer();
}

void Supervisor::SetTimer() {
  if (!wakes_.empty()) timer_.Set(wakes_.begin()->first, [this] { OnTimer(); });
}

void Supervisor::OnTimer() {
  const BootTime now = clock_.Boot();
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    Run& run = *wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    run.wake.reset();
    OnWake(run);
  }
  SetTimer();
}

void Supervisor::OnWake(Run& run) {
  if (run.ending) {
    CheckGone(run);
  } else if (run.exited) {
    Conclude(run);
  } else {
    BeginEnd(run, End::kTimedOut);
  }
}

// --- Its end

// True when the main process has exited. It stays a zombie until Finish: so long neither its pid
// nor its session number can be given to a stranger.
bool Supervisor::TakeExit(Run& run) {
  siginfo_t info{};
  rusage usage{};
  // Nobody else in this process may wait for our children.
  CHECK(WaitId(run.pidfd, &info, WEXITED | WNOHANG | WNOWAIT, &usage) == 0);
  if (info.si_pid == 0) return false;
  run.exited = true;
  run.exit_watch.reset();
  run.exit.ended_at = clock_.Now();
  run.exit.duration = clock_.Boot() - run.started;
  if (info.si_code == CLD_EXITED) {
    run.exit.exit_code = info.si_status;
  } else {
    run.exit.signal = info.si_status;
    run.exit.core_dumped = info.si_code == CLD_DUMPED;
  }
  run.exit.end = run.cause ? *run.cause : run.exit.exit_code ? End::kExited : End::kSignalled;
  run.exit.cpu_user = ToMicroseconds(usage.ru_utime);
  run.exit.cpu_system = ToMicroseconds(usage.ru_stime);
  const std::uint64_t peak = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  // Until it executes, the child uses this process's memory, and the kernel counts that as its own.
  if (peak > own_peak_) own_peak_ = OwnPeakBytes();
  if (peak > own_peak_) run.exit.max_rss_bytes = peak;
  return true;
}

void Supervisor::OnExit(Run& run) {
  if (!run.exited && TakeExit(run)) AfterExit(run);
}

void Supervisor::AfterExit(Run& run) {
  DrainNow(run);
  if (run.cause) return CheckGone(run);
  // Whoever else holds the output open is of this run, and gets a moment; or it has left the run
  // for good.
  if (run.output_ended || Members(run).empty()) return Conclude(run);
  WakeAt(run, clock_.Boot() + options_.drain);
}

// What is in the pipe now, and no more than that: all that the main process wrote is there when it
// has exited.
void Supervisor::DrainNow(Run& run) {
  int waiting = 0;
  if (run.output_ended || ::ioctl(run.pipe, FIONREAD, &waiting) != 0) return;
  std::int64_t budget = waiting;
  while (budget >= 0) {
    const ssize_t got = ::read(run.pipe, scratch_.data(), scratch_.size());
    run.output_ended = got == 0;
    if (got <= 0) break;
    Take(run, std::string_view(scratch_).substr(0, static_cast<std::size_t>(got)));
    budget -= got;
  }
}

// The processes of the run that live, without its main process if that has exited.
std::vector<pid_t> Supervisor::Members(const Run& run) {
  if (!run.group) {
    if (run.exited && !descendants_.AnyAdopted()) return {};
    return descendants_.Members(run.pid);
  }
  if (!run.group->Populated()) return {};
  std::vector<pid_t> members = GroupMembers(run.group->path());
  if (run.exited) std::erase(members, run.pid);
  return members;
}

void Supervisor::SignalMembers(Run& run, std::initializer_list<int> signals) {
  SignalEach([&] { return Members(run); }, signals);
}

// The main process has ended by itself: say so, and end what it has left behind.
void Supervisor::Conclude(Run& run) {
  run.exit.leftovers = Members(run).size();
  Report(run);
  if (run.exit.leftovers == 0) return Finish(run);
  run.ending = true;
  run.kill_at = clock_.Boot() + run.grace;
  SignalMembers(run, {SIGTERM, SIGCONT});
  WakeAt(run, clock_.Boot() + run.look);
}

void Supervisor::BeginEnd(Run& run, End cause) {
  if (run.exited || run.cause) return;
  // It may have ended before we came: then that is the truth.
  if (TakeExit(run)) return AfterExit(run);
  run.cause = cause;
  run.ending = true;
  run.kill_at = clock_.Boot() + run.grace;
  SignalMembers(run, {SIGTERM, SIGCONT});
  WakeAt(run, run.kill_at);
}

void Supervisor::CheckGone(Run& run) {
  if (!run.exited && TakeExit(run)) DrainNow(run);
  if (run.exited) {
    const std::size_t left = Members(run).size();
    if (!run.reported) run.exit.leftovers = std::max(run.exit.leftovers, left);
    if (left == 0) {
      if (!run.reported) Report(run);
      return Finish(run);
    }
  }
  BootTime now = clock_.Boot();
  if (now >= run.kill_at) {
    if (run.group) KillGroup(run.group->path());
    // Also with a group: one that the command has frozen, or a kernel that has not come to it yet,
    // loses nothing.
    SignalMembers(run, {SIGKILL});
    now = clock_.Boot();
  } else if (!run.exited) {
    return WakeAt(run, run.kill_at);
  }
  const BootTime next = now + run.look;
  run.look = std::min(run.look * 2, kLookMax);
  WakeAt(run, now >= run.kill_at ? next : std::min(next, run.kill_at));
}

void Supervisor::Report(Run& run) {
  DrainNow(run);
  run.reported = true;
  run.output_watch.reset();
  CloseFd(run.pipe);
  run.exit.output = run.output.Kept();
  // A copy stays: leftovers are still to be counted against it.
  const std::size_t leftovers = run.exit.leftovers;
  events_.OnEnded(run.command.run_id, std::move(run.exit));
  run.exit.leftovers = leftovers;
}

void Supervisor::Finish(Run& run) {
  siginfo_t ignored{};
  WaitId(run.pidfd, &ignored, WEXITED, nullptr);
  descendants_.Remove(run.pid);
  if (adopts_) descendants_.Reap();
  journal_->Release(run.slot);
  if (run.group) groups_->Release(std::move(run.group));
  Forget(run);
}

void Supervisor::Forget(Run& run) {
  if (run.wake) wakes_.erase({*run.wake, &run});
  run.wake.reset();
  run.ending = false;
  runs_.erase(runs_.find(run.command.run_id));
  --running_;
  StopIfDone();
}

// What even SIGKILL has not ended: its slot stays taken, so that a later EndStrays looks for it.
void Supervisor::Abandon() {
  std::vector<std::shared_ptr<Run>> stuck;
  for (const auto& [id, run] : runs_) stuck.push_back(run);
  for (const auto& run : stuck) {
    log::Warning("run {} has a process that does not end", run->command.run_id);
    if (!run->exited) {
      run->exit.end = run->cause.value_or(End::kKilled);
      run->exit.ended_at = clock_.Now();
      run->exit.duration = clock_.Boot() - run->started;
    }
    if (!run->reported) Report(*run);
    Forget(*run);
  }
}

void Supervisor::ReapLater() {
  if (reaping_) return;
  reaping_ = true;
  reap_timer_.SetAfter(kReapInterval, [this] {
    reaping_ = false;
    descendants_.Reap();
    if (!runs_.empty()) ReapLater();
  });
}

}  // namespace gophercron::process
