#include "process/posix/posix_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "process/posix/proc_files.h"
#include "process/posix/run_journal.h"
#include "process/posix/runner_harness.h"

namespace gophercron::process {
namespace {

using ::testing::HasSubstr;

class PosixRunnerTest : public ::testing::TestWithParam<Containment> {
 protected:
  static std::string All(const Exit& exit) { return exit.output.head + exit.output.tail; }

  // A command that was stopped must have left nothing of what it named.
  static void ExpectDead(const std::vector<HeldProcess>& processes, std::size_t count) {
    EXPECT_EQ(processes.size(), count);
    for (const HeldProcess& process : processes) EXPECT_TRUE(process.Dead());
  }

  RunnerHarness harness_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Both, PosixRunnerTest,
                         ::testing::Values(Containment::kBest, Containment::kDescendants),
                         [](const auto& of) {
                           return of.param == Containment::kBest ? "Best" : "Descendants";
                         });

TEST_P(PosixRunnerTest, ExitCodesAreTold) {
  for (const int code : {0, 1, 2, 126, 127, 128, 255}) {
    const Exit exit = harness_.RunShell("exit " + std::to_string(code));
    EXPECT_EQ(exit.end, End::kExited);
    EXPECT_EQ(exit.exit_code, code);
    EXPECT_EQ(exit.signal, std::nullopt);
    EXPECT_EQ(exit.Succeeded(), code == 0);
    EXPECT_EQ(exit.leftovers, 0u);
    EXPECT_GE(exit.duration.count(), 0);
  }
}

TEST_P(PosixRunnerTest, SignalsAreToldApartFromExitCodes) {
  for (const int signal :
       {SIGHUP, SIGINT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGSYS}) {
    const Exit exit = harness_.RunShell("ulimit -c 0; kill -" + std::to_string(signal) + " $$");
    EXPECT_EQ(exit.end, End::kSignalled) << signal;
    EXPECT_EQ(exit.signal, signal);
    EXPECT_EQ(exit.exit_code, std::nullopt);
    EXPECT_FALSE(exit.core_dumped);
  }
}

TEST_P(PosixRunnerTest, ACoreDumpIsTold) {
  std::ifstream pattern("/proc/sys/kernel/core_pattern");
  std::string text;
  std::getline(pattern, text);
  Command command = RunnerHarness::Shell("core", "ulimit -c unlimited && kill -SEGV $$");
  command.cwd = harness_.folder();
  const Exit exit = harness_.Run(command);
  EXPECT_EQ(exit.signal, SIGSEGV);
  // Where cores go to a relative path, this folder has one exactly if the flag says so.
  if (!text.starts_with('|') && !text.starts_with('/')) {
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(harness_.folder())) {
      found = found || entry.path().filename().string().starts_with("core");
    }
    EXPECT_EQ(exit.core_dumped, found);
  }
}

TEST_P(PosixRunnerTest, WhatCanNotStartSaysWhichStepAndWhy) {
  const auto expect = [&](Command command, StartStep step, int error, const std::string& text) {
    const Exit exit = harness_.Run(std::move(command));
    EXPECT_EQ(exit.end, End::kFailedToStart);
    ASSERT_TRUE(exit.failure.has_value());
    EXPECT_EQ(exit.failure->step, step);
    EXPECT_EQ(exit.failure->error, error);
    EXPECT_THAT(exit.failure->message, HasSubstr(text));
    EXPECT_EQ(exit.exit_code, std::nullopt);
  };
  expect({.run_id = "a", .argv = {"/no/such/shell", "-c", ":"}}, StartStep::kExec, ENOENT,
         "/no/such/shell");
  expect({.run_id = "b", .argv = {"no-such-program"}}, StartStep::kExec, ENOENT, "no-such-program");
  expect({.run_id = "c", .argv = {"/etc/passwd"}}, StartStep::kExec, EACCES, "/etc/passwd");
  expect({.run_id = "d", .argv = {"/bin/echo", std::string(4 << 20, 'x')}}, StartStep::kExec, E2BIG,
         "/bin/echo");
  expect({.run_id = "e", .argv = {"/bin/true"}, .cwd = "/no/such/folder"}, StartStep::kDirectory,
         ENOENT, "/no/such/folder");
  expect({.run_id = "f", .argv = {"/bin/true"}, .cwd = "/etc/passwd"}, StartStep::kDirectory,
         ENOTDIR, "/etc/passwd");
  expect({.run_id = "g", .argv = {}}, StartStep::kAccept, 0, "no program");
  expect({.run_id = "h", .argv = {"/bin/echo", std::string("a\0b", 3)}}, StartStep::kAccept, 0,
         "zero byte");
  expect({.run_id = "i", .argv = {"/bin/true"}, .environment = {{"A=B", "c"}}}, StartStep::kAccept,
         0, "'='");
  expect({.run_id = "j/..", .argv = {"/bin/true"}}, StartStep::kAccept, 0, "run id");
  expect({.run_id = "k", .argv = {"/bin/true"}, .cwd = "relative"}, StartStep::kAccept, 0,
         "absolute");
  EXPECT_TRUE(harness_.RunShell(":").Succeeded());
}

TEST_P(PosixRunnerTest, AProgramIsLookedForAlongTheCommandsOwnPath) {
  const std::string folder = harness_.folder() + "/bin";
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/hello") << "#!/bin/sh\necho found\n";
  ::chmod((folder + "/hello").c_str(), 0755);
  EXPECT_EQ(
      All(harness_.Run(
          {.run_id = "a", .argv = {"hello"}, .environment = {{"PATH", "/nowhere:" + folder}}})),
      "found\n");
  EXPECT_EQ(All(harness_.Run({.run_id = "b", .argv = {"echo", "default"}})), "default\n");
  ::chmod((folder + "/hello").c_str(), 0644);
  const Exit refused =
      harness_.Run({.run_id = "c", .argv = {"hello"}, .environment = {{"PATH", folder}}});
  ASSERT_TRUE(refused.failure.has_value());
  EXPECT_EQ(refused.failure->error, EACCES);
}

TEST_P(PosixRunnerTest, ABusyIdIsRefused) {
  harness_.StartUntil(RunnerHarness::Shell("same", "echo ready; exec sleep 1000"), "ready");
  EXPECT_EQ(harness_.runner->Running(), 1u);
  harness_.runner->Start(RunnerHarness::Shell("same", ":"));
  const Exit refused = harness_.events.WaitEnded("same");
  EXPECT_EQ(refused.end, End::kFailedToStart);
}

TEST_P(PosixRunnerTest, TheCommandSeesDefaultSignalsOnly) {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before{};
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t blocked;
  sigset_t mask_before;
  ::sigfillset(&blocked);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before);
  const Exit exit = harness_.Run(
      {.run_id = "a", .argv = {"/bin/sed", "-n", "/^Sig[BIC]/p", "/proc/self/status"}});
  ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(All(exit),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
}

TEST_P(PosixRunnerTest, TheCommandSeesThreeDescriptorsAndItsOwnSession) {
  const int noise = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  const Exit exit = harness_.RunShell(
      "for fd in $(seq 0 200); do [ -e /proc/$$/fd/$fd ] && echo $fd $(readlink /proc/$$/fd/$fd); "
      "done; cut -d' ' -f1,5,6,7 "
      "/proc/$$/stat; umask");
  ::close(noise);
  std::istringstream lines(All(exit));
  std::string first;
  std::string second;
  std::string third;
  std::getline(lines, first);
  std::getline(lines, second);
  std::getline(lines, third);
  EXPECT_EQ(first, "0 /dev/null");
  EXPECT_THAT(second, HasSubstr("1 pipe:"));
  EXPECT_EQ(third, "2 " + second.substr(2));
  pid_t pid = 0;
  pid_t group = 0;
  pid_t session = 0;
  int terminal = -1;
  lines >> pid >> group >> session >> terminal;
  EXPECT_GT(pid, 0);
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, pid);
  EXPECT_EQ(terminal, 0);
}

TEST_P(PosixRunnerTest, TheEnvironmentIsWhatWasGivenAndTheMarker) {
  const Exit exit =
      harness_.Run({.run_id = "a",
                    .argv = {"/usr/bin/env"},
                    .environment = {{"EMPTY", ""}, {"GOPHERCRON_RUN", "a"}, {"TEXT", "x=y z\n"}}});
  const std::string all = All(exit);
  EXPECT_TRUE(all.starts_with("EMPTY=\nGOPHERCRON_RUN=a\nTEXT=x=y z\n\nGOPHERCRON_INSTANCE="))
      << all;
  EXPECT_TRUE(all.ends_with(".a\n")) << all;
  EXPECT_EQ(std::ranges::count(all, '\n'), 5);
}

TEST_P(PosixRunnerTest, FolderAndUmaskAreAsAsked) {
  Command command = RunnerHarness::Shell("a", "pwd; umask");
  command.cwd = "/usr/bin";
  command.umask = 0027;
  EXPECT_EQ(All(harness_.Run(command)), "/usr/bin\n0027\n");
}

TEST_P(PosixRunnerTest, OutputComesInOrderAndByteForByte) {
  EXPECT_EQ(All(harness_.RunShell("echo a; echo b >&2; echo c; echo d >&2")), "a\nb\nc\nd\n");
  EXPECT_EQ(All(harness_.RunShell("printf '\\000\\377\\300\\200x\\000'")),
            std::string("\0\377\300\200x\0", 6));
}

TEST_P(PosixRunnerTest, ManyBytesWithoutALineEndLeaveMemoryFlat) {
  // The limit's head and tail, and the counts, of 1 GB; memory is read before and after.
  const auto resident = [] {
    std::ifstream statm("/proc/self/statm");
    long size = 0;
    long pages = 0;
    statm >> size >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
  };
  harness_.RunShell("head -c 3000000 /dev/zero");
  const long before = resident();
  const Exit exit = harness_.RunShell("printf start; head -c 1000000000 /dev/zero; printf end");
  const long after = resident();
  EXPECT_TRUE(exit.Succeeded());
  EXPECT_EQ(exit.output.total_bytes, 1'000'000'008u);
  EXPECT_EQ(exit.output.dropped_bytes, 1'000'000'008u - kOutputLimitDefault);
  EXPECT_EQ(exit.output.head.size(), kOutputLimitDefault / 4);
  EXPECT_EQ(exit.output.tail.size(), kOutputLimitDefault / 4 * 3);
  EXPECT_TRUE(exit.output.head.starts_with("start"));
  EXPECT_TRUE(exit.output.tail.ends_with("end"));
  // A sanitizer keeps freed memory for a while; the bound is far below what came through.
  EXPECT_LT(after - before, 64 << 20);
}

TEST_P(PosixRunnerTest, AFollowerGetsEverythingFromTheStart) {
  Command command = RunnerHarness::Shell("a", "echo one; echo two; exec sleep 1000");
  harness_.runner->Start(command);
  harness_.events.WaitStarted("a");
  harness_.runner->Follow("a", true);
  EXPECT_EQ(harness_.events.WaitOutput("a", "two\n"), "one\ntwo\n");
  harness_.runner->Kill("a");
  EXPECT_EQ(All(harness_.events.WaitEnded("a")), "one\ntwo\n");
}

TEST_P(PosixRunnerTest, ATimeoutIsToldWithHowTheCommandTookIt) {
  Command command = RunnerHarness::Shell("a", "exec sleep 1000");
  command.timeout = milliseconds(20);
  const Exit killed = harness_.Run(command);
  EXPECT_EQ(killed.end, End::kTimedOut);
  EXPECT_EQ(killed.signal, SIGTERM);
  EXPECT_GE(killed.duration, milliseconds(20));

  command = RunnerHarness::Shell("b", "trap 'echo bye; exit 7' TERM; while :; do sleep 0.01; done");
  command.timeout = milliseconds(100);
  const Exit polite = harness_.Run(command);
  EXPECT_EQ(polite.end, End::kTimedOut);
  EXPECT_EQ(polite.exit_code, 7);
  EXPECT_THAT(All(polite), HasSubstr("bye\n"));
}

TEST_P(PosixRunnerTest, AKillIsToldAndOneWhoIgnoresTermIsKilledAfterTheGrace) {
  Command command =
      RunnerHarness::Shell("a", "trap '' TERM; echo pid=$$ ready; while :; do sleep 0.01; done");
  command.kill_grace = milliseconds(50);
  const auto held = HoldNamed(harness_.StartUntil(command, "ready"));
  harness_.runner->Kill("a");
  harness_.runner->Kill("a");
  harness_.runner->Kill("unknown");
  const Exit exit = harness_.events.WaitEnded("a");
  EXPECT_EQ(exit.end, End::kKilled);
  EXPECT_EQ(exit.signal, SIGKILL);
  EXPECT_EQ(exit.exit_code, std::nullopt);
  ExpectDead(held, 1);
}

TEST_P(PosixRunnerTest, AKillLeavesNoDescendantHoweverItHides) {
  // Ignores TERM, in a session of its own, its parents dead, and another with an emptied
  // environment besides.
  Command command = RunnerHarness::Shell("a",
                                         "setsid sh -c '(trap \"\" TERM; echo pid=$(exec sh -c "
                                         "\"echo \\$PPID\"); while :; do sleep 0.01; done) &' \n"
                                         "env -i /usr/bin/setsid /bin/sh -c '(trap \"\" TERM; echo "
                                         "pid=$(exec /bin/sh -c \"echo \\$PPID\"); exec "
                                         "/bin/sleep 1000) &' \n"
                                         "sleep 1000 & echo pid=$! pid=$$ && wait");
  command.kill_grace = milliseconds(50);
  harness_.runner->Start(command);
  harness_.runner->Follow("a", true);
  const auto held = HoldNamed(harness_.events.WaitLines("a", 3));
  harness_.runner->Kill("a");
  const Exit exit = harness_.events.WaitEnded("a");
  EXPECT_EQ(exit.end, End::kKilled);
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_GE(exit.leftovers, 2u);
  ExpectDead(held, 4);
}

TEST_P(PosixRunnerTest, AStoppedCommandCanBeKilledPolitely) {
  Command command = RunnerHarness::Shell(
      "a", "trap 'echo bye; exit 3' TERM; echo ready; kill -STOP $$; sleep 1000");
  harness_.StartUntil(command, "ready");
  harness_.runner->Kill("a");
  const Exit exit = harness_.events.WaitEnded("a");
  EXPECT_EQ(exit.end, End::kKilled);
  EXPECT_TRUE(exit.exit_code == 3 || exit.signal == SIGTERM);
}

TEST_P(PosixRunnerTest, ACommandThatClosesItsOutputGoesOn) {
  const Exit exit = harness_.RunShell("echo before; exec >&- 2>&-; sleep 0.05; exit 9");
  EXPECT_EQ(exit.exit_code, 9);
  EXPECT_EQ(All(exit), "before\n");
}

TEST_P(PosixRunnerTest, ACommandMayKillItsOwnGroup) {
  const Exit exit = harness_.RunShell("sleep 1000 & kill -KILL 0; sleep 1000");
  EXPECT_EQ(exit.end, End::kSignalled);
  EXPECT_EQ(exit.signal, SIGKILL);
}

TEST_P(PosixRunnerTest, ALeftoverThatHoldsTheOutputDelaysNothingAndIsEnded) {
  Command command =
      RunnerHarness::Shell("a",
                           "sleep 1000 & echo pid=$!; setsid sleep 1000 & echo pid=$! ready; "
                           "read line < \"$FIFO\"");
  const std::string fifo = harness_.folder() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  command.environment.emplace_back("FIFO", fifo);
  const auto held = HoldNamed(harness_.StartUntil(command, "ready\n"));
  std::ofstream(fifo) << "go\n";
  const Exit exit = harness_.events.WaitEnded("a");
  EXPECT_EQ(exit.end, End::kExited);
  EXPECT_EQ(exit.exit_code, 0);
  EXPECT_EQ(exit.leftovers, 2u);
  harness_.runner->Stop(seconds(10));
  ExpectDead(held, 2);
}

TEST_P(PosixRunnerTest, AStubbornLeftoverIsReportedAtOnceAndKilledAfterTheGrace) {
  Command command = RunnerHarness::Shell("a",
                                         "setsid sh -c 'trap \"\" TERM; echo pid=$$ ready; while "
                                         ":; do sleep 0.01; done' & read line < \"$FIFO\"; "
                                         "exit 4");
  const std::string fifo = harness_.folder() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  command.environment.emplace_back("FIFO", fifo);
  command.kill_grace = std::chrono::hours(1);
  const auto held = HoldNamed(harness_.StartUntil(command, "ready\n"));
  std::ofstream(fifo) << "go\n";
  const Exit exit = harness_.events.WaitEnded("a");
  EXPECT_EQ(exit.exit_code, 4);
  EXPECT_GE(exit.leftovers, 1u);
  EXPECT_EQ(harness_.runner->Running(), 1u);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_FALSE(held[0].Dead());
  harness_.runner->Stop(milliseconds(10));
  EXPECT_EQ(harness_.runner->Running(), 0u);
  ExpectDead(held, 1);
}

TEST_P(PosixRunnerTest, WhatAnOutputFilterStillHasToSayIsWaitedFor) {
  const Exit exit = harness_.Run(
      {.run_id = "a",
       .argv = {"/bin/bash", "-c", "exec > >(sleep 0.02; exec cat); echo through the filter"},
       .environment = {{"PATH", "/usr/bin:/bin"}}});
  EXPECT_EQ(All(exit), "through the filter\n");
}

TEST_P(PosixRunnerTest, StopEndsEveryRunAndReportsIt) {
  for (int i = 0; i < 20; ++i)
    harness_.runner->Start(RunnerHarness::Shell("r" + std::to_string(i), "exec sleep 1000"));
  harness_.runner->Stop(seconds(10));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(harness_.events.WaitEnded("r" + std::to_string(i)).end, End::kKilled);
  EXPECT_EQ(harness_.runner->Running(), 0u);
  harness_.runner->Stop(seconds(10));
}

TEST_P(PosixRunnerTest, UsageIsTold) {
  const Exit exit = harness_.RunShell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  EXPECT_GT(exit.cpu_user + exit.cpu_system, microseconds(0));
  EXPECT_LE(exit.started_at, exit.ended_at + seconds(1));
}

TEST_P(PosixRunnerTest, ThousandsOfRunsLeaveNoDescriptorNoZombieAndNoGroup) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const int kAtOnce = 20;
  const auto round = [&](int number) {
    const auto id = [&](int i) { return "n" + std::to_string(number) + "-" + std::to_string(i); };
    for (int i = 0; i < kAtOnce; ++i) {
      harness_.runner->Start({.run_id = id(i), .argv = {i % 10 == 0 ? "/no/such" : "/bin/true"}});
    }
    for (int i = 0; i < kAtOnce; ++i) harness_.events.WaitEnded(id(i));
  };
  // Once as many as there will ever be: their control groups are kept for later runs.
  const auto held = [](int i) { return "held-" + std::to_string(i); };
  for (int i = 0; i < kAtOnce; ++i)
    harness_.runner->Start(RunnerHarness::Shell(held(i), "exec sleep 1000"));
  for (int i = 0; i < kAtOnce; ++i) harness_.events.WaitStarted(held(i));
  for (int i = 0; i < kAtOnce; ++i) harness_.runner->Kill(held(i));
  for (int i = 0; i < kAtOnce; ++i) harness_.events.WaitEnded(held(i));
  for (int i = 0; i < 3; ++i) round(i);
  harness_.WaitIdle();
  const auto before = descriptors();
  for (int i = 3; i < 103; ++i) round(i);
  harness_.WaitIdle();
  EXPECT_EQ(descriptors(), before);
  harness_.runner->Stop(seconds(1));
  const auto children = ReadOwnChildren();
  ASSERT_TRUE(children.has_value());
  EXPECT_TRUE(children->empty());
  const bool grouped = harness_.runner->UsesControlGroups();
  harness_.runner.reset();
  const auto journal = RunJournal::Open(harness_.folder());
  ASSERT_TRUE(journal.has_value());
  EXPECT_EQ((*journal)->earlier_group_folder().empty(), !grouped);
  EXPECT_FALSE(grouped && std::filesystem::exists((*journal)->earlier_group_folder()));
}

TEST_P(PosixRunnerTest, TheFolderServesOneRunner) {
  EventLog other_events;
  const auto other = PosixRunner::Open({.data_folder = harness_.folder()}, other_events);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_P(PosixRunnerTest, AChildOfOtherCodeIsNeverTouched) {
  char program[] = "/bin/sleep";
  char duration[] = "1000";
  char* argv[] = {program, duration, nullptr};
  pid_t bystander = 0;
  ASSERT_EQ(::posix_spawn(&bystander, program, nullptr, nullptr, argv, environ), 0);
  Command command =
      RunnerHarness::Shell("a", "setsid sh -c 'sleep 1000 &'; echo ready; sleep 1000");
  harness_.StartUntil(command, "ready");
  harness_.runner->Kill("a");
  harness_.events.WaitEnded("a");
  harness_.runner->Stop(seconds(1));
  int status = 0;
  EXPECT_EQ(::waitpid(bystander, &status, WNOHANG), 0);
  ::kill(bystander, SIGTERM);
  EXPECT_EQ(::waitpid(bystander, &status, 0), bystander);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

}  // namespace
}  // namespace gophercron::process
