#include "coordination/keys.h"

#include <gtest/gtest.h>

#include <string>

#include "coordination/key_space.h"

namespace gophercron::coordination {
namespace {

using Family = Keys::Parsed::Family;
const task::TaskKey kTask{.project_id = 12, .task_id = "3456"};

TEST(Keys, KeepTheLayoutOfVersionOne) {
  const Keys keys("/gopher_cron");
  EXPECT_EQ(keys.Task(kTask), "/gopher_cron/12/3456");
  EXPECT_EQ(keys.Lock(kTask), "/gopher_cron/lock/12/3456");
  EXPECT_EQ(keys.Session(0x2a), "/gopher_cron/session/000000000000002a");
  EXPECT_EQ(keys.Run(kTask, "r"), "/gopher_cron/run/12/3456/r");
}

TEST(Keys, EveryFamilyIsReadBackAndStandsInItsRange) {
  for (const char* prefix : {"/gopher_cron", "", "a/b"}) {
    const Keys keys(prefix);
    const auto check = [&](const std::string& key, const Keys::Span& span, Family family,
                           const std::string& rest) {
      const auto parsed = keys.Parse(key);
      ASSERT_TRUE(parsed) << key;
      EXPECT_EQ(parsed->family, family) << key;
      EXPECT_EQ(parsed->rest, rest);
      if (family != Family::kSession && family != Family::kSetting) {
        EXPECT_EQ(parsed->task, kTask);
      }
      EXPECT_TRUE(InRange(key, span.first, span.second)) << key;
    };
    check(keys.Task(kTask), keys.AllTasks(), Family::kTask, "");
    check(keys.Task(kTask), keys.TasksOf(12), Family::kTask, "");
    check(keys.Mark(kTask), keys.AllMarks(), Family::kMark, "");
    check(keys.NodeMark(kTask, "n1"), keys.AllMarks(), Family::kNodeMark, "n1");
    check(keys.Lock(kTask), keys.AllLocks(), Family::kLock, "");
    check(keys.Queued(kTask), keys.AllQueued(), Family::kQueued, "");
    check(keys.Deleted(kTask), keys.AllDeleted(), Family::kDeleted, "");
    check(keys.Run(kTask, "r1"), keys.AllRuns(), Family::kRun, "r1");
    check(keys.Run(kTask, "r1"), keys.RunsOf(kTask), Family::kRun, "r1");
    check(keys.Trigger(kTask, "r1"), keys.AllTriggers(), Family::kTrigger, "r1");
    check(keys.Session(0x2a), keys.AllSessions(), Family::kSession, "000000000000002a");
    check(keys.Setting(kSettingZone), keys.AllSettings(), Family::kSetting, "zone");
  }
}

TEST(Keys, RangesHoldNothingOfTheNeighbours) {
  const Keys keys("/p");
  const auto [begin, end] = keys.TasksOf(1);
  EXPECT_FALSE(InRange("/p/12/3456", begin, end));
  const auto all = keys.AllTasks();
  for (const char* key : {"/p/lock/1/2", "/p/mark/1/2", "/p/register/1/a", "/p2/1/2"}) {
    EXPECT_FALSE(InRange(key, all.first, all.second)) << key;
  }
  EXPECT_TRUE(InRange("/p/9223372036854775807/x", all.first, all.second));
}

TEST(Keys, WhatIsNotOursIsNotRead) {
  const Keys keys("/p");
  for (const char* key : {"/p/12/3456/t_status",
                          "/p/12/t_scheduler/3456",
                          "/p/012/3456",
                          "/p/0/1",
                          "/p/12/",
                          "/p/12",
                          "/p/",
                          "/p",
                          "/q/12/3456",
                          "/p/99999999999999999999/1",
                          "/p/kill/1/2",
                          "/p/register/1/a",
                          "/p/run/12/3456",
                          "/p/run/12/3456/",
                          "/p/run/12/3456/r/x",
                          "/p/mark/12/3456/x/y",
                          "/p/mark/12/3456/",
                          "/p/session/2a",
                          "/p/session/000000000000002A",
                          "/p/setting/",
                          "/p/-1/2"}) {
    EXPECT_FALSE(keys.Parse(key)) << key;
  }
}

TEST(PrefixEnd, IsWhereThePrefixEnds) {
  EXPECT_EQ(PrefixEnd("/a/"), "/a0");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  EXPECT_EQ(PrefixEnd("\xff"), std::string(1, '\0'));
  EXPECT_TRUE(InRange("\xff\xff", "\xff", PrefixEnd("\xff")));
}

}  // namespace
}  // namespace gophercron::coordination
