// USES: process_posix
// How many captured commands a second go through the runner, against a bare loop of posix_spawn,
// read and waitid over the same number at once. Both are measured alternately in short slices of
// one run, so that a noisy machine disturbs both alike; what counts is the ratio (the median of the
// slices' ratios).
//
//   runner_bench [SECONDS]     per line of the table; default 6
//
// Target: 0.85.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "process/posix/posix_runner.h"

namespace gophercron::process {
namespace {

constexpr double kTarget = 0.85;
using Steady = std::chrono::steady_clock;

// Counts ends, and starts the next command at each.
class Pump final : public RunEvents {
 public:
  void OnStarted(std::string_view, pid_t, Instant) override {}
  void OnOutput(std::string_view, std::uint64_t, std::string_view) override {}
  void OnEnded(std::string_view, Exit exit) override {
    if (!exit.Succeeded()) std::abort();
    ++ended_;
    if (Steady::now() < until_) return StartOne();
    const std::lock_guard lock(mutex_);
    if (--going_ == 0) idle_.notify_one();
  }

  // Commands a second.
  double Run(PosixRunner& runner, const std::vector<std::string>& argv, int at_once,
             Steady::duration slice) {
    runner_ = &runner;
    argv_ = &argv;
    ended_ = 0;
    going_ = at_once;
    const auto begin = Steady::now();
    until_ = begin + slice;
    for (int i = 0; i < at_once; ++i) StartOne();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return going_ == 0; });
    return ended_ / std::chrono::duration<double>(Steady::now() - begin).count();
  }

 private:
  void StartOne() {
    runner_->Start({.run_id = fmt::format("bench-{}", ++count_),
                    .argv = *argv_,
                    .environment = {{"PATH", "/usr/bin:/bin"}}});
  }

  PosixRunner* runner_ = nullptr;
  const std::vector<std::string>* argv_ = nullptr;
  std::atomic<std::uint64_t> count_ = 0;
  std::mutex mutex_;
  std::condition_variable idle_;
  int going_ = 0;
  Steady::time_point until_{};
  double ended_ = 0;
};

// The least that captures output and an exit status.
class BareLoop {
 public:
  BareLoop() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~BareLoop() { posix_spawnattr_destroy(&attributes_); }

  double Run(const std::vector<std::string>& argv, int at_once, Steady::duration slice) {
    std::vector<Child> children(static_cast<std::size_t>(at_once));
    std::vector<pollfd> items(children.size());
    const auto begin = Steady::now();
    double ended = 0;
    for (std::size_t i = 0; i < children.size(); ++i) items[i] = Spawn(children[i], argv);
    std::size_t going = children.size();
    while (going > 0) {
      ::poll(items.data(), items.size(), -1);
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].fd < 0 || items[i].revents == 0) continue;
        char bytes[65536];
        if (::read(items[i].fd, bytes, sizeof bytes) > 0) continue;
        ::close(items[i].fd);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(children[i].pid), &info, WEXITED);
        if (info.si_status != 0) std::abort();
        ++ended;
        items[i].fd = -1;
        if (Steady::now() < begin + slice) {
          items[i] = Spawn(children[i], argv);
        } else {
          --going;
        }
      }
    }
    return ended / std::chrono::duration<double>(Steady::now() - begin).count();
  }

 private:
  struct Child {
    pid_t pid = -1;
  };

  pollfd Spawn(Child& child, const std::vector<std::string>& argv) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    std::vector<char*> raw;
    for (const std::string& argument : argv) raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    char path[] = "PATH=/usr/bin:/bin";
    char* environment[] = {path, nullptr};
    if (::posix_spawn(&child.pid, raw[0], &actions, &attributes_, raw.data(), environment) != 0)
      std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    return {.fd = ends[0], .events = POLLIN, .revents = 0};
  }

  posix_spawnattr_t attributes_;
};

// This process's own CPU time, without its children's.
double CpuMicroseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto count = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return count(usage.ru_utime) + count(usage.ru_stime);
}

double Median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

void Compare(Containment containment, const char* name, const std::vector<std::string>& argv,
             int at_once, Steady::duration time) {
  std::string folder = "/tmp/runner-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  Pump pump;
  {
    auto runner = PosixRunner::Open({.data_folder = folder, .containment = containment}, pump);
    if (!runner) {
      fmt::print(stderr, "{}\n", runner.error().message);
      std::exit(1);
    }
    BareLoop bare;
    constexpr int kSlices = 12;
    const auto slice = time / (2 * kSlices);
    std::vector<double> rates;
    std::vector<double> bare_rates;
    std::vector<double> ratios;
    std::vector<double> cpu;
    std::vector<double> bare_cpu;
    // Runs a slice and notes what one command of it has cost this process.
    const auto measure = [&](auto&& run, std::vector<double>& its_rates,
                             std::vector<double>& its_cpu) {
      const double cpu_before = CpuMicroseconds();
      const auto before = Steady::now();
      its_rates.push_back(run());
      const double seconds_taken = std::chrono::duration<double>(Steady::now() - before).count();
      its_cpu.push_back((CpuMicroseconds() - cpu_before) / (its_rates.back() * seconds_taken));
    };
    pump.Run(**runner, argv, at_once, slice);
    for (int i = 0; i < kSlices; ++i) {
      measure([&] { return bare.Run(argv, at_once, slice); }, bare_rates, bare_cpu);
      measure([&] { return pump.Run(**runner, argv, at_once, slice); }, rates, cpu);
      ratios.push_back(rates.back() / bare_rates.back());
    }
    const double ratio = Median(ratios);
    fmt::print("{:<15} {:<12} {:>7} {:>10.0f} {:>10.0f} {:>7.2f} {:>7.0f} {:>7.0f}  {}\n",
               (*runner)->UsesControlGroups() ? "control groups" : "descendants", name, at_once,
               Median(rates), Median(bare_rates), ratio, Median(cpu), Median(bare_cpu),
               ratio >= kTarget ? "ok" : "below target");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gophercron::process

int main(int argc, char** argv) {
  using gophercron::process::Containment;
  const auto time = std::chrono::milliseconds(argc > 1 ? std::atoi(argv[1]) * 1000 : 6000);
  fmt::print("captured commands a second, target for the ratio {:.2f}\n",
             gophercron::process::kTarget);
  fmt::print("{:<15} {:<12} {:>7} {:>10} {:>10} {:>7} {:>7} {:>7}\n", "containment", "command",
             "at once", "runner", "bare", "ratio", "cpu us", "bare us");
  for (const Containment containment : {Containment::kBest, Containment::kDescendants}) {
    for (const int at_once : {1, 4, 32}) {
      gophercron::process::Compare(containment, "sh -c :", {"/bin/sh", "-c", ":"}, at_once, time);
      gophercron::process::Compare(containment, "true", {"/bin/true"}, at_once, time);
    }
  }
}
