// The decider by itself: events in, actions out, time as data. The store is a map that answers as
// the coordinator's contract says.
#include "agent/decider.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/key_events.h"
#include "task/task_json.h"

namespace gophercron::agent {
namespace {

using coordination::Compare;
using coordination::KeyValue;
using coordination::Op;
using coordination::Txn;
using coordination::TxnResult;

constexpr coordination::LeaseId kMine = 7;
constexpr coordination::LeaseId kTheirs = 8;

class DeciderTest : public testing::Test {
 protected:
  DeciderTest() : keys_("/p"), random_(1), decider_(Config(), random_) {
    task_.key = {.project_id = 1, .task_id = "t"};
    task_.name = "t";
    task_.command = "false";
    task_.cron = "* * * * *";
    task_.zone = "UTC";
  }

  DeciderConfig Config() {
    DeciderConfig config(keys_);
    config.node_id = "me";
    return config;
  }

  // The task, its mark a minute ago, and this node's session.
  void Begin() {
    Put(keys_.Session(kMine), Node("me"));
    Put(keys_.Task(task_.key), json::serialize(task::ToStoredJson(task_)));
    Put(keys_.Mark(task_.key),
        coordination::FormatMark(
            {.at = kTick - seconds(60), .node_id = "service", .run_id = {}, .claim_id = {}}));
    decider_.OnListBegin();
    for (const auto& [key, item] : store_) (void)DeliverPut(keys_, item, decider_);
    decider_.OnListComplete(revision_);
    decider_.OnSessionOpened(kMine, BootTime(seconds(1'000'000)));
    decider_.OnStraysEnded();
    now_ = kTick - seconds(5);
    Decide();
  }

  static std::string Node(std::string id) {
    coordination::Node node;
    node.node_id = std::move(id);
    node.all_projects = true;
    return coordination::FormatNode(node);
  }

  void Put(const std::string& key, const std::string& value) {
    ++revision_;
    KeyValue& item = store_[key];
    if (item.key.empty()) item.create_revision = revision_;
    item.key = key;
    item.value = value;
    item.mod_revision = revision_;
  }
  // As the watch would tell it.
  void Tell(const std::string& key) {
    if (store_.contains(key)) {
      (void)DeliverPut(keys_, store_.at(key), decider_);
    } else {
      DeliverDelete(keys_, key, revision_, decider_);
    }
  }

  bool Holds(const Compare& compare) const {
    const auto found = store_.find(compare.key);
    const bool there = found != store_.end();
    const auto judge = [&](const auto& left, const auto& right) {
      switch (compare.is) {
        case Compare::Is::kEqual:
          return left == right;
        case Compare::Is::kNotEqual:
          return left != right;
        case Compare::Is::kLess:
          return left < right;
        case Compare::Is::kGreater:
          return left > right;
      }
      return false;
    };
    switch (compare.what) {
      case Compare::What::kModRevision:
        return judge(there ? found->second.mod_revision : 0, compare.revision);
      case Compare::What::kCreateRevision:
        return judge(there ? found->second.create_revision : 0, compare.revision);
      case Compare::What::kValue:
        return there && judge(found->second.value, compare.value);
    }
    return false;
  }

  TxnResult Apply(const Txn& txn) {
    TxnResult result;
    result.succeeded = std::ranges::all_of(txn.when, [&](const auto& one) { return Holds(one); });
    for (const Op& op : result.succeeded ? txn.then : txn.otherwise) {
      auto& one = result.results.emplace_back();
      switch (op.kind) {
        case Op::Kind::kGet:
          if (store_.contains(op.key)) one.got = store_.at(op.key);
          break;
        case Op::Kind::kPut:
          Put(op.key, op.value);
          break;
        case Op::Kind::kDelete:
          ++revision_;
          store_.erase(op.key);
          break;
        case Op::Kind::kTxn:
          one.nested = std::make_shared<TxnResult>(Apply(*op.txn));
          break;
      }
    }
    result.revision = revision_;
    return result;
  }

  // Until nothing more happens at this instant: answers every commit, makes every record durable.
  void Decide() {
    for (int i = 0; i < 20; ++i) {
      Actions actions;
      decider_.Decide({.wall = now_, .boot = BootTime(now_ - kTick + seconds(1000))}, actions);
      wake_ = actions.wake_wall;
      std::ranges::move(actions.starts, std::back_inserter(starts_));
      for (auto& record : actions.records) {
        records_.push_back(record.record);
        decider_.OnRecorded(record.id);
      }
      if (actions.commits.empty() && actions.records.empty()) return;
      for (const auto& commit : actions.commits) {
        TxnResult result = Apply(commit.txn);
        for (auto& part : result.results) {
          if (part.nested) part.nested->revision = result.revision;
        }
        decider_.OnCommitted(commit.id, std::move(result));
      }
    }
    FAIL() << "it does not come to rest";
  }
  void At(Instant instant) {
    now_ = instant;
    Decide();
  }

  void End(const task::RunId& run_id, int code) {
    RunEnd end;
    end.exit_code = code;
    end.started_at = now_;
    end.ended_at = now_;
    decider_.OnRunEnded(run_id, end);
    Decide();
  }

  std::vector<coordination::LiveRun> RunKeys() const {
    std::vector<coordination::LiveRun> runs;
    const auto [begin, end] = keys_.AllRuns();
    for (const auto& [key, item] : store_) {
      if (key >= begin && key < end) runs.push_back(*coordination::ParseLiveRun(item.value));
    }
    return runs;
  }

  // The run key of another node's run that failed at the tick and is due again ten seconds later.
  std::string PutTheirDueRun() {
    coordination::LiveRun theirs;
    theirs.session = kTheirs;
    theirs.record.run_id = "01hf7yavj99rgykd04n7grnt8f";
    theirs.record.task = task_.key;
    theirs.record.tick = kTick;
    theirs.record.node_id = "they";
    theirs.record.outcome = task::Outcome::kFailed;
    theirs.record.ended_at = kTick;
    theirs.record.retry_at = kTick + seconds(10);
    const std::string key = keys_.Run(task_.key, theirs.record.run_id);
    Put(key, coordination::FormatLiveRun(theirs));
    Tell(key);
    Put(keys_.Mark(task_.key),
        coordination::FormatMark(
            {.at = kTick, .node_id = "they", .run_id = theirs.record.run_id, .claim_id = {}}));
    Tell(keys_.Mark(task_.key));
    return key;
  }

  static constexpr TickInstant kTick{seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z
  coordination::Keys keys_;
  SeededRandom random_;
  Decider decider_;
  task::Task task_;
  std::map<std::string, KeyValue> store_;
  coordination::Revision revision_ = 1;
  Instant now_{};
  std::optional<Instant> wake_;
  std::vector<StartAction> starts_;
  std::vector<task::LedgerRecord> records_;
};

TEST_F(DeciderTest, TickIsClaimedBeforeItsInstantAndStartedAtIt) {
  Begin();
  EXPECT_EQ(wake_, kTick - milliseconds(50));
  At(kTick - milliseconds(50));
  EXPECT_EQ(RunKeys().size(), 1U);
  EXPECT_TRUE(starts_.empty());
  At(kTick);
  ASSERT_EQ(starts_.size(), 1U);
  EXPECT_EQ(starts_[0].run.attempt, 1);
  End(starts_[0].run.run_id, 0);
  EXPECT_TRUE(RunKeys().empty());
  EXPECT_FALSE(store_.contains(keys_.Lock(task_.key)));
}

TEST_F(DeciderTest, FailedRunLeavesItsKeyAndItsLockToTheNextAttempt) {
  task_.retry = {.max_number = 1, .delay = seconds(10), .backoff = 1};
  Begin();
  At(kTick - milliseconds(50));
  At(kTick);
  ASSERT_EQ(starts_.size(), 1U);
  At(kTick + seconds(1));
  End(starts_[0].run.run_id, 1);
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_[0].run->retry_at, kTick + seconds(11));
  ASSERT_EQ(RunKeys().size(), 1U);
  EXPECT_EQ(RunKeys()[0].record.retry_at, kTick + seconds(11));
  EXPECT_EQ(RunKeys()[0].record.outcome, task::Outcome::kFailed);
  EXPECT_TRUE(store_.contains(keys_.Lock(task_.key)));
  EXPECT_EQ(wake_, kTick + seconds(11));

  At(kTick + seconds(11) - milliseconds(1));
  EXPECT_EQ(starts_.size(), 1U);
  At(kTick + seconds(11));
  ASSERT_EQ(starts_.size(), 2U);
  EXPECT_EQ(starts_[1].run.attempt, 2);
  EXPECT_EQ(starts_[1].run.tick, kTick);
  EXPECT_EQ(starts_[1].run.cause, task::Cause::kRetry);
  EXPECT_GT(starts_[1].run.fence, starts_[0].run.fence);
  End(starts_[1].run.run_id, 1);
  EXPECT_FALSE(records_[1].run->retry_at);
  EXPECT_TRUE(RunKeys().empty());
  EXPECT_FALSE(store_.contains(keys_.Lock(task_.key)));
}

TEST_F(DeciderTest, RunThatSomebodyKilledIsNotTriedAgain) {
  task_.retry.max_number = 5;
  Begin();
  At(kTick - milliseconds(50));
  At(kTick);
  coordination::LiveRun run = RunKeys().at(0);
  run.kill_requested = true;
  const std::string key = keys_.Run(task_.key, run.record.run_id);
  Put(key, coordination::FormatLiveRun(run));
  Tell(key);
  Decide();
  // It had failed by itself before the signal came.
  End(starts_[0].run.run_id, 1);
  EXPECT_FALSE(records_[0].run->retry_at);
  EXPECT_TRUE(RunKeys().empty());
}

TEST_F(DeciderTest, NodeThatRanBeforeComesFirst) {
  task_.retry.max_number = 1;
  task_.overlap = task::Overlap::kAllow;
  Put(keys_.Session(kTheirs), Node("they"));
  Begin();
  PutTheirDueRun();
  At(kTick + seconds(10));
  EXPECT_TRUE(starts_.empty());
  At(kTick + seconds(10) + milliseconds(600));
  ASSERT_EQ(starts_.size(), 1U);
  EXPECT_EQ(starts_[0].run.attempt, 2);
}

TEST_F(DeciderTest, NextAttemptOfADeadNodeIsTakenInTime) {
  task_.retry.max_number = 1;
  Begin();
  PutTheirDueRun();
  At(kTick + seconds(10));
  EXPECT_EQ(starts_.size(), 1U);
}

TEST_F(DeciderTest, AttemptThatSomebodyElseHasTakenIsNotTakenTwice) {
  task_.retry.max_number = 1;
  Begin();
  const std::string key = PutTheirDueRun();
  ++revision_;
  store_.erase(key);  // and the watch has not told it yet
  At(kTick + seconds(10));
  EXPECT_TRUE(starts_.empty());
  EXPECT_TRUE(RunKeys().empty());
}

TEST_F(DeciderTest, AttemptsEndWhenTheTaskIsPaused) {
  task_.retry.max_number = 1;
  Begin();
  PutTheirDueRun();
  task_.enabled = false;
  Put(keys_.Task(task_.key), json::serialize(task::ToStoredJson(task_)));
  Tell(keys_.Task(task_.key));
  At(kTick + seconds(1));
  EXPECT_TRUE(RunKeys().empty());
  At(kTick + seconds(10));
  EXPECT_TRUE(starts_.empty());
}

TEST_F(DeciderTest, LostRunIsTriedAgainOnlyWhereTheTaskAsksForIt) {
  for (const bool asks : {false, true}) {
    SCOPED_TRACE(asks);
    if (asks) task_.on_lost = task::OnLost::kRetry;
    if (!asks) {
      Begin();
    } else {
      Put(keys_.Task(task_.key), json::serialize(task::ToStoredJson(task_)));
      Tell(keys_.Task(task_.key));
    }
    const TickInstant tick = kTick + seconds(asks ? 60 : 0);
    coordination::LiveRun theirs;
    theirs.session = kTheirs;
    theirs.record.run_id = asks ? "01hf7yavj99rgykd04n7grnt8f" : "01hf7yazkq5kxv5hrtm9gk4s7n";
    theirs.record.task = task_.key;
    theirs.record.tick = tick;
    theirs.record.node_id = "they";
    const std::string key = keys_.Run(task_.key, theirs.record.run_id);
    Put(key, coordination::FormatLiveRun(theirs));
    Tell(key);
    Put(keys_.Mark(task_.key),
        coordination::FormatMark(
            {.at = tick, .node_id = "they", .run_id = theirs.record.run_id, .claim_id = {}}));
    Tell(keys_.Mark(task_.key));
    At(tick + seconds(1));
    At(tick + seconds(12));
    ASSERT_FALSE(records_.empty());
    EXPECT_EQ(records_.back().run->outcome, task::Outcome::kLost);
    EXPECT_EQ(records_.back().run->retry_at.has_value(), asks);
    EXPECT_EQ(starts_.size(), asks ? 1U : 0U);
    Tell(key);
  }
}

}  // namespace
}  // namespace gophercron::agent
