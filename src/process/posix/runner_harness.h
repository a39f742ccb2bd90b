// For tests: a PosixRunner on a folder of its own, and its events to wait for.
#ifndef GOPHERCRON_PROCESS_POSIX_RUNNER_HARNESS_H_
#define GOPHERCRON_PROCESS_POSIX_RUNNER_HARNESS_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "process/posix/posix_runner.h"

namespace gophercron::process {

class TempFolder {
 public:
  TempFolder() {
    std::string name = ::testing::TempDir() + "/runner-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Events as they came, each run's to wait for.
class EventLog final : public RunEvents {
 public:
  void OnStarted(std::string_view run_id, pid_t pid, Instant) override {
    Change([&] { started_[std::string(run_id)] = pid; });
  }
  void OnOutput(std::string_view run_id, std::uint64_t offset, std::string_view bytes) override {
    Change([&] {
      std::string& text = output_[std::string(run_id)];
      if (offset == text.size()) text += bytes;
    });
  }
  void OnEnded(std::string_view run_id, Exit exit) override {
    Change([&] {
      EXPECT_TRUE(ended_.emplace(run_id, std::move(exit)).second) << run_id << " ended twice";
    });
  }

  pid_t WaitStarted(const std::string& run_id) {
    const auto lock = Wait([&] { return started_.contains(run_id); });
    return started_.at(run_id);
  }
  // The followed output, once it contains `text`.
  std::string WaitOutput(const std::string& run_id, const std::string& text) {
    const auto lock = Wait([&] { return output_[run_id].contains(text); });
    return output_.at(run_id);
  }
  std::string WaitLines(const std::string& run_id, std::ptrdiff_t lines) {
    const auto lock = Wait([&] { return std::ranges::count(output_[run_id], '\n') >= lines; });
    return output_.at(run_id);
  }
  Exit WaitEnded(const std::string& run_id) {
    const auto lock = Wait([&] { return ended_.contains(run_id); });
    return std::move(ended_.extract(run_id).mapped());
  }

 private:
  template <class F>
  void Change(F&& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class Ready>
  std::unique_lock<std::mutex> Wait(Ready&& ready) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, ready);
    return lock;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, pid_t> started_;
  std::map<std::string, std::string> output_;
  std::map<std::string, Exit> ended_;
};

class RunnerHarness {
 public:
  explicit RunnerHarness(Containment containment) {
    auto opened =
        PosixRunner::Open({.data_folder = folder_.path(), .containment = containment}, events);
    if (!opened) ADD_FAILURE() << opened.error().message;
    runner = std::move(*opened);
  }

  static Command Shell(std::string run_id, std::string text) {
    return {.run_id = std::move(run_id),
            .argv = {"/bin/sh", "-c", std::move(text)},
            .environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}};
  }
  Exit Run(Command command) {
    const std::string run_id = command.run_id;
    runner->Start(std::move(command));
    return events.WaitEnded(run_id);
  }
  Exit RunShell(const std::string& text) {
    return Run(Shell("run-" + std::to_string(++count_), text));
  }
  // Starts and returns when the followed output has `text`.
  std::string StartUntil(Command command, const std::string& text) {
    const std::string run_id = command.run_id;
    runner->Start(std::move(command));
    runner->Follow(run_id, true);
    return events.WaitOutput(run_id, text);
  }
  // Until the runner has put away what it has reported: a few system calls later.
  void WaitIdle() const {
    while (runner->Running() > 0) ::sched_yield();
  }
  const std::string& folder() const { return folder_.path(); }

 private:
  TempFolder folder_;
  int count_ = 0;

 public:
  EventLog events;
  std::unique_ptr<PosixRunner> runner;
};

// Holds a process, so that its death can be seen for certain.
class HeldProcess {
 public:
  explicit HeldProcess(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
    EXPECT_GE(fd_, 0) << "no process " << pid;
  }
  HeldProcess(HeldProcess&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~HeldProcess() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool Dead() const {
    pollfd item{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&item, 1, 0) == 1;
  }

 private:
  int fd_;
};

// The processes whose pids stand in `text` as "pid=N".
inline std::vector<HeldProcess> HoldNamed(const std::string& text) {
  std::vector<HeldProcess> held;
  for (std::size_t at = text.find("pid="); at != std::string::npos;
       at = text.find("pid=", at + 1)) {
    held.emplace_back(static_cast<pid_t>(std::strtol(text.c_str() + at + 4, nullptr, 10)));
  }
  return held;
}

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_RUNNER_HARNESS_H_
