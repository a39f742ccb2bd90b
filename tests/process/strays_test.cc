// What a runner finds after the process before it was killed at some moment.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>

#include "base/random.h"
#include "process/posix/proc_files.h"
#include "process/posix/run_journal.h"
#include "process/posix/runner_harness.h"

namespace gophercron::process {
namespace {

// The helper program, from start to SIGKILL.
class Host {
 public:
  Host(const std::string& folder, Containment containment,
       const std::vector<std::string>& commands) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<std::string> arguments{PROCESS_HOST, folder,
                                       containment == Containment::kBest ? "best" : "descendants"};
    arguments.insert(arguments.end(), commands.begin(), commands.end());
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~Host() {
    if (pid_ > 0) Kill();
    ::close(output_);
  }

  // Reads until `lines` lines have come (or it has ended).
  std::string ReadLines(std::ptrdiff_t lines) {
    std::array<char, 4096> chunk;
    while (std::ranges::count(text_, '\n') < lines) {
      const ssize_t got = ::read(output_, chunk.data(), chunk.size());
      if (got <= 0) break;
      text_.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return text_;
  }
  void Kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

class StraysTest : public ::testing::TestWithParam<Containment> {
 protected:
  std::vector<Stray> EndStrays(microseconds grace) {
    auto runner =
        PosixRunner::Open({.data_folder = folder_.path(), .containment = GetParam()}, events_);
    if (!runner) {
      ADD_FAILURE() << runner.error().message;
      return {};
    }
    auto strays = (*runner)->EndStrays(grace);
    EXPECT_TRUE(strays.has_value()) << strays.error().message;
    std::ranges::sort(*strays, {}, &Stray::run_id);
    EXPECT_TRUE((*runner)->EndStrays(grace)->empty());
    return *strays;
  }

  TempFolder folder_;
  EventLog events_;
};

INSTANTIATE_TEST_SUITE_P(Both, StraysTest,
                         ::testing::Values(Containment::kBest, Containment::kDescendants),
                         [](const auto& of) {
                           return of.param == Containment::kBest ? "Best" : "Descendants";
                         });

TEST_P(StraysTest, EverythingOfAKilledProcessIsFoundAndEnded) {
  Host host(folder_.path(), GetParam(),
            {"sleep 1000 & echo pid=$! pid=$$; wait",
             "trap '' TERM; setsid sh -c '(echo pid=$(exec sh -c \"echo \\$PPID\"); while :; do "
             "sleep 0.01; done) &'; "
             "echo pid=$$; while :; do sleep 0.01; done"});
  std::string text = host.ReadLines(5);
  // The runner's own lines name the main processes a second time.
  const auto held = HoldNamed(text);
  ASSERT_EQ(held.size(), 6u) << text;
  host.Kill();
  for (const HeldProcess& process : held) EXPECT_FALSE(process.Dead());
  const std::vector<Stray> strays = EndStrays(milliseconds(50));
  for (const HeldProcess& process : held) EXPECT_TRUE(process.Dead());
  ASSERT_EQ(strays.size(), 2u);
  EXPECT_EQ(strays[0].run_id, "run0");
  EXPECT_GE(strays[0].processes, 2u);
  EXPECT_EQ(strays[1].run_id, "run1");
  EXPECT_GE(strays[1].processes, 2u);
}

TEST_P(StraysTest, KilledAtAnyMomentNothingOfItStays) {
  const std::uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  SeededRandom random(seed);
  for (int round = 0; round < 15; ++round) {
    std::vector<std::string> commands(12, "exec sleep 1000");
    Host host(folder_.path(), GetParam(), commands);
    host.ReadLines(static_cast<std::ptrdiff_t>(random.Below(12)));
    host.Kill();
    EndStrays(seconds(10));
    // Whatever was born carries the marker of this folder.
    const auto token = (*RunJournal::Open(folder_.path()))->token();
    for (const auto& [pid, process] : ReadProcesses()) {
      const auto marker = process.zombie ? std::nullopt : ReadVariable(pid, "GOPHERCRON_INSTANCE");
      EXPECT_FALSE(marker && marker->starts_with(token)) << "process " << pid << " was left";
    }
  }
}

TEST_P(StraysTest, ARunThatEndedByItselfIsNamedWithoutProcesses) {
  Host host(folder_.path(), GetParam(), {"echo pid=$$; read line < " + folder_.path() + "/never"});
  host.ReadLines(2);
  // It ends at once, the folder has no such file: it is the end that is waited for.
  host.ReadLines(3);
  host.Kill();
  for (const Stray& stray : EndStrays(seconds(10))) EXPECT_EQ(stray.processes, 0u);
}

TEST_P(StraysTest, AStrangerWithAnOldPidIsNotTouched) {
  char program[] = "/bin/sleep";
  char duration[] = "1000";
  char* argv[] = {program, duration, nullptr};
  pid_t stranger = 0;
  ASSERT_EQ(::posix_spawn(&stranger, program, nullptr, nullptr, argv, environ), 0);
  {
    auto journal = RunJournal::Open(folder_.path());
    ASSERT_TRUE(journal.has_value());
    // As if a run had had this pid, a minute before the stranger was born.
    const BootTime before = SystemClock().Boot() - std::chrono::minutes(1);
    JournalSlot& slot = (*journal)->at((*journal)->Take("old", -1, before));
    slot.born_before = (before + milliseconds(1)).time_since_epoch().count();
    slot.pid = stranger;
  }
  const std::vector<Stray> strays = EndStrays(microseconds(0));
  ASSERT_EQ(strays.size(), 1u);
  EXPECT_EQ(strays[0].run_id, "old");
  EXPECT_EQ(strays[0].processes, 0u);
  int status = 0;
  EXPECT_EQ(::waitpid(stranger, &status, WNOHANG), 0);
  ::kill(stranger, SIGTERM);
  EXPECT_EQ(::waitpid(stranger, &status, 0), stranger);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_P(StraysTest, AnUntouchedFolderHasNone) {
  EXPECT_TRUE(EndStrays(seconds(1)).empty());
}

TEST(RunJournal, AFileOfSomethingElseIsNotOverwritten) {
  const TempFolder folder;
  FILE* file = std::fopen((folder.path() + "/runs.journal").c_str(), "w");
  std::fputs("something else, and long enough", file);
  std::fclose(file);
  const auto opened = RunJournal::Open(folder.path());
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace gophercron::process
