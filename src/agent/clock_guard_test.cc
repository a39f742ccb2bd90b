#include "agent/clock_guard.h"

#include <gtest/gtest.h>

namespace gophercron::agent {
namespace {

using std::chrono::hours;

constexpr Instant kWall = Instant(hours(400'000));
constexpr BootTime kBoot = BootTime(hours(1));

// `source` shows this machine's time plus `offset`, `times` times, ten seconds apart, the last one
// at kBoot.
void Show(ClockGuard& guard, const std::string& source, microseconds offset, int times = 3) {
  for (int i = times - 1; i >= 0; --i) {
    const microseconds ago = seconds(10) * i;
    guard.Note(source, kWall + offset - ago, kBoot - ago);
  }
}

TEST(ClockGuard, AloneNobodyCanTell) {
  ClockGuard guard;
  EXPECT_FALSE(guard.Judge(kWall, kBoot).Off());
  EXPECT_FALSE(guard.Judge(kWall, kBoot).offset);
  Show(guard, "a", hours(1));
  EXPECT_FALSE(guard.Judge(kWall, kBoot).Off());
  EXPECT_EQ(guard.Judge(kWall, kBoot).offset, microseconds(hours(1)));
}

TEST(ClockGuard, MostOthersMustContradict) {
  ClockGuard guard;
  Show(guard, "a", seconds(3));
  Show(guard, "b", milliseconds(5));
  EXPECT_FALSE(guard.Judge(kWall, kBoot).Off()) << "one of two may be the wrong one";
  Show(guard, "c", seconds(-3));
  EXPECT_TRUE(guard.Judge(kWall, kBoot).Off());
  EXPECT_EQ(guard.Judge(kWall, kBoot).contradicted, 2);
  EXPECT_EQ(guard.Judge(kWall, kBoot).offset, microseconds(milliseconds(5)));
}

TEST(ClockGuard, TwoSecondsAreTolerated) {
  ClockGuard guard;
  for (const char* name : {"a", "b", "c"}) Show(guard, name, seconds(2));
  EXPECT_FALSE(guard.Judge(kWall, kBoot).Off());
  EXPECT_TRUE(guard.Judge(kWall - microseconds(1), kBoot).Off());
}

TEST(ClockGuard, OwnJumpIsKnownAtOnce) {
  ClockGuard guard;
  Show(guard, "a", microseconds(0));
  Show(guard, "b", microseconds(0));
  EXPECT_FALSE(guard.Judge(kWall + seconds(1), kBoot + seconds(1)).Off());
  const auto ahead = guard.Judge(kWall + hours(1), kBoot + seconds(1));
  EXPECT_TRUE(ahead.Off());
  EXPECT_EQ(ahead.offset, seconds(1) - hours(1));
  EXPECT_FALSE(guard.Judge(kWall + seconds(2), kBoot + seconds(2)).Off()) << "set right again";
}

TEST(ClockGuard, OneSampleMayBeOldButNotAnHour) {
  ClockGuard guard;
  for (const char* name : {"a", "b"}) Show(guard, name, seconds(-12), 1);
  EXPECT_FALSE(guard.Judge(kWall, kBoot).Off()) << "it was listed";
  EXPECT_TRUE(guard.Judge(kWall + hours(1), kBoot).Off());
  EXPECT_TRUE(guard.Judge(kWall - hours(1), kBoot).Off());
  for (const char* name : {"a", "b"}) Show(guard, name, seconds(-12), 1);
  EXPECT_TRUE(guard.Judge(kWall, kBoot).Off()) << "and twice the same is no list";
}

TEST(ClockGuard, WhoIsSilentIsNotAsked) {
  ClockGuard guard;
  Show(guard, "a", hours(1));
  Show(guard, "b", hours(1));
  EXPECT_TRUE(guard.Judge(kWall, kBoot).Off());
  EXPECT_EQ(guard.Judge(kWall, kBoot + seconds(61)).others, 0);
}

TEST(ClockGuard, LatenessOfASampleIsForgivenByTheNext) {
  ClockGuard guard;
  for (const char* name : {"a", "b"}) {
    guard.Note(name, kWall - seconds(9), kBoot);                // was listed, nine seconds old
    guard.Note(name, kWall + seconds(1), kBoot + seconds(1));   // was told at once
    guard.Note(name, kWall + seconds(8), kBoot + seconds(11));  // three seconds late
  }
  const auto verdict = guard.Judge(kWall + seconds(11), kBoot + seconds(11));
  EXPECT_FALSE(verdict.Off());
  EXPECT_EQ(verdict.offset, microseconds(0));
}

TEST(ClockGuard, WhatIsHeardAllAtOnceAfterAStandstillIsForgiven) {
  ClockGuard guard;
  const BootTime thawed = kBoot + seconds(38);
  for (const char* name : {"a", "b"}) {
    Show(guard, name, microseconds(0));
    for (const int at : {10, 20, 30}) guard.Note(name, kWall + seconds(at), thawed);
  }
  EXPECT_FALSE(guard.Judge(kWall + seconds(38), thawed).Off());
}

}  // namespace
}  // namespace gophercron::agent
