#include "base/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace gophercron {
namespace {

TEST(Loop, RunsPostsInOrderAndOnItsThread) {
  Loop loop;
  std::vector<int> order;
  loop.Post([&] {
    EXPECT_TRUE(loop.IsCurrentThread());
    order.push_back(1);
    loop.Post([&] {
      order.push_back(3);
      loop.Stop();
    });
    order.push_back(2);
  });
  EXPECT_FALSE(loop.IsCurrentThread());
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Loop, PostFromAnotherThreadWakesIt) {
  Loop loop;
  std::thread other([&] { loop.Post([&] { loop.Stop(); }); });
  loop.Run();
  other.join();
}

TEST(WallTimer, NeverFiresBeforeItsInstantAndCanBeSetAgainInItsTask) {
  Loop loop;
  WallTimer timer(loop);
  const SystemClock clock;
  const Instant start = clock.Now();
  int fired = 0;
  timer.Set(start + milliseconds(5), [&] {
    ++fired;
    EXPECT_GE(clock.Now(), start + milliseconds(5));
    timer.Set(start + milliseconds(10), [&] {
      ++fired;
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_EQ(fired, 2);
}

TEST(WallTimer, SettingAgainReplacesAndThePastFiresAtOnce) {
  Loop loop;
  WallTimer timer(loop);
  timer.Set(SystemClock().Now() + std::chrono::hours(1), [] { FAIL() << "replaced"; });
  timer.Set(Instant(seconds(0)), [&] { loop.Stop(); });
  loop.Run();
}

TEST(BootTimer, CancelledOrDestroyedDoesNotFire) {
  Loop loop;
  BootTimer cancelled(loop);
  cancelled.SetAfter(milliseconds(1), [] { FAIL() << "cancelled"; });
  cancelled.Cancel();
  {
    BootTimer destroyed(loop);
    destroyed.SetAfter(milliseconds(1), [] { FAIL() << "destroyed"; });
  }
  BootTimer last(loop);
  last.SetAfter(milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
}

TEST(ReadWatch, CallsForEachArrivalAndMayBeDestroyedInItsTask) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  int calls = 0;
  std::unique_ptr<ReadWatch> watch;
  watch = std::make_unique<ReadWatch>(loop, fds[0], [&] {
    char byte;
    while (::read(fds[0], &byte, 1) > 0) {
    }
    if (++calls == 2) {
      watch.reset();
      return loop.Stop();
    }
    ASSERT_EQ(::write(fds[1], "b", 1), 1);
  });
  ASSERT_EQ(::write(fds[1], "a", 1), 1);
  loop.Run();
  EXPECT_EQ(calls, 2);
  ::close(fds[0]);
  ::close(fds[1]);
}

}  // namespace
}  // namespace gophercron
