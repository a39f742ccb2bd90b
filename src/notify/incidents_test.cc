#include "notify/incidents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gophercron::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Instant kStart = ParseRfc3339("2026-11-22T13:00:00Z").value();

// Feeds outcomes a second apart and keeps what is told as "kind task".
class IncidentsTest : public testing::Test {
 protected:
  void Begin(Rules rules) { incidents_.emplace(std::move(rules)); }

  task::LedgerRecord Ended(const std::string& task_id, task::Outcome outcome,
                           seconds late = seconds(0), seconds lasts = seconds(1)) {
    task::RunRecord run;
    run.run_id = "r" + std::to_string(++runs_);
    run.task = {.project_id = 1, .task_id = task_id};
    run.task_name = "name of " + task_id;
    run.tick = std::chrono::floor<seconds>(now_);
    run.started_at = now_ + late;
    run.ended_at = *run.started_at + lasts;
    run.outcome = outcome;
    if (outcome == task::Outcome::kFailed) run.exit_code = 7;
    return {.run = run, .output = {}, .span = {}};
  }
  task::LedgerRecord Missed(const std::string& task_id, std::int64_t count = 1) {
    task::OutcomeSpan span;
    span.task = {.project_id = 1, .task_id = task_id};
    span.first = span.last = std::chrono::floor<seconds>(now_);
    span.count = count;
    span.reason = task::Reason::kNoAgent;
    span.recorded_at = now_;
    return {.run = {}, .output = {}, .span = span};
  }

  std::vector<std::string> Tell(const task::LedgerRecord& record) {
    now_ += seconds(10);
    incidents_->Observe(record, now_);
    return Take();
  }
  std::vector<std::string> Take() {
    std::vector<std::string> told;
    for (Notification& notification : incidents_->Take(now_)) {
      told.push_back(std::string(Name(notification.kind)) + " " + notification.task.task_id);
      last_ = std::move(notification);
    }
    return told;
  }
  // An outcome at the time that it is now.
  std::vector<std::string> Ends(const std::string& task_id, task::Outcome outcome) {
    now_ += seconds(10);
    return Tell(Ended(task_id, outcome));
  }

  Instant now_ = kStart;
  int runs_ = 0;
  std::optional<Incidents> incidents_{Rules()};
  Notification last_;
};

using task::Outcome;

TEST_F(IncidentsTest, OnceWhenItBeginsAndOnceWhenItIsOver) {
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), IsEmpty());
  EXPECT_THAT(Ends("1", Outcome::kFailed), ElementsAre("failed 1"));
  const Instant since = last_.at;
  EXPECT_EQ(last_.detail, "exit code 7");
  EXPECT_THAT(Ends("1", Outcome::kTimedOut), IsEmpty());
  EXPECT_THAT(Ends("2", Outcome::kFailedToStart), ElementsAre("failed 2"));
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), ElementsAre("recovered 1"));
  EXPECT_EQ(last_.since, since);
  EXPECT_EQ(last_.troubles, 2);
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), IsEmpty());
  EXPECT_THAT(Ends("1", Outcome::kFailed), ElementsAre("failed 1"));
}

TEST_F(IncidentsTest, EveryKindOfTroubleIsToldAndOneEndOfAll) {
  EXPECT_THAT(Ends("1", Outcome::kFailed), ElementsAre("failed 1"));
  EXPECT_THAT(Tell(Missed("1", 5)), ElementsAre("missed 1"));
  EXPECT_THAT(last_.detail, HasSubstr("no_agent"));
  EXPECT_THAT(Ends("1", Outcome::kLost), ElementsAre("lost 1"));
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), ElementsAre("recovered 1"));
  EXPECT_EQ(last_.troubles, 7);
}

TEST_F(IncidentsTest, WhatNobodyMindsIsNotTold) {
  for (const Outcome outcome : {Outcome::kKilled, Outcome::kSkipped, Outcome::kSuperseded}) {
    EXPECT_THAT(Ends("1", outcome), IsEmpty());
  }
}

TEST_F(IncidentsTest, FailureThatAnAttemptFollowsIsToldWhenThatDoesNotBegin) {
  auto first = Ended("1", Outcome::kFailed);
  first.run->retry_at = now_ + seconds(60);
  EXPECT_THAT(Tell(first), IsEmpty());
  EXPECT_EQ(incidents_->NextWake(), *first.run->retry_at + Incidents::kAttemptPatience);
  now_ = *incidents_->NextWake() - seconds(1);
  EXPECT_THAT(Take(), IsEmpty());
  now_ += seconds(1);
  EXPECT_THAT(Take(), ElementsAre("failed 1"));
  EXPECT_EQ(last_.detail, "exit code 7; the next attempt has not begun");
  EXPECT_EQ(last_.run_id, first.run->run_id);
  EXPECT_EQ(incidents_->NextWake(), std::nullopt);
}

TEST_F(IncidentsTest, NextAttemptSpeaksForItself) {
  for (const bool seen_to_start : {false, true}) {
    SCOPED_TRACE(seen_to_start);
    auto first = Ended("1", Outcome::kFailed);
    first.run->retry_at = now_ + seconds(60);
    EXPECT_THAT(Tell(first), IsEmpty());
    auto second = Ended("1", Outcome::kSucceeded);
    second.run->tick = first.run->tick;
    second.run->attempt = 2;
    second.run->started_at = now_ + seconds(60);
    second.run->ended_at = now_ + seconds(61);
    if (seen_to_start) {
      incidents_->Started(*second.run);
      EXPECT_EQ(incidents_->NextWake(), std::nullopt) << "however long it takes";
    }
    now_ += seconds(61);
    EXPECT_THAT(Tell(second), IsEmpty());
    EXPECT_EQ(incidents_->NextWake(), std::nullopt);
    now_ += seconds(1000);
    EXPECT_THAT(Take(), IsEmpty());
  }
}

TEST_F(IncidentsTest, OldRecordsChangeNothing) {
  const auto failed = Ended("1", Outcome::kFailed);
  EXPECT_THAT(Tell(failed), ElementsAre("failed 1"));
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), ElementsAre("recovered 1"));
  EXPECT_THAT(Tell(failed), IsEmpty());
}

TEST_F(IncidentsTest, LateStartAndLateEnd) {
  Begin({.projects = {}, .tasks = {}, .late_start = seconds(30), .late_end = seconds(60)});
  EXPECT_THAT(Tell(Ended("1", Outcome::kSucceeded, seconds(31))), ElementsAre("late 1"));
  EXPECT_EQ(last_.detail, "started 31 s after its instant");
  now_ += seconds(100);
  EXPECT_THAT(Tell(Ended("1", Outcome::kSucceeded, seconds(40))), IsEmpty());
  now_ += seconds(100);
  EXPECT_THAT(Tell(Ended("1", Outcome::kSucceeded)), ElementsAre("recovered 1"));
  now_ += seconds(100);
  EXPECT_THAT(Tell(Ended("1", Outcome::kSucceeded, seconds(0), seconds(61))),
              ElementsAre("late 1"));
}

TEST_F(IncidentsTest, ARunThatDoesNotEndIsLateWhileItRuns) {
  Begin({.projects = {}, .tasks = {}, .late_end = seconds(60)});
  auto record = Ended("1", Outcome::kSucceeded, seconds(0), seconds(70));
  incidents_->Started(*record.run);
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(incidents_->NextWake(), now_ + seconds(60));
  now_ += seconds(60);
  EXPECT_THAT(Take(), ElementsAre("late 1"));
  EXPECT_EQ(incidents_->NextWake(), std::nullopt);
  EXPECT_THAT(Tell(record), IsEmpty());  // its end was late, which is known
}

TEST_F(IncidentsTest, Filters) {
  Begin({.on = {Kind::kMissed, Kind::kRecovered}, .projects = {1}, .tasks = {{1, "1"}, {1, "2"}}});
  EXPECT_THAT(Ends("1", Outcome::kFailed), IsEmpty());
  EXPECT_THAT(Ends("1", Outcome::kSucceeded), IsEmpty());  // nobody was told of the trouble
  EXPECT_THAT(Tell(Missed("3")), IsEmpty());
  EXPECT_THAT(Tell(Missed("2")), ElementsAre("missed 2"));
  auto other = Missed("1");
  other.span->task.project_id = 2;
  EXPECT_THAT(Tell(other), IsEmpty());
}

TEST_F(IncidentsTest, WhatIsOverTheRateWaitsInOrder) {
  Begin({.projects = {}, .tasks = {}, .per_minute = 2});
  for (int i = 0; i < 4; ++i) {
    incidents_->Observe(Ended(std::to_string(i), Outcome::kFailed), now_);
  }
  EXPECT_THAT(Take(), ElementsAre("failed 0", "failed 1"));
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(incidents_->NextWake(), now_ + seconds(30));
  now_ += seconds(30);
  EXPECT_THAT(Take(), ElementsAre("failed 2"));
  now_ -= std::chrono::hours(1);  // the clock is set back
  EXPECT_THAT(Take(), IsEmpty());
  now_ += seconds(30);
  EXPECT_THAT(Take(), ElementsAre("failed 3"));
}

TEST_F(IncidentsTest, WhatIsTooMuchIsCounted) {
  Begin({.projects = {}, .tasks = {}, .per_minute = 1'000});
  for (int i = 0; i < 1'500; ++i) {
    incidents_->Observe(Ended(std::to_string(i), Outcome::kFailed), now_);
  }
  EXPECT_EQ(Take().size(), 1'000u);
  now_ += seconds(60);
  // Who was not told of the trouble is not told of its end.
  EXPECT_THAT(Ends("1499", Outcome::kSucceeded), IsEmpty());
  EXPECT_THAT(Ends("0", Outcome::kSucceeded), ElementsAre("recovered 0"));
}

TEST(ToJson, HasWhatAPersonNeeds) {
  Notification notification;
  notification.task = {.project_id = 1, .task_id = "4711"};
  notification.at = notification.since = kStart;
  notification.tick = std::chrono::floor<seconds>(kStart);
  notification.outcome = "failed";
  notification.detail = "exit code 7";
  notification.run_id = "r";
  EXPECT_EQ(json::serialize(ToJson(notification)),
            R"({"kind":"failed","project_id":1,"task_id":"4711","task_name":"",)"
            R"("at":"2026-11-22T13:00:00Z","since":"2026-11-22T13:00:00Z","troubles":1,)"
            R"("outcome":"failed","detail":"exit code 7","tick":"2026-11-22T13:00:00Z",)"
            R"("run_id":"r"})");
}

}  // namespace
}  // namespace gophercron::notify
