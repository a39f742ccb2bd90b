#include "task/run.h"

#include <gtest/gtest.h>

namespace gophercron::task {
namespace {

TEST(Run, EveryNameIsReadBack) {
  for (int i = 0; i <= static_cast<int>(Outcome::kSuperseded); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(ParseOutcome(Name(outcome)), outcome);
  }
  for (int i = 0; i <= static_cast<int>(Reason::kStoreHeld); ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(ParseReason(Name(reason)), reason);
  }
  for (int i = 0; i <= static_cast<int>(Cause::kRetry); ++i) {
    const auto cause = static_cast<Cause>(i);
    EXPECT_EQ(ParseCause(Name(cause)), cause);
  }
  EXPECT_EQ(Name(Reason::kStoreHeld), "store_held");
  EXPECT_EQ(Name(Reason::kNone), "");
  EXPECT_EQ(Name(Outcome::kSuperseded), "superseded");
}

RunRecord Full() {
  RunRecord run;
  run.run_id = "r";
  run.task = {3, "t"};
  run.tick = TickInstant(seconds(100));
  run.after = TickInstant(seconds(40));
  run.cause = Cause::kCatchUp;
  run.attempt = 2;
  run.task_name = "name";
  run.command = "echo";
  run.task_revision = 12;
  run.node_id = "n";
  run.node_address = "10.0.0.1";
  run.fence = 99;
  run.claimed_at = Instant(microseconds(99'999'999));
  run.started_at = Instant(microseconds(100'000'001));
  run.ended_at = Instant(microseconds(100'500'000));
  run.outcome = Outcome::kKilled;
  run.reason = Reason::kOverlap;
  run.detail = "d";
  run.exit_code = 0;
  run.signal = 9;
  run.core_dumped = true;
  run.requested_by = "ann";
  run.killed_by = "bob";
  run.output_bytes = 5;
  run.dropped_bytes = 1;
  run.cpu_us = 7;
  run.memory_max_kib = 8;
  return run;
}

TEST(Run, RecordComesBack) {
  const json::object written = ToJson(Full());
  EXPECT_EQ(written.size(), 28u);
  const auto back = RunRecordFromJson(written);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(ToJson(*back), written);
  EXPECT_EQ(back->started_at, Full().started_at);
  EXPECT_EQ(back->exit_code, 0);
}

TEST(Run, DefaultsAreLeftOutAndComeBack) {
  RunRecord run;
  run.run_id = "r";
  run.task = {3, "t"};
  const json::object written = ToJson(run);
  EXPECT_EQ(written.size(), 3u);
  const auto back = RunRecordFromJson(written);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->attempt, 1);
  EXPECT_EQ(back->outcome, Outcome::kLost);
  EXPECT_EQ(back->tick, std::nullopt);
}

TEST(Run, WhatIsNoRecordIsCorrupt) {
  json::object broken = ToJson(Full());
  broken["outcome"] = "fine";
  EXPECT_EQ(RunRecordFromJson(broken).error().code, ErrorCode::kCorrupt);
  broken = ToJson(Full());
  broken.erase("run_id");
  EXPECT_EQ(RunRecordFromJson(broken).error().code, ErrorCode::kCorrupt);
}

TEST(OutcomeSpan, ComesBack) {
  OutcomeSpan span;
  span.task = {3, "t"};
  span.first = TickInstant(seconds(10));
  span.last = TickInstant(seconds(70));
  span.count = 7;
  span.after = TickInstant(seconds(1));
  span.outcome = Outcome::kSkipped;
  span.reason = Reason::kOverlap;
  span.detail = "r";
  span.node_id = "n";
  span.recorded_at = Instant(seconds(71));
  const json::object written = ToJson(span);
  const auto back = OutcomeSpanFromJson(written);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(ToJson(*back), written);
  EXPECT_EQ(back->count, 7);
  json::object broken = written;
  broken.erase("first");
  EXPECT_FALSE(OutcomeSpanFromJson(broken).has_value());
}

}  // namespace
}  // namespace gophercron::task
