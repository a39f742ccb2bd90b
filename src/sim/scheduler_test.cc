#include "sim/scheduler.h"

#include <gtest/gtest.h>

#include <vector>

namespace gophercron::sim {
namespace {

TEST(Scheduler, EventsHappenInTheOrderOfTheirTimesThenOfTheAsking) {
  Scheduler scheduler(1);
  const Instant start = scheduler.Now();
  std::vector<int> order;
  scheduler.After(seconds(2), [&] { order.push_back(3); });
  scheduler.After(seconds(1), [&] {
    order.push_back(1);
    EXPECT_EQ(scheduler.Now(), start + seconds(1));
    scheduler.After(seconds(1), [&] { order.push_back(4); });
    scheduler.After(microseconds(-5), [&] { order.push_back(2); });
  });
  scheduler.RunUntil(start + seconds(2));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_FALSE(scheduler.Step());
  scheduler.RunFor(seconds(1));
  EXPECT_EQ(scheduler.Now(), start + seconds(3));
}

TEST(Scheduler, TheSameSeedGivesTheSameDelays) {
  Scheduler a(7);
  Scheduler b(7);
  for (int i = 0; i < 100; ++i) {
    const microseconds drawn = a.Between(milliseconds(1), milliseconds(20));
    EXPECT_EQ(drawn, b.Between(milliseconds(1), milliseconds(20)));
    EXPECT_GE(drawn, milliseconds(1));
    EXPECT_LE(drawn, milliseconds(20));
  }
}

}  // namespace
}  // namespace gophercron::sim
