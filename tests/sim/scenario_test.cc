// Scenarios: one situation each, told in the words of the simulated world.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <string>
#include <vector>

#include "tests/sim/simulate.h"

namespace gophercron::sim {
namespace {

Pattern EverySecond() {
  Pattern pattern;
  for (int second = 0; second < 60; ++second) pattern.seconds.insert(second);
  return pattern;
}

Pattern EveryMinute() {
  Pattern pattern;
  pattern.seconds.insert(0);
  return pattern;
}

task::Task Takes(std::string milliseconds) {
  task::Task task;
  task.command = milliseconds + " " + milliseconds;
  return task;
}

class Scenario : public testing::Test {
 protected:
  static WorldOptions Quiet(int nodes) {
    WorldOptions options;
    options.seed = 7;
    options.nodes = nodes;
    return options;
  }

  static void PauseAll(World& world, const std::vector<task::TaskKey>& keys) {
    for (const auto& key : keys) {
      world.Edit(key, [](task::Task& task) { task.enabled = false; });
    }
  }

  static void Finish(World& world) {
    world.Settle();
    for (const auto& violation : Check(world).violations) ADD_FAILURE() << violation;
  }

  static std::int64_t Count(World& world, const task::TaskKey& key, task::Outcome outcome,
                            task::Reason reason = task::Reason::kNone) {
    std::int64_t count = 0;
    const auto counts =
        world.ledger().CountOutcomes(key, Instant(), world.Now() + std::chrono::hours(1));
    for (const auto& one : *counts) {
      if (one.outcome == outcome && one.reason == reason) count += one.ticks;
    }
    return count;
  }
};

TEST_F(Scenario, RunThatFillsItsPeriodIsNeitherSkippedNorLate) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("950"));
  world.scheduler().RunFor(seconds(60));
  EXPECT_GE(world.evidence().starts.size(), 57U);
  for (const Start& start : world.evidence().starts) {
    if (start.end == process::End::kFailedToStart) continue;
    EXPECT_LT(start.at - *start.tick, milliseconds(60)) << FormatRfc3339(*start.tick);
  }
  EXPECT_EQ(Count(world, key, task::Outcome::kSkipped, task::Reason::kOverlap), 0);
  Finish(world);
}

// What is due together goes in the same order at every tick: a run near the end of its second would
// else meet the next tick of its own task, only because others had changed places with it.
TEST_F(Scenario, TasksDueTogetherKeepTheirOrder) {
  WorldOptions options = Quiet(1);
  options.run_limit = 2;
  World world(options);
  world.scheduler().RunFor(seconds(5));
  std::vector<task::TaskKey> keys;
  for (int i = 0; i < 9; ++i) keys.push_back(world.Create(EverySecond(), Takes("150")));
  world.scheduler().RunFor(seconds(30));
  PauseAll(world, keys);
  std::map<TickInstant, std::vector<task::TaskKey>> order;
  for (const Start& start : world.evidence().starts) order[*start.tick].push_back(start.task);
  order.erase(order.begin());  // they were not all there yet
  order.erase(std::prev(order.end()));
  ASSERT_GE(order.size(), 20U);
  for (const auto& [tick, tasks] : order) {
    EXPECT_EQ(tasks, order.begin()->second) << FormatRfc3339(tick);
  }
  Finish(world);
}

TEST_F(Scenario, EverybodyGetsATurnWhereThereIsNotRoomForAll) {
  WorldOptions options = Quiet(1);
  options.run_limit = 2;
  World world(options);
  world.scheduler().RunFor(seconds(5));
  std::vector<task::TaskKey> keys;
  for (int i = 0; i < 9; ++i) keys.push_back(world.Create(EverySecond(), Takes("480")));
  world.scheduler().RunFor(seconds(60));
  PauseAll(world, keys);
  std::map<task::TaskKey, int> runs;
  for (const Start& start : world.evidence().starts) ++runs[start.task];
  ASSERT_EQ(runs.size(), 9U);
  const auto [least, most] = std::ranges::minmax(std::views::values(runs));
  EXPECT_GT(least, 20);
  EXPECT_LE(most - least, 2);
  Finish(world);
}

TEST_F(Scenario, RunLongerThanItsPeriodIsSkippedWithItsName) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("2500"));
  world.scheduler().RunFor(seconds(60));
  Finish(world);
  EXPECT_GT(Count(world, key, task::Outcome::kSkipped, task::Reason::kOverlap), 30);
}

TEST_F(Scenario, OutageOfTenMinutesRunsTheNewestAndAccountsForTheRest) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("5");
  task.catch_up.mode = task::CatchUpMode::kLatest;
  const auto key = world.Create(EveryMinute(), task);
  world.scheduler().RunFor(seconds(90));
  world.node(0).Crash();
  world.scheduler().RunFor(seconds(640));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(20));
  Finish(world);
  EXPECT_GE(Count(world, key, task::Outcome::kMissed, task::Reason::kCatchUp), 8);
}

TEST_F(Scenario, AgentThatDiesWithARunLeavesItLost) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EveryMinute(), Takes("20000"));
  while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
  const std::string node = world.evidence().starts.front().node;
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    if (world.node(i).id() == node) world.node(i).Crash();
  }
  world.scheduler().RunFor(seconds(60));
  const auto run = world.ledger().RunById(world.evidence().starts.front().run_id);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->outcome, task::Outcome::kLost);
  Finish(world);
  EXPECT_GE(Count(world, key, task::Outcome::kLost, task::Reason::kAgentDied), 1);
}

TEST_F(Scenario, PausedTaskFiresNoBacklogWhenItIsResumed) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("1"));
  world.scheduler().RunFor(seconds(10));
  world.Edit(key, [](task::Task& task) { task.enabled = false; });
  world.scheduler().RunFor(seconds(2));
  const std::size_t before = world.evidence().starts.size();
  world.scheduler().RunFor(seconds(30));
  EXPECT_EQ(world.evidence().starts.size(), before);
  world.Edit(key, [](task::Task& task) { task.enabled = true; });
  world.scheduler().RunFor(seconds(5));
  EXPECT_LE(world.evidence().starts.size(), before + 6);
  Finish(world);
}

TEST_F(Scenario, TaskRunsOnlyWhereItsProjectIsServed) {
  WorldOptions options = Quiet(3);
  options.only_projects = {{2}, {2, 3}};  // the third serves every project
  World world(options);
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("5"));
  ASSERT_EQ(key.project_id, 1);
  world.scheduler().RunFor(milliseconds(20'500));  // between two runs
  const std::string manual = world.Trigger(key);
  world.scheduler().RunFor(seconds(5));
  EXPECT_GE(world.evidence().starts.size(), 20U);
  EXPECT_EQ(std::ranges::count(world.evidence().starts, manual, &Start::run_id), 1);
  for (const Start& start : world.evidence().starts) EXPECT_EQ(start.node, "node3");
  PauseAll(world, {key});
  Finish(world);
}

// One of three clocks is set an hour ahead: its node claims nothing from that moment on, so no mark
// is pushed into the future, and the others take its ticks.
TEST_F(Scenario, NodeWhoseClockIsSetAheadHoldsAndTheOthersGoOn) {
  World world(Quiet(3));
  world.scheduler().RunFor(seconds(25));  // until they know each other's clocks
  std::vector<task::TaskKey> keys;
  for (int i = 0; i < 6; ++i) keys.push_back(world.Create(EverySecond(), Takes("5")));
  world.scheduler().RunFor(seconds(10));
  const auto of_first = [&] {
    return std::ranges::count(world.evidence().starts, "node1", &Start::node);
  };
  const auto before = of_first();
  EXPECT_GT(before, 0);
  const std::size_t all_before = world.evidence().starts.size();
  world.node(0).StepClock(std::chrono::hours(1));
  world.scheduler().RunFor(seconds(30));
  EXPECT_LE(of_first(), before + 6) << "those that it had claimed already";
  EXPECT_GE(world.evidence().starts.size(), all_before + 6 * 28);
  for (const auto& key : keys) {
    const auto mark = world.cluster().keys().Range({.begin = world.keys().Mark(key), .end = {}});
    EXPECT_LT(coordination::ParseMark(mark->items.front().value)->at, world.Now() + seconds(2));
  }
  const auto held = of_first();
  world.node(0).StepClock(-std::chrono::hours(1));
  world.scheduler().RunFor(seconds(30));
  EXPECT_GT(of_first(), held + 20);
  PauseAll(world, keys);
  Finish(world);
}

TEST_F(Scenario, BroadcastTaskRunsOnEveryNodeOnce) {
  World world(Quiet(3));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("5");
  task.broadcast = true;
  const auto key = world.Create(EverySecond(), task);
  const TickInstant begin = std::chrono::ceil<seconds>(world.Now()) + seconds(1);
  world.scheduler().RunFor(seconds(20));
  world.node(0).Crash();
  world.scheduler().RunFor(seconds(30));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(20));
  const TickInstant end = std::chrono::floor<seconds>(world.Now()) - seconds(1);
  PauseAll(world, {key});
  std::map<std::string, std::map<TickInstant, int>> ran;
  for (const Start& start : world.evidence().starts) ++ran[start.node][*start.tick];
  ASSERT_EQ(ran.size(), 3U);
  for (TickInstant tick = begin; tick < end; tick += seconds(1)) {
    EXPECT_EQ(ran["node2"][tick], 1) << FormatRfc3339(tick);
    EXPECT_EQ(ran["node3"][tick], 1) << FormatRfc3339(tick);
    EXPECT_LE(ran["node1"][tick], 1) << FormatRfc3339(tick);
  }
  const auto there = std::ranges::count(std::views::values(ran["node1"]), 1);
  EXPECT_GT(there, 30);
  EXPECT_LT(there, 50);
  Finish(world);
}

TEST_F(Scenario, BroadcastTaskSkipsOnTheNodeWhereItsLastRunIsStillGoing) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("2500");
  task.broadcast = true;
  const auto key = world.Create(EverySecond(), task);
  world.scheduler().RunFor(seconds(60));
  PauseAll(world, {key});
  Finish(world);
  storage::RunQuery query;
  query.task = key;
  query.limit = 1000;
  std::map<std::string, int> skipped;
  const auto runs = world.ledger().ListRuns(query);
  for (const auto& run : *runs) {
    if (run.reason == task::Reason::kOverlap) ++skipped[run.node_id];
  }
  EXPECT_GT(skipped["node1"], 30);
  EXPECT_GT(skipped["node2"], 30);
}

// Attempts of the tick that was run first, in the order in which they were started.
std::vector<Start> AttemptsOfFirst(World& world) {
  std::vector<Start> attempts;
  for (const Start& start : world.evidence().starts) {
    if (start.tick == world.evidence().starts.front().tick) attempts.push_back(start);
  }
  return attempts;
}

task::Task FailsAlways() {
  task::Task task;
  task.command = "400 400 always";
  task.retry = {.max_number = 3, .delay = seconds(2), .backoff = 2};
  return task;
}

TEST_F(Scenario, FailedRunIsTriedAgainWithGrowingDelays) {
  World world(Quiet(3));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EveryMinute(), FailsAlways());
  world.scheduler().RunFor(seconds(100));
  PauseAll(world, {key});
  const auto attempts = AttemptsOfFirst(world);
  ASSERT_EQ(attempts.size(), 4U);
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    EXPECT_EQ(attempts[i].attempt, static_cast<int>(i) + 1);
    EXPECT_EQ(attempts[i].node, attempts[0].node) << "it lives, so it goes on with it";
    if (i == 0) continue;
    const microseconds pause = attempts[i].at - *attempts[i - 1].ended;
    EXPECT_GE(pause, seconds(1 << i));
    EXPECT_LT(pause, seconds(1 << i) + milliseconds(200));
  }
  Finish(world);
  EXPECT_GE(Count(world, key, task::Outcome::kFailed), 1);
}

TEST_F(Scenario, TickThatIsTriedAgainSkipsThoseThatComeMeanwhile) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), FailsAlways());
  world.scheduler().RunFor(seconds(60));
  PauseAll(world, {key});
  // 4 runs of 0.4 s, and 2, 4 and 8 s between them.
  std::map<TickInstant, int> attempts;
  for (const Start& start : world.evidence().starts) ++attempts[*start.tick];
  ASSERT_GE(attempts.size(), 3U);
  EXPECT_LE(attempts.size(), 5U);
  EXPECT_EQ(attempts.begin()->second, 4);
  Finish(world);
  EXPECT_GT(Count(world, key, task::Outcome::kSkipped, task::Reason::kOverlap), 40);
}

TEST_F(Scenario, NewTickReplacesTheAttemptsOfTheOneBefore) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  task::Task task = FailsAlways();
  task.retry.delay = seconds(20);
  task.overlap = task::Overlap::kReplace;
  Pattern pattern;
  pattern.seconds = {0, 10, 20, 30, 40, 50};
  const auto key = world.Create(pattern, task);
  world.scheduler().RunFor(seconds(60));
  PauseAll(world, {key});
  EXPECT_GE(world.evidence().starts.size(), 5U);
  for (const Start& start : world.evidence().starts) {
    EXPECT_EQ(start.attempt, 1);
    EXPECT_LT(start.at - *start.tick, milliseconds(500));
  }
  Finish(world);
}

TEST_F(Scenario, KillAndPauseEndTheAttempts) {
  for (const bool kill : {true, false}) {
    World world(Quiet(2));
    world.scheduler().RunFor(seconds(5));
    task::Task task = FailsAlways();
    task.retry.delay = seconds(10);
    const auto key = world.Create(EveryMinute(), task);
    while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
    world.scheduler().RunFor(seconds(3));
    if (kill) {
      world.Kill(world.evidence().starts.front().run_id);
    } else {
      PauseAll(world, {key});
    }
    world.scheduler().RunFor(seconds(40));
    PauseAll(world, {key});
    EXPECT_EQ(AttemptsOfFirst(world).size(), 1U) << (kill ? "kill" : "pause");
    Finish(world);
    EXPECT_EQ(Count(world, key, task::Outcome::kFailed), 1);
  }
}

TEST_F(Scenario, AnotherNodeMakesTheNextAttemptWhenTheFirstDies) {
  World world(Quiet(3));
  world.scheduler().RunFor(seconds(5));
  task::Task task = FailsAlways();
  task.retry = {.max_number = 1, .delay = seconds(30), .backoff = 1};
  const auto key = world.Create(EveryMinute(), task);
  while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
  world.scheduler().RunFor(seconds(5));
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    if (world.node(i).id() == world.evidence().starts.front().node) world.node(i).Crash();
  }
  world.scheduler().RunFor(seconds(40));
  PauseAll(world, {key});
  const auto attempts = AttemptsOfFirst(world);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_NE(attempts[0].node, attempts[1].node);
  Finish(world);
}

TEST_F(Scenario, LostRunIsRunAgainWhereTheTaskAsksForIt) {
  World world(Quiet(2));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("20000");
  task.on_lost = task::OnLost::kRetry;
  const auto key = world.Create(EveryMinute(), task);
  while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
  world.scheduler().RunFor(seconds(2));
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    if (world.node(i).id() == world.evidence().starts.front().node) world.node(i).Crash();
  }
  world.scheduler().RunFor(seconds(50));
  PauseAll(world, {key});
  const auto attempts = AttemptsOfFirst(world);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[1].attempt, 2);
  EXPECT_LT(attempts[1].at - attempts[0].at, seconds(30));
  Finish(world);
  EXPECT_EQ(Count(world, key, task::Outcome::kLost, task::Reason::kAgentDied), 0);
  EXPECT_GE(Count(world, key, task::Outcome::kSucceeded), 1);
}

// The watch loses an edit and says nothing: the compare, once a minute, finds it.
TEST_F(Scenario, EditThatTheWatchSilentlyLostIsFoundByTheCompare) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("5");
  task.enabled = false;
  const auto key = world.Create(EverySecond(), task);
  world.scheduler().RunFor(seconds(5));
  NetworkFaults forgets;
  forgets.watch_forgets = true;
  world.node(0).SetNetwork(forgets);
  world.Edit(key, [](task::Task& edited) { edited.enabled = true; });
  world.scheduler().RunFor(seconds(2));
  world.node(0).SetNetwork({});
  world.scheduler().RunFor(seconds(2));
  EXPECT_TRUE(world.evidence().starts.empty());
  world.scheduler().RunFor(seconds(70));
  EXPECT_FALSE(world.evidence().starts.empty());
  PauseAll(world, {key});
  Finish(world);
}

TEST_F(Scenario, ManualRunIsTakenByOneAgent) {
  World world(Quiet(3));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("5");
  task.enabled = false;
  const auto key = world.Create(EveryMinute(), task);
  const std::string run_id = world.Trigger(key);
  world.scheduler().RunFor(seconds(5));
  EXPECT_EQ(std::ranges::count(world.evidence().starts, run_id, &Start::run_id), 1);
  Finish(world);
}

// The answer to giving it up is lost: the run's key says what became of it.
TEST_F(Scenario, TriggerOfATaskThatWasDeletedWhileNobodyWasThereHasAnAnswer) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EveryMinute(), Takes("5"));
  world.scheduler().RunFor(seconds(5));
  world.node(0).Crash();
  const std::string run_id = world.Trigger(key, false);
  world.Delete(key);
  world.scheduler().RunFor(seconds(20));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(60));
  const auto run = world.ledger().RunById(run_id);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->outcome, task::Outcome::kSuperseded);
  Finish(world);
}

TEST_F(Scenario, TriggerThatIsGivenUpIsInTheLedgerAlthoughTheAnswerWasLost) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EveryMinute(), Takes("20000"));
  while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
  NetworkFaults deaf;
  deaf.answer_lost = 1'000'000;
  world.node(0).SetNetwork(deaf);
  const std::string run_id = world.Trigger(key);
  world.scheduler().RunFor(seconds(1));
  world.node(0).SetNetwork({});
  world.scheduler().RunFor(seconds(10));
  const auto run = world.ledger().RunById(run_id);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->outcome, task::Outcome::kSkipped);
  EXPECT_EQ(run->reason, task::Reason::kOverlap);
  Finish(world);
}

TEST_F(Scenario, ShortOutageOfTheCoordinatorIsCalledWhatItIs) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("5"));
  world.scheduler().RunFor(seconds(20));
  world.cluster().SetDown(true);
  world.scheduler().RunFor(seconds(12));
  world.cluster().SetDown(false);
  world.scheduler().RunFor(seconds(20));
  EXPECT_GE(Count(world, key, task::Outcome::kMissed, task::Reason::kStoreHeld), 9);
  EXPECT_EQ(Count(world, key, task::Outcome::kMissed, task::Reason::kOvertaken), 0);
  Finish(world);
}

TEST_F(Scenario, ShortAbsenceOfTheAgentIsNoOvertaking) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EverySecond(), Takes("5"));
  world.scheduler().RunFor(seconds(20));
  world.node(0).Pause();
  world.scheduler().RunFor(seconds(5));
  world.node(0).Resume();
  world.scheduler().RunFor(seconds(20));
  EXPECT_GE(Count(world, key, task::Outcome::kMissed, task::Reason::kCatchUp), 3);
  world.node(0).Crash();
  world.scheduler().RunFor(seconds(15));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(20));
  EXPECT_GE(Count(world, key, task::Outcome::kMissed, task::Reason::kCatchUp), 15);
  EXPECT_EQ(Count(world, key, task::Outcome::kMissed, task::Reason::kOvertaken), 0);
  Finish(world);
}

// Catching up keeps the order: live ticks wait behind the backlog, and none displaces another.
TEST_F(Scenario, BacklogOfAQueueingTaskRunsInOrderAndCompletely) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("1500");
  task.overlap = task::Overlap::kQueue;
  task.catch_up = {.mode = task::CatchUpMode::kAll, .max_age = seconds(3600), .max_number = 100};
  Pattern pattern;
  for (int second = 0; second < 60; second += 2) pattern.seconds.insert(second);
  const auto key = world.Create(pattern, task);
  world.scheduler().RunFor(seconds(20));
  world.node(0).Crash();
  world.scheduler().RunFor(seconds(40));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(120));
  const auto& starts = world.evidence().starts;
  for (std::size_t i = 1; i < starts.size(); ++i) {
    EXPECT_EQ(*starts[i].tick - *starts[i - 1].tick, seconds(2)) << FormatRfc3339(*starts[i].tick);
  }
  EXPECT_EQ(Count(world, key, task::Outcome::kSkipped, task::Reason::kQueued), 0);
  Finish(world);
}

// The backlog of a task that is due every second becomes shorter, not longer.
TEST_F(Scenario, BacklogOfATaskOfEverySecondEnds) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  task::Task task = Takes("1");
  task.catch_up = {.mode = task::CatchUpMode::kAll, .max_age = seconds(3600), .max_number = 100};
  const auto key = world.Create(EverySecond(), task);
  world.scheduler().RunFor(seconds(10));
  world.node(0).Crash();
  world.scheduler().RunFor(seconds(80));
  world.node(0).Boot();
  world.scheduler().RunFor(seconds(30));
  const Start& last = world.evidence().starts.back();
  EXPECT_LT(last.at - *last.tick, seconds(1));
  EXPECT_EQ(Count(world, key, task::Outcome::kMissed, task::Reason::kCatchUp), 0);
  Finish(world);
}

TEST_F(Scenario, KeyOfALongRunSaysSinceWhenItIsGoing) {
  World world(Quiet(1));
  world.scheduler().RunFor(seconds(5));
  const auto key = world.Create(EveryMinute(), Takes("20000"));
  while (world.evidence().starts.empty()) world.scheduler().RunFor(seconds(1));
  world.scheduler().RunFor(seconds(5));
  const auto [begin, end] = world.keys().RunsOf(key);
  const auto runs = world.cluster().keys().Range({.begin = begin, .end = end});
  ASSERT_EQ(runs->items.size(), 1U);
  const auto run = coordination::ParseLiveRun(runs->items.front().value);
  ASSERT_TRUE(run.has_value());
  EXPECT_TRUE(run->record.started_at.has_value());
  Finish(world);
}

}  // namespace
}  // namespace gophercron::sim
