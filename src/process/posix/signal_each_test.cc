#include "process/posix/signal_each.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace gophercron::process {
namespace {

pid_t Sleeper() {
  char program[] = "/bin/sleep";
  char duration[] = "1000";
  char* argv[] = {program, duration, nullptr};
  pid_t pid = 0;
  EXPECT_EQ(::posix_spawn(&pid, program, nullptr, nullptr, argv, environ), 0);
  return pid;
}

TEST(SignalEach, ANumberThatHasPassedToABystanderIsNotSignalled) {
  const pid_t member = Sleeper();
  const pid_t bystander = Sleeper();
  int reads = 0;
  // In the first reading the number still belonged to a member that is gone in the second.
  SignalEach(
      [&] {
        return ++reads == 1 ? std::vector<pid_t>{bystander, member} : std::vector<pid_t>{member};
      },
      {SIGKILL});
  int status = 0;
  EXPECT_EQ(::waitpid(member, &status, 0), member);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(::waitpid(bystander, &status, WNOHANG), 0);
  ::kill(bystander, SIGTERM);
  EXPECT_EQ(::waitpid(bystander, &status, 0), bystander);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(SignalEach, ReachesThoseThatAppearMeanwhile) {
  const pid_t first = Sleeper();
  const pid_t second = Sleeper();
  int reads = 0;
  SignalEach(
      [&] { return ++reads == 1 ? std::vector<pid_t>{first} : std::vector<pid_t>{first, second}; },
      {SIGKILL});
  int status = 0;
  EXPECT_EQ(::waitpid(first, &status, 0), first);
  EXPECT_EQ(::waitpid(second, &status, 0), second);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

}  // namespace
}  // namespace gophercron::process
