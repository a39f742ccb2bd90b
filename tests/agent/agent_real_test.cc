// Goal: the driver carries out what the decider says, with everything real: keys on disk, commands
// as processes, results in the store. What the decider decides is the simulation's matter
// (tests/sim). Method: every wait is for something that the agent tells (LiveSink) or for a call to
// return.
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/delivery.h"
#include "agent/driver.h"
#include "agent/spool.h"
#include "base/folder_lock.h"
#include "base/random.h"
#include "coordination/claim.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "process/posix/posix_runner.h"
#include "storage/sqlite/sqlite_store.h"
#include "task/task_json.h"

namespace gophercron::agent {
namespace {

using task::LedgerRecord;
using task::Outcome;

const coordination::Keys kKeys("/gopher_cron");

// Notes what the agent tells, for a test to wait on.
class Listener final : public LiveSink {
 public:
  void RunStarted(const task::RunRecord& run) override {
    Note([&] { started_.push_back(run); });
  }
  void Output(std::string_view, std::int64_t, std::string_view bytes) override {
    Note([&] { output_ += bytes; });
  }
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override {
    Note([&] { ended_.push_back({.run = run, .output = output, .span = {}}); });
  }
  void TicksEnded(const task::OutcomeSpan& span) override {
    Note([&] { spans_.push_back(span); });
  }

  std::vector<task::RunRecord> AwaitStarted(std::size_t count) {
    return Await([&] { return started_.size() >= count; }, started_);
  }
  std::vector<LedgerRecord> AwaitEnded(std::size_t count) {
    return Await([&] { return ended_.size() >= count; }, ended_);
  }
  std::vector<task::OutcomeSpan> AwaitSpans(std::size_t count) {
    return Await([&] { return spans_.size() >= count; }, spans_);
  }
  std::string AwaitOutput(std::string_view text) {
    return Await([&] { return output_.find(text) != std::string::npos; }, output_);
  }
  std::vector<LedgerRecord> ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  template <class F>
  void Note(F&& note) {
    {
      const std::lock_guard lock(mutex_);
      note();
    }
    changed_.notify_all();
  }
  template <class P, class T>
  T Await(P&& reached, const T& value) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1), reached)) << "nothing came";
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<task::RunRecord> started_;
  std::vector<LedgerRecord> ended_;
  std::vector<task::OutcomeSpan> spans_;
  std::string output_;
};

// One life of an agent on a data folder.
class Life {
 public:
  explicit Life(const std::filesystem::path& folder, int run_limit = 64) {
    lock_.emplace(FolderLock::Take(folder).value());
    coordinator_ = coordination::EmbeddedCoordinator::Open(loop_, *lock_).value();
    store_ = storage::OpenSqliteStore((folder / "store.db").string()).value();
    spool_ = Spool::Open((folder / "spool.db").string()).value();
    delivery_ = std::make_unique<Delivery>(*spool_, *store_);
    DeciderConfig decider(kKeys);
    decider.node_id = "node";
    decider.duty.run_limit = run_limit;
    DriverOptions options(std::move(decider));
    options.node.node_id = "node";
    options.node.all_projects = true;
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    driver_ = std::make_unique<Driver>(Driver::Ports{.loop = loop_,
                                                     .clock = clock_,
                                                     .random = random_,
                                                     .coordinator = *coordinator_,
                                                     .spool = *spool_,
                                                     .delivery = *delivery_,
                                                     .auditable = store_.get(),
                                                     .live = listener_},
                                       std::move(options));
    runner_ = process::PosixRunner::Open({.data_folder = folder.string()}, *driver_).value();
    thread_ = std::thread([this] { loop_.Run(); });
    loop_.Post([this] { driver_->Start(*runner_); });
  }

  ~Life() {
    if (thread_.joinable()) Stop();
  }

  void Stop() {
    loop_.Post([this] { driver_->Stop([this] { loop_.Stop(); }); });
    thread_.join();
    runner_->Stop(microseconds(0));
    EXPECT_TRUE(delivery_->Flush(seconds(30)));
  }

  void Save(task::Task task) {
    coordination::Txn txn;
    txn.then.push_back(
        coordination::Put(kKeys.Task(task.key), json::serialize(task::ToStoredJson(task))));
    ASSERT_TRUE(coordination::CommitAndWait(*coordinator_, std::move(txn)));
  }

  void Commit(coordination::Txn txn) {
    ASSERT_TRUE(coordination::CommitAndWait(*coordinator_, std::move(txn)));
  }

  Listener& listener() { return listener_; }
  storage::Store& store() { return *store_; }
  Driver& driver() { return *driver_; }
  coordination::Coordinator& coordinator() { return *coordinator_; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  Loop loop_;
  Listener listener_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<coordination::EmbeddedCoordinator> coordinator_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<process::PosixRunner> runner_;
  std::thread thread_;
};

class AgentReal : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gophercron-agent-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static task::Task EverySecond(const std::string& id, const std::string& command) {
    task::Task task;
    task.key = {.project_id = 1, .task_id = id};
    task.name = id;
    task.command = command;
    task.cron = "* * * * * * *";
    task.scheduled_since = SystemClock().Now();
    return task;
  }

  std::filesystem::path folder_;
};

TEST_F(AgentReal, RunsTicksAndTheLedgerHasThemInAChain) {
  Life life(folder_);
  const auto task = EverySecond("t", "echo $GOPHERCRON_TICK");
  life.Save(task);
  const auto ended = life.listener().AwaitEnded(3);
  life.Stop();
  for (const auto& record : ended) {
    EXPECT_EQ(record.run->outcome, Outcome::kSucceeded) << record.run->detail;
    EXPECT_EQ(record.output.head, FormatRfc3339(Instant(*record.run->tick)) + "\n");
    EXPECT_GE(*record.run->started_at, Instant(*record.run->tick)) << "never early";
  }
  const auto rows = life.store().ListLedger({.task = task.key, .from = {}, .to = {}, .before = {}});
  ASSERT_TRUE(rows);
  EXPECT_GE(rows->size(), 3u);
  EXPECT_EQ(life.store().FindGaps(10, {})->size(), 0u);
}

TEST_F(AgentReal, ASkippedTickNamesTheRunThatWasGoing) {
  Life life(folder_);
  life.Save(EverySecond("slow", "sleep 2.5"));
  const auto started = life.listener().AwaitStarted(1);
  const auto spans = life.listener().AwaitSpans(1);
  EXPECT_EQ(spans[0].outcome, Outcome::kSkipped);
  EXPECT_EQ(spans[0].reason, task::Reason::kOverlap);
  EXPECT_EQ(spans[0].detail, started[0].run_id);
}

TEST_F(AgentReal, AKillFieldEndsTheRunAndTheRecordSaysWho) {
  Life life(folder_);
  life.Save(EverySecond("long", "sleep 600"));
  const auto started = life.listener().AwaitStarted(1).at(0);
  const std::string key = kKeys.Run(started.task, started.run_id);
  const auto found = coordination::RangeAndWait(life.coordinator(), {.begin = key, .end = {}});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->items.size(), 1u);
  auto live = coordination::ParseLiveRun(found->items[0].value).value();
  live.kill_requested = true;
  live.kill_by = "alice";
  life.Commit(coordination::BuildUpdateRun(kKeys, live, found->items[0].mod_revision));
  const auto ended = life.listener().AwaitEnded(1).at(0);
  EXPECT_EQ(ended.run->run_id, started.run_id);
  EXPECT_EQ(ended.run->outcome, Outcome::kKilled);
  EXPECT_EQ(ended.run->killed_by, "alice");
}

TEST_F(AgentReal, FollowedOutputArrivesWhileTheRunIsGoing) {
  Life life(folder_);
  life.Save(EverySecond("loud", "echo here; exec sleep 600"));
  const auto started = life.listener().AwaitStarted(1).at(0);
  life.driver().Follow(started.run_id, true);
  life.listener().AwaitOutput("here\n");
}

TEST_F(AgentReal, WhatFailsToStartSaysWhy) {
  Life life(folder_);
  auto task = EverySecond("nowhere", "true");
  task.cwd = "/nowhere/at/all";
  life.Save(task);
  const auto ended = life.listener().AwaitEnded(1).at(0);
  EXPECT_EQ(ended.run->outcome, Outcome::kFailedToStart);
  EXPECT_NE(ended.run->detail.find("/nowhere/at/all"), std::string::npos) << ended.run->detail;
}

TEST_F(AgentReal, ASecondLifeGoesOnWithoutRunningATickTwice) {
  const auto task = EverySecond("t", "true");
  std::vector<LedgerRecord> first, second;
  {
    Life life(folder_);
    life.Save(task);
    life.listener().AwaitEnded(2);
    life.Stop();
    first = life.listener().ended();
  }
  Life life(folder_);
  life.listener().AwaitEnded(2);
  life.Stop();
  second = life.listener().ended();
  for (const auto& early : first) {
    for (const auto& late : second) EXPECT_LT(*early.run->tick, *late.run->tick);
  }
  EXPECT_EQ(life.store().FindGaps(10, {})->size(), 0u);
}

TEST_F(AgentReal, AtItsRunLimitItSaysSo) {
  Life life(folder_, 1);
  auto blocker = EverySecond("a-blocker", "sleep 600");
  life.Save(blocker);
  life.listener().AwaitStarted(1);
  auto starved = EverySecond("b-starved", "true");
  starved.start_deadline = seconds(1);
  life.Save(starved);
  while (true) {
    static std::size_t seen = 0;
    const auto spans = life.listener().AwaitSpans(++seen);
    const auto& span = spans.at(seen - 1);
    if (span.task.task_id != "b-starved") continue;
    EXPECT_EQ(span.outcome, Outcome::kMissed);
    EXPECT_EQ(span.reason, task::Reason::kRunLimit);
    return;
  }
}

}  // namespace
}  // namespace gophercron::agent
