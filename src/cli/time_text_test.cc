#include "cli/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace gophercron::cli {
namespace {

class TimeText : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
};

TEST_F(TimeText, LocalTimeCarriesItsOffset) {
  const Instant autumn = *ParseRfc3339("2026-10-25T00:30:00Z");
  EXPECT_EQ(LocalTime(autumn), "2026-10-25 02:30:00 +02:00");
  EXPECT_EQ(LocalTime(autumn + std::chrono::hours(1)), "2026-10-25 02:30:00 +01:00");
  EXPECT_EQ(LocalClock(autumn + milliseconds(7)), "02:30:00.007");
}

TEST_F(TimeText, ParsesLocalTimesAndOffsets) {
  EXPECT_EQ(*ParseInstant("2026-07-01 12:00:00"), *ParseRfc3339("2026-07-01T10:00:00Z"));
  EXPECT_EQ(*ParseInstant("2026-01-01T12:00"), *ParseRfc3339("2026-01-01T11:00:00Z"));
  EXPECT_EQ(*ParseInstant("2026-01-01T12:00:00-05:00"), *ParseRfc3339("2026-01-01T17:00:00Z"));
}

TEST_F(TimeText, RefusesTimesThatDoNotExist) {
  for (const char* text : {"2026-02-30 12:00:00", "2026-03-29 02:30:00", "2026-13-01 00:00:00",
                           "2026-01-01 25:00:00"}) {
    const auto parsed = ParseInstant(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
  }
  for (const char* text : {"", "now", "2026-01-01", "2026-01-01x12:00:00", "12:00:00"}) {
    EXPECT_FALSE(ParseInstant(text).has_value()) << text;
  }
}

TEST(ParseDuration, TakesSecondsAndUnits) {
  EXPECT_EQ(ParseDuration("0")->count(), 0);
  EXPECT_EQ(ParseDuration("90")->count(), 90);
  EXPECT_EQ(ParseDuration("1h30m")->count(), 5400);
  EXPECT_EQ(ParseDuration("2d")->count(), 172800);
  for (const char* text : {"", "s", "1x", "-1", "1.5s", "1h30", "99999999999"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

TEST(DurationText, PicksAReadableUnit) {
  EXPECT_EQ(DurationText(microseconds(0)), "0 s");
  EXPECT_EQ(DurationText(microseconds(850)), "850 µs");
  EXPECT_EQ(DurationText(microseconds(1'230)), "1.23 ms");
  EXPECT_EQ(DurationText(microseconds(123'400)), "123 ms");
  EXPECT_EQ(DurationText(seconds(185)), "3 min 05 s");
  EXPECT_EQ(DurationText(-seconds(2)), "-2.00 s");
}

TEST(Age, SaysPastAndFuture) {
  const Instant now = Instant(seconds(1'000'000));
  EXPECT_EQ(Age(now - seconds(3), now), "3 s ago");
  EXPECT_EQ(Age(now + seconds(300), now), "in 5 min");
  EXPECT_EQ(Age(now - std::chrono::days(3), now), "3 d ago");
}

}  // namespace
}  // namespace gophercron::cli
