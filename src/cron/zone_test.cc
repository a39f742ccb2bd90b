#include "cron/zone.h"

#include <gtest/gtest.h>

#include <string>

namespace gophercron::cron {
namespace {

TickInstant At(const char* text) {
  return std::chrono::floor<seconds>(*ParseRfc3339(text));
}

TEST(ZoneLoad, KeepsOneOfEach) {
  const auto berlin = Zone::Load("Europe/Berlin");
  ASSERT_TRUE(berlin);
  EXPECT_EQ(*berlin, *Zone::Load("Europe/Berlin"));
  EXPECT_NE(*berlin, Zone());
  EXPECT_EQ(berlin->name(), "Europe/Berlin");
  EXPECT_EQ(*Zone::Load("UTC"), Zone());
}

TEST(ZoneLoad, RefusesWhatIsNoZone) {
  for (const char* name : {"", "Local", "Nowhere", "Europe", "/etc/passwd", "../../../etc/passwd",
                           "Europe/../UTC", "localtime", "right/UTC", "posix/UTC", "Europe/Berlin ",
                           "file:Europe/Berlin", "Fixed/UTC+08:00:00", "tzdata.zi"}) {
    const auto zone = Zone::Load(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(zone.error().fields.at(0).field, "zone");
  }
  EXPECT_FALSE(Zone::Load(std::string_view("UTC\0x", 5)));
  EXPECT_FALSE(Zone::Load(std::string(1000, 'a')));
}

TEST(ZoneLoad, SaysWhatWouldBeRight) {
  EXPECT_EQ(Zone::Load("america/new_york").error().message,
            "there is no time zone \"america/new_york\"; write America/New_York");
  EXPECT_EQ(Zone::Load("Asia/Beijing").error().message,
            "there is no time zone \"Asia/Beijing\"; write Asia/Shanghai");
}

TEST(ZoneOffset, InsideAndOutsideTheTable) {
  const Zone new_york = *Zone::Load("America/New_York");
  EXPECT_EQ(new_york.OffsetAt(At("2024-03-10T06:59:59Z")), std::chrono::hours(-5));
  EXPECT_EQ(new_york.OffsetAt(At("2024-03-10T07:00:00Z")), std::chrono::hours(-4));
  EXPECT_EQ(new_york.AbbreviationAt(At("2024-03-10T07:00:00Z")), "EDT");
  EXPECT_EQ(new_york.OffsetAt(At("1945-07-01T00:00:00Z")), std::chrono::hours(-4));
  EXPECT_EQ(new_york.OffsetAt(At("2098-07-01T00:00:00Z")), std::chrono::hours(-4));
  EXPECT_EQ(new_york.OffsetAt(At("2150-07-01T00:00:00Z")), std::chrono::hours(-4));
  EXPECT_EQ(Zone().OffsetAt(At("2150-07-01T00:00:00Z")), seconds(0));
}

TEST(ZoneFromWall, GapAndRepeat) {
  const Zone new_york = *Zone::Load("America/New_York");
  const auto wall = [](const char* text) { return WallTime(At(text).time_since_epoch()); };
  EXPECT_EQ(new_york.FromWall(wall("2024-03-10T02:30:00Z")), At("2024-03-10T07:00:00Z"));
  EXPECT_EQ(new_york.FromWall(wall("2024-11-03T01:30:00Z")), At("2024-11-03T05:30:00Z"));
  EXPECT_EQ(new_york.FromWall(wall("2150-07-01T00:00:00Z")), At("2150-07-01T04:00:00Z"));
  EXPECT_EQ(new_york.FromWall(wall("1950-01-01T00:00:00Z")), At("1950-01-01T05:00:00Z"));
  EXPECT_EQ(new_york.ToWall(At("2024-11-03T05:30:00Z")), wall("2024-11-03T01:30:00Z"));
}

TEST(ZoneNextChange, TellsGapsFromRepeats) {
  const Zone berlin = *Zone::Load("Europe/Berlin");
  const auto spring = berlin.NextChange(At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(spring);
  EXPECT_EQ(spring->at, At("2026-03-29T01:00:00Z"));
  EXPECT_TRUE(spring->IsGap());
  const auto autumn = berlin.NextChange(spring->at);
  ASSERT_TRUE(autumn);
  EXPECT_EQ(autumn->at, At("2026-10-25T01:00:00Z"));
  EXPECT_TRUE(autumn->IsRepeat());
  EXPECT_FALSE(Zone().NextChange(At("2026-01-01T00:00:00Z")));
  EXPECT_FALSE(Zone::Load("Asia/Shanghai")->NextChange(At("2026-01-01T00:00:00Z")));
}

TEST(MachineZone, HasANameThatLoads) {
  EXPECT_TRUE(Zone::Load(MachineZoneName()));
}

}  // namespace
}  // namespace gophercron::cron
