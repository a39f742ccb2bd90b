#include "cron/ticks.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "cron/expression.h"
#include "cron/zone.h"

namespace gophercron::cron {
namespace {

using Lines = std::vector<std::string>;

TickInstant At(const std::string& text) {
  const auto instant = ParseRfc3339(text);
  EXPECT_TRUE(instant) << text;
  return std::chrono::floor<seconds>(instant.value_or(Instant()));
}

Zone Named(const char* name) {
  const auto zone = Zone::Load(name);
  EXPECT_TRUE(zone) << name;
  return zone.value_or(Zone());
}

// The first `count` ticks after `after`.
Lines Ticks(const char* expression, const char* zone_name, const char* after, std::size_t count) {
  const Zone zone = Named(zone_name);
  Lines lines;
  for (const auto tick : Between(*Parse(expression), zone, At(after), TickInstant::max(), count)) {
    lines.push_back(FormatRfc3339(tick, zone.OffsetAt(tick)));
  }
  return lines;
}

TEST(TicksNewYork, ASkippedTimeFiresOnceAfterTheGap) {
  EXPECT_EQ(Ticks("30 2 * * *", "America/New_York", "2024-03-09T12:00:00-05:00", 3),
            (Lines{"2024-03-10T03:00:00-04:00", "2024-03-11T02:30:00-04:00",
                   "2024-03-12T02:30:00-04:00"}));
}

TEST(TicksNewYork, AllSkippedTimesTogetherFireOnce) {
  EXPECT_EQ(Ticks("*/10 2,3 * * *", "America/New_York", "2024-03-10T00:00:00-05:00", 3),
            (Lines{"2024-03-10T03:00:00-04:00", "2024-03-10T03:10:00-04:00",
                   "2024-03-10T03:20:00-04:00"}));
}

TEST(TicksNewYork, ARepeatedTimeFiresTheFirstTime) {
  EXPECT_EQ(Ticks("30 1 * * *", "America/New_York", "2024-11-03T00:00:00-04:00", 2),
            (Lines{"2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"}));
  // Asked inside the second hour: the first one is over.
  EXPECT_EQ(Ticks("30 1 * * *", "America/New_York", "2024-11-03T01:15:00-05:00", 1),
            (Lines{"2024-11-04T01:30:00-05:00"}));
}

TEST(TicksNewYork, WhatMatchesEveryHourFollowsElapsedTime) {
  EXPECT_EQ(
      Ticks("*/30 * * * *", "America/New_York", "2024-11-03T00:45:00-04:00", 5),
      (Lines{"2024-11-03T01:00:00-04:00", "2024-11-03T01:30:00-04:00", "2024-11-03T01:00:00-05:00",
             "2024-11-03T01:30:00-05:00", "2024-11-03T02:00:00-05:00"}));
  EXPECT_EQ(Ticks("*/30 * * * *", "America/New_York", "2024-03-10T01:15:00-05:00", 2),
            (Lines{"2024-03-10T01:30:00-05:00", "2024-03-10T03:00:00-04:00"}));
}

TEST(TicksBerlin, GapAndRepeat) {
  EXPECT_EQ(Ticks("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00", 2),
            (Lines{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}));
  EXPECT_EQ(Ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00+02:00", 2),
            (Lines{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}));
}

TEST(TicksLordHowe, HalfAnHour) {
  EXPECT_EQ(Ticks("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T12:00:00+10:30", 2),
            (Lines{"2025-10-05T02:30:00+11:00", "2025-10-06T02:15:00+11:00"}));
  EXPECT_EQ(Ticks("45 1 * * *", "Australia/Lord_Howe", "2025-04-05T12:00:00+11:00", 2),
            (Lines{"2025-04-06T01:45:00+11:00", "2025-04-07T01:45:00+10:30"}));
  EXPECT_EQ(Ticks("*/20 * * * *", "Australia/Lord_Howe", "2025-04-06T01:30:00+11:00", 3),
            (Lines{"2025-04-06T01:40:00+11:00", "2025-04-06T01:40:00+10:30",
                   "2025-04-06T02:00:00+10:30"}));
}

TEST(TicksApia, ADayThatNeverWas) {
  EXPECT_EQ(Ticks("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00-10:00", 3),
            (Lines{"2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00",
                   "2011-12-31T12:00:00+14:00"}));
  EXPECT_EQ(Ticks("0 0 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00", 2),
            (Lines{"2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"}));
}

TEST(TicksSaoPaulo, TheGapIsAtMidnight) {
  EXPECT_EQ(Ticks("@daily", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00", 2),
            (Lines{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"}));
  EXPECT_EQ(Ticks("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00-02:00", 2),
            (Lines{"2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"}));
}

TEST(TicksChatham, ThreeQuartersOfAnHour) {
  EXPECT_EQ(Ticks("0 3 * * *", "Pacific/Chatham", "2025-09-27T12:00:00+12:45", 2),
            (Lines{"2025-09-28T03:45:00+13:45", "2025-09-29T03:00:00+13:45"}));
  EXPECT_EQ(Ticks("0 3 * * *", "Pacific/Chatham", "2025-04-05T12:00:00+13:45", 2),
            (Lines{"2025-04-06T03:00:00+13:45", "2025-04-07T03:00:00+12:45"}));
}

TEST(TicksAsuncion, AMidnightGapOnTheFirstBeforeAMonthWithoutAMatch) {
  EXPECT_EQ(Ticks("0 0 0 * * 3#5 *", "America/Asuncion", "2017-09-30T12:00:00-04:00", 2),
            (Lines{"2017-11-29T00:00:00-03:00", "2018-01-31T00:00:00-03:00"}));
  EXPECT_EQ(Ticks("0 0 1 * *", "America/Asuncion", "2017-09-30T12:00:00-04:00", 2),
            (Lines{"2017-10-01T01:00:00-03:00", "2017-11-01T00:00:00-03:00"}));
}

TEST(TicksEdges, FromBeforeTheFirstToAfterTheLast) {
  EXPECT_EQ(Ticks("@yearly", "UTC", "1800-01-01T00:00:00Z", 1), (Lines{"1970-01-01T00:00:00Z"}));
  EXPECT_EQ(Ticks("@yearly", "UTC", "2098-06-01T00:00:00Z", 3), (Lines{"2099-01-01T00:00:00Z"}));
  const Expression every;
  EXPECT_FALSE(Next(every, Zone(), TickInstant::max()));
  EXPECT_TRUE(Next(every, Zone(), TickInstant::min()));
  EXPECT_FALSE(Next(*Parse("0 0 30 2 *"), Named("Europe/Berlin"), At("2026-01-01T00:00:00Z")));
}

TEST(TicksEdges, SubSecondsAreDropped) {
  const Expression every_second = *Parse("* * * * * * *");
  const Instant half = Instant(At("2026-01-01T00:00:00Z")) + std::chrono::milliseconds(500);
  EXPECT_EQ(Next(every_second, Zone(), half), At("2026-01-01T00:00:01Z"));
}

TEST(TicksCount, AYearWithoutStepping) {
  const Zone berlin = Named("Europe/Berlin");
  const auto from = At("2026-01-01T00:00:00+01:00");
  const auto to = At("2027-01-01T00:00:00+01:00");
  EXPECT_EQ(Count(*Parse("* * * * * * *"), berlin, from, to), 365u * 86'400);
  EXPECT_EQ(Count(*Parse("30 2 * * *"), berlin, from, to), 365u);
  // One hour is skipped, and its sixty times fire once.
  EXPECT_EQ(Count(*Parse("* 2 * * *"), berlin, from, to), 365u * 60 - 60 + 1);
  EXPECT_EQ(Count(*Parse("* 2,3 * * *"), berlin, from, to), 365u * 120 - 60);
  EXPECT_EQ(Count(*Parse("0 0 30 2 *"), berlin, from, to), 0u);
  EXPECT_EQ(Count(*Parse("@daily"), berlin, to, from), 0u);
}

TEST(TicksLatest, FindsTheLastOne) {
  const Zone berlin = Named("Europe/Berlin");
  const Expression expression = *Parse("30 2 * * *");
  const auto long_ago = At("1990-01-01T00:00:00Z");
  EXPECT_EQ(Latest(expression, berlin, At("2026-03-29T12:00:00Z"), long_ago),
            At("2026-03-29T03:00:00+02:00"));
  EXPECT_EQ(Latest(expression, berlin, At("2026-03-29T02:59:59+02:00"), long_ago),
            At("2026-03-28T02:30:00+01:00"));
  EXPECT_EQ(
      Latest(expression, berlin, At("2026-03-28T02:30:00+01:00"), At("2026-03-28T02:30:00+01:00")),
      At("2026-03-28T02:30:00+01:00"));
  EXPECT_FALSE(
      Latest(expression, berlin, At("2026-03-28T02:29:59+01:00"), At("2026-03-27T02:30:01+01:00")));
  EXPECT_EQ(Latest(*Parse("0 0 29 2 *"), berlin, At("2027-01-01T00:00:00Z"), long_ago),
            At("2024-02-29T00:00:00+01:00"));
}

TEST(TicksThreads, OneExpressionServesMany) {
  const Expression expression = *Parse("0 0 LW * *");
  const Zone zone = Named("America/New_York");
  const auto expected = Next(expression, zone, At("2026-01-01T00:00:00Z"));
  std::vector<std::jthread> threads;
  std::vector<int> equal(4);
  for (std::size_t i = 0; i < equal.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 1000; ++n) {
        equal[i] += Next(expression, *Zone::Load("America/New_York"), At("2026-01-01T00:00:00Z")) ==
                    expected;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(equal, (std::vector<int>{1000, 1000, 1000, 1000}));
}

}  // namespace
}  // namespace gophercron::cron
