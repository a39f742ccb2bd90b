#include "coordination/claim.h"
#include "coordination/node_orders.h"

#include <gtest/gtest.h>

#include <string>

#include "coordination/key_space.h"

namespace gophercron::coordination {
namespace {

using Kind = ClaimAnswer::Kind;

const TickInstant kTick(seconds(1'795'352'899));
const task::TaskKey kTask{.project_id = 7, .task_id = "t1"};

TEST(Mark, IsTextThatOrdersAsItsInstants) {
  const Mark ran{.at = kTick, .node_id = "node", .run_id = "r1", .claim_id = "r1"};
  EXPECT_EQ(FormatMark(ran), "0000001795352899 node run r1");
  EXPECT_EQ(*ParseMark(FormatMark(ran)), ran);
  const Mark accounted{.at = kTick, .node_id = "node", .run_id = {}, .claim_id = "c1"};
  EXPECT_EQ(FormatMark(accounted), "0000001795352899 node none c1");
  EXPECT_EQ(*ParseMark(FormatMark(accounted)), accounted);
  const Mark first{.at = kTick, .node_id = {}, .run_id = {}, .claim_id = {}};
  EXPECT_EQ(*ParseMark(FormatMark(first)), first);
  // A mark at the instant is not older than the instant.
  EXPECT_FALSE(FormatMark(ran) < FormatMarkInstant(kTick));
  EXPECT_TRUE(FormatMark(ran) < FormatMarkInstant(kTick + seconds(1)));
}

TEST(Mark, WhatIsNoneIsRefusedAndShown) {
  for (const char* wrong : {"", "0000001795352899", "1795352899 n run r", "0000001795352899 n r r",
                            "0000001795352899 n run r x", "000000179535289x n run r",
                            "0000001795352899  run r", "-000001795352899 n run r"}) {
    const auto mark = ParseMark(wrong);
    ASSERT_FALSE(mark) << wrong;
    EXPECT_EQ(mark.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_NE(ParseMark("bad\nvalue").error().message.find("bad?value"), std::string::npos);
}

TEST(Values, QueuedTickTriggerNodeAndLiveRunComeBackAsTheyWere) {
  const QueuedTick queued{.at = kTick, .node_id = "n", .claim_id = "c"};
  EXPECT_EQ(*ParseQueuedTick(FormatQueuedTick(queued)), queued);
  EXPECT_FALSE(ParseQueuedTick("0000001795352899 n"));

  const Trigger trigger{
      .requested_by = "ann", .requested_at = Instant(seconds(5)), .ignore_overlap = true};
  const Trigger read = *ParseTrigger(FormatTrigger(trigger));
  EXPECT_EQ(read.requested_by, "ann");
  EXPECT_EQ(read.requested_at, trigger.requested_at);
  EXPECT_TRUE(read.ignore_overlap);
  EXPECT_EQ(ParseTrigger("{}").error().code, ErrorCode::kCorrupt);

  Node node;
  node.node_id = "n";
  node.address = "192.0.2.7";
  node.projects = {1, 2};
  node.weight = 5;
  node.run_limit = 3;
  node.claims = false;
  node.started_at = Instant(seconds(9));
  const Node back = *ParseNode(FormatNode(node));
  EXPECT_EQ(back.projects, node.projects);
  EXPECT_EQ(back.weight, 5);
  EXPECT_EQ(back.run_limit, 3);
  EXPECT_FALSE(back.claims);
  EXPECT_FALSE(back.all_projects);
  EXPECT_EQ(back.started_at, node.started_at);
  node.holds_why = "drained by ann";
  node.at = Instant(seconds(99));
  node.running = 2;
  node.runs_started = 7;
  node.runs_failed = 1;
  node.load = 0.5;
  node.processors = 2;
  node.clock_offset = microseconds(-5);
  const Node shown = *ParseNode(FormatNode(node));
  EXPECT_EQ(shown.holds_why, node.holds_why);
  EXPECT_EQ(shown.at, node.at);
  EXPECT_EQ(shown.running, 2);
  EXPECT_EQ(shown.runs_started, 7);
  EXPECT_EQ(shown.runs_failed, 1);
  EXPECT_EQ(shown.load, 0.5);
  EXPECT_EQ(shown.processors, 2);
  EXPECT_EQ(shown.clock_offset, microseconds(-5));
  EXPECT_FALSE(ParseNode("{\"node_id\":\"n\",\"projects\":[\"1\"]}"));

  NodeOrders orders;
  orders.drain = true;
  orders.drain_by = "ann";
  orders.drain_at = Instant(seconds(3));
  EXPECT_EQ(*ParseNodeOrders(FormatNodeOrders(orders)), orders);
  orders = NodeOrders();
  orders.reload_at = Instant(seconds(4));
  EXPECT_EQ(*ParseNodeOrders(FormatNodeOrders(orders)), orders);
  EXPECT_EQ(ParseNodeOrders("{\"drain\":{}}").error().code, ErrorCode::kCorrupt);

  LiveRun run;
  run.record.run_id = "r";
  run.record.task = kTask;
  run.record.command = std::string(kLiveRunCommandMax - 1, 'x') + "\xe4\xb8\xad";
  run.session = 0x1234;
  run.kill_requested = true;
  run.kill_by = "ann";
  const LiveRun live = *ParseLiveRun(FormatLiveRun(run));
  EXPECT_EQ(live.session, 0x1234);
  EXPECT_TRUE(live.kill_requested);
  EXPECT_EQ(live.kill_by, "ann");
  EXPECT_EQ(live.record.run_id, "r");
  EXPECT_EQ(live.record.task, kTask);
  // Cut before the character that does not fit, never inside it.
  EXPECT_EQ(live.record.command, std::string(kLiveRunCommandMax - 1, 'x'));
  EXPECT_FALSE(ParseLiveRun("{\"session\":\"12\",\"run\":{}}"));
}

class ClaimTest : public testing::Test {
 protected:
  ClaimTest() {
    space_.Grant(kSession);
    Put(keys_.Session(kSession), "{}", kSession);
    revision_ = Put(keys_.Task(kTask), "{}");
    Put(keys_.Mark(kTask),
        FormatMark({.at = kTick - seconds(2), .node_id = "m", .run_id = "r0", .claim_id = "r0"}));
  }

  Revision Put(std::string key, std::string value, LeaseId lease = 0) {
    return Apply({.when = {},
                  .then = {coordination::Put(std::move(key), std::move(value), lease)},
                  .otherwise = {}})
        .revision;
  }
  void Remove(std::string key) { Apply({.when = {}, .then = {Delete(key)}, .otherwise = {}}); }
  TxnResult Apply(const Txn& txn) {
    auto applied = space_.Apply(txn);
    EXPECT_TRUE(applied) << applied.error().message;
    return applied->result;
  }
  ClaimAnswer Try(const Claim& claim) {
    return ReadClaim(keys_, claim, Apply(BuildClaim(keys_, claim)));
  }
  std::string Value(const std::string& key) {
    const auto at = space_.keys().find(key);
    return at == space_.keys().end() ? "(none)" : at->second.value;
  }

  Claim Ran(const std::string& run_id, TickInstant at = kTick) {
    Claim claim = Accounted("", at);
    claim.run = Claim::Run{.run_id = run_id, .value = {}, .take_lock = true, .lock_from = {}};
    claim.run->value.record.run_id = run_id;
    claim.run->value.record.task = kTask;
    claim.run->value.session = kSession;
    return claim;
  }
  Claim Accounted(const std::string& id, TickInstant at = kTick) {
    Claim claim;
    claim.task = kTask;
    claim.id = id;
    claim.session = kSession;
    claim.node_id = "me";
    claim.task_revision = revision_;
    claim.mark = Claim::MarkMove{.to = at, .from_revision = std::nullopt};
    return claim;
  }

  static constexpr LeaseId kSession = 11;
  const Keys keys_{"/p"};
  KeySpace space_;
  Revision revision_ = 0;
};

TEST_F(ClaimTest, WonMovesTheMarkPutsTheRunAndTakesTheLock) {
  const ClaimAnswer answer = Try(Ran("r1"));
  EXPECT_EQ(answer.kind, Kind::kWon);
  EXPECT_FALSE(answer.repeated);
  EXPECT_EQ(answer.mark->at, kTick - seconds(2));
  EXPECT_EQ(answer.fence, space_.revision());
  EXPECT_EQ(answer.mark_revision, space_.revision());
  EXPECT_EQ(Value(keys_.Mark(kTask)), "0000001795352899 me run r1");
  EXPECT_EQ(Value(keys_.Lock(kTask)), "r1");
  EXPECT_EQ(space_.keys().find(keys_.Lock(kTask))->second.lease, kSession);
  EXPECT_EQ(space_.keys().find(keys_.Run(kTask, "r1"))->second.lease, 0);
}

TEST_F(ClaimTest, EachObstacleIsToldApartAndTheFirstOfTheOrderIsNamed) {
  // Piled up from the last of the order to the first.
  EXPECT_EQ(Try(Accounted("c0", kTick - seconds(1))).kind, Kind::kWon);
  Claim claim = Ran("r1");
  claim.consume = Claim::Consume{.key = keys_.Trigger(kTask, "r1"), .revision = 0};
  claim.consume->revision = Put(claim.consume->key, "{}");
  Put(keys_.Lock(kTask), "r9");
  ClaimAnswer answer = Try(claim);
  EXPECT_EQ(answer.kind, Kind::kLocked);
  EXPECT_EQ(answer.lock_holder, "r9");
  Put(keys_.Lock(kTask), "");
  EXPECT_EQ(Try(claim).lock_holder, kForeignLock);
  Put(keys_.Task(kTask), "{\"edited\":1}");
  EXPECT_EQ(Try(claim).kind, Kind::kEdited);
  Remove(keys_.Task(kTask));
  EXPECT_EQ(Try(claim).kind, Kind::kEdited);
  Remove(claim.consume->key);
  EXPECT_EQ(Try(claim).kind, Kind::kConsumed);
  Put(keys_.Mark(kTask),
      FormatMark({.at = kTick, .node_id = "m", .run_id = "r8", .claim_id = "r8"}));
  answer = Try(claim);
  EXPECT_EQ(answer.kind, Kind::kOvertaken);
  EXPECT_EQ(answer.mark->run_id, "r8");
  EXPECT_EQ(answer.mark_revision, space_.revision());
  Remove(keys_.Mark(kTask));
  EXPECT_EQ(Try(claim).kind, Kind::kNoMark);
  space_.Revoke(kSession);
  EXPECT_EQ(Try(claim).kind, Kind::kSessionGone);
  EXPECT_EQ(Value(keys_.Run(kTask, "r1")), "(none)");
}

TEST_F(ClaimTest, TheMarkMayBeDemandedExactly) {
  Claim claim = Accounted("c1");
  claim.mark->from_revision = space_.keys().find(keys_.Mark(kTask))->second.mod_revision + 1;
  EXPECT_EQ(Try(claim).kind, Kind::kOvertaken);
  claim.mark->from_revision = 0;
  EXPECT_EQ(Try(claim).kind, Kind::kOvertaken);
  Remove(keys_.Mark(kTask));
  claim.mark->from_revision = 5;
  EXPECT_EQ(Try(claim).kind, Kind::kNoMark);
  claim.mark->from_revision = 0;
  const ClaimAnswer answer = Try(claim);
  EXPECT_EQ(answer.kind, Kind::kWon);
  EXPECT_FALSE(answer.mark);
  Claim next = Accounted("c2", kTick + seconds(1));
  next.mark->from_revision = answer.mark_revision;
  EXPECT_EQ(Try(next).kind, Kind::kWon);
}

TEST_F(ClaimTest, SentAgainARunIsRecognisedEvenWhenTheMarkHasMovedOnAndAKillWasAsked) {
  const Claim claim = Ran("r1");
  const Revision fence = Try(claim).fence;
  Apply(BuildUnlock(keys_, kTask, "r1"));
  EXPECT_EQ(Try(Ran("r2", kTick + seconds(1))).kind, Kind::kWon);
  LiveRun live = claim.run->value;
  live.kill_requested = true;
  EXPECT_TRUE(Apply(BuildUpdateRun(keys_, live, fence)).succeeded);
  EXPECT_FALSE(Apply(BuildUpdateRun(keys_, live, fence)).succeeded);
  const ClaimAnswer again = Try(claim);
  EXPECT_EQ(again.kind, Kind::kWon);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.fence, fence);
}

TEST_F(ClaimTest, SentAgainAnAccountingIsToldFromThatOfSomebodyElse) {
  const Claim mine = Accounted("c1");
  const Revision fence = Try(mine).fence;
  const ClaimAnswer again = Try(mine);
  EXPECT_EQ(again.kind, Kind::kWon);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.fence, fence);
  // The same node, the same tick, another decision: as after a restart.
  EXPECT_EQ(Try(Accounted("c2")).kind, Kind::kOvertaken);
}

TEST_F(ClaimTest, TheQueuePlaceHoldsTheNewestAndTellsWhatItDisplaced) {
  Claim first = Accounted("c1");
  first.enqueue = kTick;
  EXPECT_FALSE(Try(first).displaced);
  Claim second = Accounted("c2", kTick + seconds(1));
  second.enqueue = kTick + seconds(1);
  EXPECT_EQ(Try(second).displaced, kTick);
  // Known by the queue's place although the mark has moved on.
  EXPECT_EQ(Try(Accounted("c3", kTick + seconds(2))).kind, Kind::kWon);
  EXPECT_TRUE(Try(second).repeated);

  Claim start = Ran("r1");
  start.mark.reset();
  start.consume =
      Claim::Consume{.key = keys_.Queued(kTask),
                     .revision = space_.keys().find(keys_.Queued(kTask))->second.mod_revision};
  const ClaimAnswer won = Try(start);
  EXPECT_EQ(won.kind, Kind::kWon);
  EXPECT_FALSE(won.repeated);
  EXPECT_EQ(won.mark_revision, 0);
  EXPECT_EQ(Value(keys_.Queued(kTask)), "(none)");
  EXPECT_TRUE(Try(start).repeated);
  Claim other = start;
  other.run->run_id = "r2";
  other.run->value.record.run_id = "r2";
  EXPECT_EQ(Try(other).kind, Kind::kConsumed);
}

TEST_F(ClaimTest, AnEndedRunsLockIsTakenOverAndCanNotBeGivenBackAfterwards) {
  ASSERT_EQ(Try(Ran("r1")).kind, Kind::kWon);
  Claim next = Ran("r2", kTick + seconds(1));
  EXPECT_EQ(Try(next).lock_holder, "r1");
  next.run->lock_from = "r1";
  EXPECT_EQ(Try(next).kind, Kind::kWon);
  Apply(BuildUnlock(keys_, kTask, "r1"));
  EXPECT_EQ(Value(keys_.Lock(kTask)), "r2");
  Apply(BuildConclude(keys_, kTask, "r1"));
  EXPECT_EQ(Value(keys_.Run(kTask, "r1")), "(none)");
  EXPECT_EQ(Value(keys_.Lock(kTask)), "r2");
  Apply(BuildConclude(keys_, kTask, "r2"));
  EXPECT_EQ(Value(keys_.Lock(kTask)), "(none)");
  // Nobody has the lock: to be claimed without lock_from.
  Claim third = Ran("r3", kTick + seconds(2));
  third.run->lock_from = "r2";
  const ClaimAnswer answer = Try(third);
  EXPECT_EQ(answer.kind, Kind::kLocked);
  EXPECT_EQ(answer.lock_holder, "");
  third.run->lock_from.clear();
  EXPECT_EQ(Try(third).kind, Kind::kWon);
}

TEST_F(ClaimTest, WithoutTheLockBothRun) {
  ASSERT_EQ(Try(Ran("r1")).kind, Kind::kWon);
  Claim allowed = Ran("r2", kTick + seconds(1));
  allowed.run->take_lock = false;
  EXPECT_EQ(Try(allowed).kind, Kind::kWon);
  EXPECT_EQ(Value(keys_.Lock(kTask)), "r1");
}

TEST_F(ClaimTest, ADeletedTasksMarkStaysUntilItIsForgotten) {
  const Instant now(kTick);
  Put(keys_.Task(kTask) + "/t_status", "");
  Put("/p/7/t10", "another task");
  EXPECT_FALSE(Apply(BuildDeleteTask(keys_, kTask, revision_ + 99, now)).succeeded);
  EXPECT_TRUE(Apply(BuildDeleteTask(keys_, kTask, revision_, now)).succeeded);
  EXPECT_EQ(Value(keys_.Task(kTask)), "(none)");
  EXPECT_EQ(Value(keys_.Task(kTask) + "/t_status"), "(none)");
  EXPECT_EQ(Value("/p/7/t10"), "another task");
  EXPECT_EQ(*ParseTombstone(Value(keys_.Deleted(kTask))), now);
  EXPECT_EQ(Try(Ran("r1")).kind, Kind::kEdited);
  EXPECT_FALSE(Apply(BuildTombstone(keys_, kTask, now + seconds(5))).succeeded);

  // Created again within the day: the mark is the old one, and stays.
  revision_ = Put(keys_.Task(kTask), "{}");
  ASSERT_EQ(Try(Ran("r2")).kind, Kind::kWon);
  EXPECT_FALSE(Apply(BuildForget(keys_, kTask)).succeeded);
  EXPECT_NE(Value(keys_.Mark(kTask)), "(none)");
  EXPECT_EQ(Value(keys_.Deleted(kTask)), "(none)");

  // Deleted by somebody who leaves no tombstone.
  Remove(keys_.Task(kTask));
  EXPECT_TRUE(Apply(BuildTombstone(keys_, kTask, now)).succeeded);
  EXPECT_TRUE(Apply(BuildForget(keys_, kTask)).succeeded);
  EXPECT_EQ(Value(keys_.Mark(kTask)), "(none)");
}

TEST_F(ClaimTest, TheLargestBatchKeepsTheLimits) {
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < kClaimsPerTxnMax; ++i) {
    Claim claim = Ran("r" + std::to_string(i));
    claim.task.task_id = "task-" + std::to_string(i);
    claim.run->value.record.command = std::string(100'000, 'x');
    claim.consume = Claim::Consume{.key = keys_.Queued(claim.task), .revision = 1};
    claims.push_back(std::move(claim));
  }
  EXPECT_TRUE(CheckTxn(BuildClaims(keys_, claims)));
}

}  // namespace
}  // namespace gophercron::coordination
