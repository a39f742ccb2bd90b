// What every Store does, asked of each: SQLite, MySQL and the simulated one. At the end, random
// batches go into real ones and the simulated one, and every answer must be the same.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <thread>

#include "base/id.h"
#include "base/random.h"
#include "sim/sim_store.h"
#include "storage/mysql/mysql_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "storage/store.h"
#include "tests/mysql/mariadb_server.h"

namespace gophercron::storage {
namespace {

using task::Outcome;
using task::Reason;

const task::TaskKey kTask{.project_id = 1, .task_id = "100"};

TickInstant T(std::int64_t at) {
  return TickInstant(seconds(1'700'000'000 + at));
}

task::LedgerRecord RunAt(std::int64_t at, std::optional<std::int64_t> after,
                         Outcome outcome = Outcome::kSucceeded, int attempt = 1) {
  task::LedgerRecord record;
  auto& run = record.run.emplace();
  run.run_id = "r" + std::to_string(1'000'000 + at * 10 + attempt);
  run.task = kTask;
  run.tick = T(at);
  if (after) run.after = T(*after);
  run.attempt = attempt;
  run.task_name = "backup";
  run.command = "make backup";
  run.node_id = "n1";
  run.node_address = "10.0.0.1";
  run.fence = at;
  run.claimed_at = T(at);
  run.outcome = outcome;
  if (outcome == Outcome::kLost) run.reason = Reason::kAgentDied;
  return record;
}

task::LedgerRecord SpanOf(std::int64_t first, std::int64_t last, std::int64_t count,
                          std::optional<std::int64_t> after, Reason reason = Reason::kOvertaken) {
  task::LedgerRecord record;
  auto& span = record.span.emplace();
  span.task = kTask;
  span.first = T(first);
  span.last = T(last);
  span.count = count;
  if (after) span.after = T(*after);
  span.reason = reason;
  span.node_id = "n1";
  span.recorded_at = T(last);
  return record;
}

std::string Show(const task::RunRecord& run) {
  return json::serialize(task::ToJson(run));
}
std::string Show(const LedgerRow& row) {
  std::string text;
  for (const auto& run : row.runs) text += Show(run) + "\n";
  if (row.span) text += json::serialize(task::ToJson(*row.span)) + "\n";
  return text;
}
std::string Show(const OutcomeCount& count) {
  return std::string(task::Name(count.outcome)) + " " + std::string(task::Name(count.reason)) +
         " " + std::to_string(count.ticks);
}
std::string Show(const LedgerGap& gap) {
  return gap.task.task_id + " " + FormatRfc3339(gap.after) + " " + FormatRfc3339(gap.until) +
         " shown by " + FormatRfc3339(gap.shown_by);
}

template <class T>
std::string Show(const std::vector<T>& items) {
  std::string text;
  for (const T& item : items) text += Show(item) + "\n";
  return text;
}

// A MySQL store without rows. The tables are made once, by the first test.
std::unique_ptr<Store> EmptyMysqlStore() {
  mysql::MariadbServer& server = mysql::MariadbServer::Shared();
  static const std::string database = server.NewDatabase();
  auto store = OpenMysqlStore(server.OptionsFor(database));
  const Status there = store->Ping();
  EXPECT_TRUE(there) << there.error().message;
  server.Empty(database);
  return store;
}

class StoreTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "store.XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Reopen();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Reopen() {
    if (GetParam() == std::string_view("sim")) {
      if (!store_) store_ = std::make_unique<sim::SimStore>();
      return;
    }
    if (GetParam() == std::string_view("mysql")) {
      if (!store_) store_ = EmptyMysqlStore();
      return;
    }
    store_.reset();
    auto opened = OpenSqliteStore(folder_ + "/gophercron.db");
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  Store& store() { return *store_; }
  void Record(std::vector<task::LedgerRecord> batch) {
    const Status recorded = store().Record(batch);
    ASSERT_TRUE(recorded) << recorded.error().message;
  }
  LedgerRow At(std::int64_t at) {
    auto row = store().LedgerAt({.task = kTask, .at = T(at)});
    return row ? *row : LedgerRow();
  }
  std::vector<LedgerRow> Ledger() {
    return *store().ListLedger({.task = kTask, .from = {}, .to = {}, .before = {}, .limit = 1000});
  }
  std::vector<LedgerGap> Gaps() { return *store().FindGaps(100, {}); }

  std::string folder_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Each, StoreTest, testing::Values("sqlite", "mysql", "sim"),
                         [](const auto& tested) { return std::string(tested.param); });

template <class T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST_P(StoreTest, Users) {
  User user{.account = "ann",
            .name = "Ann",
            .permission = "admin,user",
            .password_hash = "h",
            .salt = "s",
            .created_at = T(5),
            .session_epoch = 3,
            .must_change_password = true};
  const auto id = store().CreateUser(user);
  ASSERT_TRUE(id);
  EXPECT_EQ(CodeOf(store().CreateUser(user)), ErrorCode::kConflict);
  user.account = "bob";
  const auto bob = store().CreateUser(user);
  ASSERT_TRUE(bob);
  Reopen();
  auto read = store().UserByAccount("ann");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, *id);
  EXPECT_EQ(read->permission, "admin,user");
  EXPECT_EQ(read->created_at, T(5));
  EXPECT_EQ(read->session_epoch, 3);
  EXPECT_TRUE(read->must_change_password);
  const auto rename = [](std::string account) {
    return [account](User& edited) -> Status {
      EXPECT_EQ(edited.account, "ann");
      edited.account = account;
      edited.session_epoch = 4;
      return {};
    };
  };
  EXPECT_EQ(CodeOf(store().EditUser(*id, rename("bob"), nullptr)), ErrorCode::kConflict);
  EXPECT_EQ(store().UserById(*id)->session_epoch, 3);
  const auto refused =
      store().EditUser(*id, [](User&) { return Fail(ErrorCode::kUnsupported, "no"); }, nullptr);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kUnsupported);
  const auto two_are_left = [](const std::vector<User>& now) -> Status {
    EXPECT_EQ(now.size(), 2u);
    return Fail(ErrorCode::kUnavailable, "two are too few");
  };
  EXPECT_EQ(CodeOf(store().EditUser(*id, rename("anna"), two_are_left)), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(store().DeleteUser(*id, two_are_left)), ErrorCode::kUnavailable);
  EXPECT_EQ(store().UserById(*id)->account, "ann");
  EXPECT_EQ(store().EditUser(*id, rename("anna"), nullptr)->session_epoch, 4);
  EXPECT_EQ(store().UserById(*id)->session_epoch, 4);
  EXPECT_EQ(CodeOf(store().UserByAccount("ann")), ErrorCode::kNotFound);
  EXPECT_EQ(store().ListUsers()->size(), 2u);

  ASSERT_TRUE(store().PutApiToken({.id = "t1",
                                   .secret_sha256 = "aa",
                                   .user_id = *id,
                                   .name = "ci",
                                   .created_at = T(1) + microseconds(7),
                                   .expires_at = T(9)}));
  ASSERT_TRUE(store().PutApiToken({.id = "t2",
                                   .secret_sha256 = "bb",
                                   .user_id = *bob,
                                   .name = "x",
                                   .created_at = T(1),
                                   .expires_at = {}}));
  EXPECT_EQ(store().ApiTokenBySecret("aa")->created_at, T(1) + microseconds(7));
  EXPECT_EQ(store().ApiTokenBySecret("aa")->expires_at, T(9));
  EXPECT_EQ(store().ApiTokenBySecret("bb")->expires_at, std::nullopt);
  EXPECT_EQ(store().ListApiTokens(*id)->size(), 1u);
  ASSERT_TRUE(store().DeleteApiToken("t2"));
  EXPECT_EQ(CodeOf(store().DeleteApiToken("t2")), ErrorCode::kNotFound);

  const auto project = store().CreateProject({.title = "p", .remark = "", .owner_id = *id});
  ASSERT_TRUE(project);
  ASSERT_TRUE(store().DeleteUser(*id, nullptr));
  EXPECT_EQ(CodeOf(store().DeleteUser(*id, nullptr)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().EditUser(*id, rename("x"), nullptr)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().ApiTokenBySecret("aa")), ErrorCode::kNotFound);
  EXPECT_TRUE(store().ListMembers(*project)->empty());
  EXPECT_TRUE(store().Ping());
}

TEST_P(StoreTest, AnEndedSessionIsKnownUntilItsTokenExpires) {
  User ann;
  ann.account = "ann";
  const auto id = store().CreateUser(ann);
  ASSERT_TRUE(id);
  const auto end = [&](const char* session, Instant expires_at, Instant now) {
    return store().EndSession({.session_id = session, .user_id = *id, .expires_at = expires_at},
                              now);
  };
  const auto counts = [&](const char* session) {
    const auto user = store().UserInSession(*id, session);
    EXPECT_TRUE(user ? user->account == "ann" : CodeOf(user) == ErrorCode::kNotFound);
    return user.has_value();
  };
  ASSERT_TRUE(end("a", T(10), T(1)));
  ASSERT_TRUE(end("a", T(10), T(1)));
  Reopen();
  EXPECT_FALSE(counts("a"));
  EXPECT_TRUE(counts("A"));
  EXPECT_TRUE(counts("b"));
  ASSERT_TRUE(end("b", T(20), T(10)));
  EXPECT_TRUE(counts("a")) << "forgotten: its token has expired";
  EXPECT_FALSE(counts("b"));
  EXPECT_EQ(store().Prune({}, T(19), 1000), 0);
  EXPECT_FALSE(counts("b"));
  EXPECT_EQ(store().Prune({}, T(20), 1000), 0);
  EXPECT_TRUE(counts("b"));
  EXPECT_EQ(CodeOf(store().UserInSession(*id + 1, "c")), ErrorCode::kNotFound);
}

TEST_P(StoreTest, SignInCodesAndSettings) {
  ASSERT_TRUE(store().PutSignInCode({.code_sha256 = "c", .user_id = 7, .expires_at = T(10)}));
  ASSERT_TRUE(store().PutSignInCode({.code_sha256 = "d", .user_id = 7, .expires_at = T(10)}));
  EXPECT_EQ(store().TakeSignInCode("c", T(9)), 7);
  EXPECT_EQ(CodeOf(store().TakeSignInCode("c", T(9))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().TakeSignInCode("d", T(10))), ErrorCode::kNotFound);

  EXPECT_EQ(CodeOf(store().GetSetting("zone")), ErrorCode::kNotFound);
  EXPECT_EQ(store().GetOrPutSetting("zone", "UTC"), "UTC");
  EXPECT_EQ(store().GetOrPutSetting("zone", "Asia/Shanghai"), "UTC");
  ASSERT_TRUE(store().PutSetting("zone", "Europe/Berlin"));
  Reopen();
  EXPECT_EQ(store().GetSetting("zone"), "Europe/Berlin");
}

TEST_P(StoreTest, OneOfManyTakersGetsTheCodeAndAllStartersTheSameSecret) {
  ASSERT_TRUE(store().PutSignInCode({.code_sha256 = "c", .user_id = 7, .expires_at = T(10)}));
  std::atomic<int> taken{0};
  std::vector<std::string> secrets(6);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    threads.emplace_back([&, i] {
      if (store().TakeSignInCode("c", T(0))) ++taken;
      secrets[i] = store().GetOrPutSetting("secret", std::to_string(i)).value_or("failed");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
  for (const auto& secret : secrets) EXPECT_EQ(secret, secrets[0]);
}

TEST_P(StoreTest, Projects) {
  const auto id = store().CreateProject(
      {.title = "ops", .remark = "r", .owner_id = 4, .created_at = T(3) + microseconds(5)});
  ASSERT_TRUE(id);
  EXPECT_EQ(CodeOf(store().CreateProject({.title = "ops", .remark = "", .owner_id = 4})),
            ErrorCode::kConflict);
  auto project = store().ProjectByTitle("ops");
  ASSERT_TRUE(project);
  EXPECT_EQ(project->id, *id);
  EXPECT_EQ(project->created_at, T(3));
  ASSERT_EQ(store().ListMembers(*id)->size(), 1u);
  EXPECT_EQ(store().ListMembers(*id)->front().role, Role::kOwner);
  ASSERT_TRUE(store().PutMember(
      {.project_id = *id, .user_id = 5, .role = Role::kViewer, .created_at = T(1)}, {}));
  ASSERT_TRUE(store().PutMember(
      {.project_id = *id, .user_id = 5, .role = Role::kOperator, .created_at = T(2)}, {}));
  ASSERT_EQ(store().MembershipsOf(5)->size(), 1u);
  EXPECT_EQ(store().MembershipsOf(5)->front().role, Role::kOperator);
  EXPECT_EQ(store().MembershipsOf(5)->front().created_at, T(1));
  const auto refuse = [&](const std::vector<storage::Member>& now) -> Status {
    EXPECT_EQ(now.size(), 2u);
    return Fail(ErrorCode::kConflict, "not so");
  };
  EXPECT_EQ(store().DeleteMember(*id, 5, refuse).error().message, "not so");
  EXPECT_EQ(store()
                .PutMember({.project_id = *id, .user_id = 6, .role = Role::kViewer}, refuse)
                .error()
                .message,
            "not so");
  EXPECT_EQ(store().ListMembers(*id)->size(), 2u);
  const auto agree = [](const std::vector<storage::Member>&) -> Status { return {}; };
  ASSERT_TRUE(store().DeleteMember(*id, 5, agree));
  EXPECT_EQ(CodeOf(store().DeleteMember(*id, 5, {})), ErrorCode::kNotFound);
  const auto edited = store().EditProject(*id, [&](storage::Project& now) -> Status {
    EXPECT_EQ(now.title, project->title);
    now.title = "dev";
    return {};
  });
  ASSERT_TRUE(edited.has_value());
  EXPECT_EQ(edited->title, "dev");
  EXPECT_EQ(edited->created_at, T(3));
  EXPECT_EQ(store().ProjectById(*id)->title, "dev");
  const auto refused = store().EditProject(*id, [](storage::Project& now) -> Status {
    now.title = "lost";
    return Fail(ErrorCode::kConflict, "not as it was read");
  });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "not as it was read");
  EXPECT_EQ(store().ProjectById(*id)->title, "dev");
  ASSERT_TRUE(store().CreateProject(
      {.id = 0, .title = "taken", .remark = "", .owner_id = 6, .created_at = T(3)}));
  const auto twice = store().EditProject(*id, [](storage::Project& now) -> Status {
    now.title = "taken";
    return {};
  });
  EXPECT_EQ(CodeOf(twice), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store().EditProject(999, [](storage::Project&) -> Status { return {}; })),
            ErrorCode::kNotFound);

  auto record = RunAt(0, {});
  record.run->task.project_id = *id;
  Record({record});
  ASSERT_TRUE(store().DeleteProject(*id));
  EXPECT_EQ(CodeOf(store().DeleteProject(*id)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().ProjectById(*id)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().RunById(record.run->run_id)), ErrorCode::kNotFound);
  EXPECT_TRUE(store().ListRuns({})->empty());
  EXPECT_TRUE(store().MembershipsOf(4)->empty());
}

TEST_P(StoreTest, RunComesBackAsItWasWritten) {
  auto record = RunAt(5, 4, Outcome::kKilled, 2);
  auto& run = *record.run;
  run.cause = task::Cause::kRetry;
  run.task_revision = 12;
  run.claimed_at += microseconds(1);
  run.started_at = T(5) + microseconds(2);
  run.ended_at = T(6) + microseconds(3);
  run.detail = "why";
  run.exit_code = 0;
  run.signal = 15;
  run.core_dumped = true;
  run.requested_by = "ann";
  run.killed_by = "bob";
  run.output_bytes = 30;
  run.dropped_bytes = 20;
  run.cpu_us = 7;
  run.memory_max_kib = 8;
  record.output = {.head = std::string("a\0b\xff.", 5), .tail = "tail!"};
  Record({record});
  Reopen();
  const auto read = store().RunById(run.run_id);
  ASSERT_TRUE(read);
  EXPECT_EQ(Show(*read), Show(run));
  const auto all = store().ReadOutput(run.run_id, 0, 1000);
  EXPECT_EQ(all->bytes, record.output.head + record.output.tail);
  EXPECT_EQ(all->total, 30);
  EXPECT_EQ(all->dropped_from, 5);
  EXPECT_EQ(all->dropped_to, 25);
  EXPECT_EQ(store().ReadOutput(run.run_id, 3, 2)->bytes, "\xff.");
  EXPECT_EQ(store().ReadOutput(run.run_id, 10, 17)->bytes, "ta");
  EXPECT_EQ(store().ReadOutput(run.run_id, 30, 17)->bytes, "");
  EXPECT_EQ(CodeOf(store().ReadOutput("none", 0, 1)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store().RunById("none")), ErrorCode::kNotFound);
}

TEST_P(StoreTest, SendingAgainChangesNothing) {
  const std::vector batch = {RunAt(0, {}), SpanOf(1, 5, 5, 0), RunAt(6, 5), SpanOf(7, 8, 2, 6),
                             SpanOf(9, 9, 1, 8)};
  Record(batch);
  const std::string before = Show(Ledger());
  Record(batch);
  Record({batch[1], batch[4]});
  EXPECT_EQ(Show(Ledger()), before);
  EXPECT_EQ(At(9).span->count, 3);  // it went on where 7..8 ended
  EXPECT_EQ(Ledger().size(), 4u);
}

// It must never happen; when it did, nothing may hide it.
TEST_P(StoreTest, ATickThatWasRunTwiceShowsBothRuns) {
  auto twin = RunAt(6, 5, Outcome::kFailed);
  twin.run->run_id = "other";
  Record({RunAt(5, {}), RunAt(6, 5)});
  Record({twin, RunAt(7, 6)});
  Record({twin});
  ASSERT_EQ(At(6).runs.size(), 2u);
  EXPECT_NE(At(6).runs[0].run_id, At(6).runs[1].run_id);
  EXPECT_EQ(store().RunById("other")->outcome, Outcome::kFailed);
  // Each gives way only to itself: a guess about the tick replaces neither.
  auto guess = RunAt(6, 5, Outcome::kLost);
  guess.run->run_id = "guess";
  Record({guess});
  EXPECT_EQ(At(6).runs.size(), 2u);
  EXPECT_TRUE(Gaps().empty());
}

TEST_P(StoreTest, OfSeveralPredecessorsTheLatestOpensTheGap) {
  auto second = RunAt(9, 7, Outcome::kSucceeded, 2);
  Record({RunAt(1, {}), RunAt(9, 4), second});
  EXPECT_EQ(Show(Gaps()), Show(std::vector{LedgerGap{kTask, T(1), T(7), T(9)}}));
  Record({RunAt(4, 1)});
  EXPECT_EQ(Show(Gaps()), Show(std::vector{LedgerGap{kTask, T(4), T(7), T(9)}}));
  Record({RunAt(7, 4)});
  EXPECT_TRUE(Gaps().empty());
}

TEST_P(StoreTest, GapsThatStayKeepNobodyFromTheNextOnes) {
  std::vector<task::LedgerRecord> records = {RunAt(0, {})};
  for (int at = 3; at < 30; at += 3) records.push_back(RunAt(at, at - 1));
  auto other = RunAt(50, {}), late = RunAt(60, 59);
  other.run->task.task_id = late.run->task.task_id = "200";
  other.run->run_id = "o1";
  late.run->run_id = "o2";
  records.insert(records.end(), {other, late});
  Record(records);
  std::vector<LedgerGap> seen;
  std::optional<LedgerGap> behind;
  while (true) {
    const auto page = *store().FindGaps(4, behind);
    if (page.empty()) break;
    ASSERT_LT(seen.size(), 20u);
    seen.insert(seen.end(), page.begin(), page.end());
    behind = seen.back();
  }
  EXPECT_EQ(Show(seen), Show(Gaps()));
  EXPECT_EQ(seen.size(), 10u);
  // A gap is closed as it was found, not as it has become.
  const LedgerGap first = seen.front();
  Record({RunAt(1, 0)});
  ASSERT_TRUE(store().CloseGap(first));
  EXPECT_EQ(Gaps().front().after, T(1));
}

TEST_P(StoreTest, WhatAnAgentWroteReplacesGuessesAndNeverTheReverse) {
  Record({RunAt(0, {}), RunAt(1, 0, Outcome::kLost)});
  Record({RunAt(1, 0)});
  EXPECT_EQ(At(1).runs.at(0).outcome, Outcome::kSucceeded);
  Record({RunAt(1, 0, Outcome::kLost)});
  EXPECT_EQ(At(1).runs.at(0).outcome, Outcome::kSucceeded);

  // A guess for the tick under another run id.
  auto guess = RunAt(2, 1, Outcome::kLost);
  guess.run->run_id = "guess";
  Record({guess, RunAt(2, 1)});
  ASSERT_EQ(At(2).runs.size(), 1u);
  EXPECT_EQ(At(2).runs[0].outcome, Outcome::kSucceeded);

  // A span of the agent replaces its guessed run; a guessed span replaces nothing.
  Record({RunAt(3, 2, Outcome::kLost), SpanOf(3, 3, 1, 2)});
  EXPECT_TRUE(At(3).runs.empty());
  EXPECT_EQ(At(3).span->reason, Reason::kOvertaken);
  Record({SpanOf(0, 6, 7, {}, Reason::kNotRecorded)});
  EXPECT_EQ(At(3).span->reason, Reason::kOvertaken);
  EXPECT_EQ(At(2).runs.size(), 1u);
  EXPECT_EQ(At(4).span->reason, Reason::kNotRecorded);
  EXPECT_EQ(At(4).span->count, 3);
}

TEST_P(StoreTest, LateRunSplitsTheGuessedSpanAroundIt) {
  Record({RunAt(0, {}), SpanOf(10, 90, 9, 0, Reason::kNotRecorded), RunAt(100, 90)});
  Record({RunAt(50, 40)});
  const auto rows = Ledger();
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(At(50).runs.size(), 1u);
  EXPECT_EQ(At(20).span->last, T(40));
  EXPECT_EQ(At(20).span->count, 4);
  EXPECT_EQ(At(70).span->first, T(60));
  EXPECT_EQ(At(70).span->count, 4);
  EXPECT_TRUE(Gaps().empty());
  // And a span of the agent takes its ticks out as well.
  Record({SpanOf(60, 70, 2, 50)});
  EXPECT_EQ(At(80).span->count, 2);
  EXPECT_EQ(At(60).span->reason, Reason::kOvertaken);
  std::int64_t ticks = 0;
  const auto counts = store().CountOutcomes(kTask, T(0), T(101)).value();
  for (const auto& count : counts) ticks += count.ticks;
  EXPECT_EQ(ticks, 11);
}

TEST_P(StoreTest, RunsAreCountedAndPagedByNumber) {
  SeededRandom random(1);
  std::vector<task::LedgerRecord> batch;
  for (int at = 0; at < 6; ++at) {
    const bool failed = at % 3 == 2;
    batch.push_back(RunAt(at * 100, at == 0 ? std::nullopt : std::optional((at - 1) * 100),
                          failed ? Outcome::kFailed : Outcome::kSucceeded));
    batch.back().run->run_id = NewId(T(at * 100), random);
  }
  Record(batch);
  EXPECT_EQ(store().CountRuns(kTask).value(), 6);
  EXPECT_EQ(store().CountRuns({kTask.project_id, "absent"}).value(), 0);
  const auto page = [&](int offset, int limit) {
    RunQuery query;
    query.task = kTask;
    query.offset = offset;
    query.limit = limit;
    std::vector<std::int64_t> ticks;
    const auto runs = store().ListRuns(query).value();
    for (const auto& run : runs) {
      ticks.push_back((*run.tick - T(0)).count());
    }
    return ticks;
  };
  EXPECT_EQ(page(0, 2), (std::vector<std::int64_t>{500, 400}));
  EXPECT_EQ(page(4, 10), (std::vector<std::int64_t>{100, 0}));
  EXPECT_TRUE(page(6, 10).empty());
  const auto claimed = [&](std::int64_t from, std::int64_t to) {
    std::string text;
    const auto counts = store().CountRunsClaimed(kTask.project_id, T(from), T(to)).value();
    for (const RunCount& count : counts) {
      text += std::string(task::Name(count.outcome)) + " " + std::to_string(count.runs) + "\n";
    }
    return text;
  };
  EXPECT_EQ(claimed(0, 600), "succeeded 4\nfailed 2\n");
  EXPECT_EQ(claimed(100, 200), "succeeded 1\n");
  EXPECT_EQ(claimed(600, 700), "");
  EXPECT_TRUE(store().CountRunsClaimed(kTask.project_id + 1, T(0), T(600))->empty());
}

TEST_P(StoreTest, SpansExtendOnlyWhatTheyContinue) {
  Record({SpanOf(0, 0, 1, {}), SpanOf(1, 1, 1, 0), SpanOf(2, 4, 3, 1)});
  ASSERT_EQ(Ledger().size(), 1u);
  EXPECT_EQ(At(0).span->last, T(4));
  EXPECT_EQ(At(0).span->count, 5);
  Record({SpanOf(5, 5, 1, 4, Reason::kDeadline)});  // ended otherwise
  Record({SpanOf(7, 7, 1, 6, Reason::kDeadline)});  // something lies between
  auto other = SpanOf(8, 8, 1, 7, Reason::kDeadline);
  other.span->detail = "another";
  Record({other});
  EXPECT_EQ(Ledger().size(), 4u);
}

TEST_P(StoreTest, FindsGapsOfTheChainUntilTheyAreFilled) {
  Record({RunAt(0, -5), RunAt(1, 0), RunAt(4, 3), RunAt(5, 4)});
  EXPECT_EQ(Show(Gaps()), Show(std::vector{LedgerGap{kTask, T(1), T(3), T(4)}}));
  Record({RunAt(3, 2)});
  EXPECT_EQ(Show(Gaps()), Show(std::vector{LedgerGap{kTask, T(1), T(2), T(3)}}));
  Reopen();
  EXPECT_EQ(Gaps().size(), 1u);
  Record({SpanOf(2, 2, 1, 1, Reason::kNotRecorded)});
  EXPECT_TRUE(Gaps().empty());
  Record({RunAt(9, 8)});
  ASSERT_EQ(Gaps().size(), 1u);
  EXPECT_TRUE(store().FindGaps(0, {})->empty());
  ASSERT_TRUE(store().CloseGap(Gaps()[0]));
  EXPECT_TRUE(Gaps().empty());
  EXPECT_EQ(store().LastAccounted(kTask), T(9));
  EXPECT_EQ(store().LastAccounted({.project_id = 1, .task_id = "2"}), std::nullopt);
}

TEST_P(StoreTest, RecordsInAnyOrderLeaveNoGap) {
  std::vector<task::LedgerRecord> records;
  for (int i = 0; i < 60; ++i) {
    records.push_back(i % 7 == 3 ? SpanOf(i, i, 1, i - 1) : RunAt(i, i - 1));
  }
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::ranges::shuffle(records, random);
  for (const auto& record : records) {
    Record({record});
    static_cast<void>(Gaps());  // looking in between changes nothing
  }
  EXPECT_TRUE(Gaps().empty());
  EXPECT_EQ(Ledger().size(), 60u);
}

TEST_P(StoreTest, BatchIsAllOrNothing) {
  std::vector batch = {RunAt(0, {}), SpanOf(5, 2, 1, {})};
  EXPECT_EQ(CodeOf(store().Record(batch)), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Ledger().empty());
  EXPECT_EQ(CodeOf(store().LedgerAt({kTask, T(0)})), ErrorCode::kNotFound);
}

TEST_P(StoreTest, ListsRunsPageByPageUnderFilters) {
  std::vector<task::LedgerRecord> batch;
  for (int i = 0; i < 40; ++i) {
    auto record = RunAt(i, i - 1, i % 10 == 0 ? Outcome::kFailed : Outcome::kSucceeded);
    record.run->task.project_id = 1 + i % 3;
    batch.push_back(record);
  }
  auto manual = RunAt(100, {});
  manual.run->tick.reset();
  manual.run->cause = task::Cause::kManual;
  batch.push_back(manual);
  Record(batch);
  const auto pages = [&](RunQuery query) {
    query.limit = 3;
    std::vector<std::string> ids;
    while (true) {
      const auto page = store().ListRuns(query);
      for (const auto& run : *page) ids.push_back(run.run_id);
      if (page->size() < 3) return ids;
      query.before = ids.back();
    }
  };
  EXPECT_EQ(pages({}).size(), 41u);
  EXPECT_EQ(pages({}).front(), manual.run->run_id);
  EXPECT_TRUE(std::ranges::is_sorted(pages({}), std::ranges::greater()));
  RunQuery some;
  some.projects = std::vector<task::ProjectId>{2, 3, 3};
  EXPECT_EQ(pages(some).size(), 26u);
  some.outcome = Outcome::kFailed;
  EXPECT_EQ(pages(some).size(), 2u);
  RunQuery failed;
  failed.outcome = Outcome::kFailed;
  EXPECT_EQ(pages(failed).size(), 4u);
  RunQuery of_task;
  of_task.task = kTask;
  EXPECT_EQ(pages(of_task).size(), 15u);
  of_task.projects.emplace();
  EXPECT_TRUE(pages(of_task).empty());
  EXPECT_TRUE(Ledger().size() == 14u);  // a manual run has no tick
  const auto recent = store().RecentRuns(1, 2);
  ASSERT_EQ(recent->size(), 2u);
  EXPECT_EQ(recent->front().run_id, manual.run->run_id);
}

TEST_P(StoreTest, ListsTheLedgerByTickWithAttemptsAndRanges) {
  Record({RunAt(0, {}, Outcome::kFailed), RunAt(0, {}, Outcome::kSucceeded, 2), SpanOf(1, 8, 8, 0),
          RunAt(9, 8), RunAt(10, 9)});
  const auto rows = Ledger();
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[3].runs.size(), 2u);
  EXPECT_EQ(rows[3].runs[1].attempt, 2);
  EXPECT_EQ(rows[2].span->count, 8);
  LedgerQuery query{.task = kTask, .from = T(8), .to = T(10), .before = {}, .limit = 10};
  EXPECT_EQ(store().ListLedger(query)->size(), 2u);
  query = {.task = kTask, .from = {}, .to = {}, .before = T(9), .limit = 1};
  EXPECT_TRUE(store().ListLedger(query)->at(0).span.has_value());
  query.before = T(1);
  EXPECT_EQ(store().ListLedger(query)->at(0).runs.size(), 2u);
  EXPECT_EQ(Show(*store().CountOutcomes(kTask, T(0), T(5))), "succeeded  1\nmissed overtaken 4\n");
}

TEST_P(StoreTest, PruneKeepsBoundsTheNewestRunAndTheChain) {
  for (int i = 0; i < 50; ++i) {
    auto record = RunAt(i, i - 1);
    record.output.head = std::string(100, 'x');
    record.run->output_bytes = 100;
    Record({record});
  }
  Record({SpanOf(50, 59, 10, 49)});
  EXPECT_EQ(store().Prune({.max_age = seconds(30), .max_rows_per_task = 0, .max_output_bytes = 0},
                          T(50), 5),
            5);
  EXPECT_EQ(store().Prune({.max_age = seconds(30), .max_rows_per_task = 0, .max_output_bytes = 0},
                          T(50), 1000),
            15);
  EXPECT_EQ(Ledger().size(), 31u);
  EXPECT_EQ(store().Prune({.max_age = seconds(0), .max_rows_per_task = 10, .max_output_bytes = 0},
                          T(50), 1000),
            21);
  EXPECT_EQ(store().Prune({.max_age = seconds(0), .max_rows_per_task = 0, .max_output_bytes = 350},
                          T(50), 1000),
            6);
  const auto oldest = At(41).runs.at(0);
  EXPECT_EQ(oldest.dropped_bytes, 100);
  EXPECT_EQ(store().ReadOutput(oldest.run_id, 0, 100)->dropped_to, 100);
  EXPECT_EQ(store().ReadOutput(At(49).runs.at(0).run_id, 0, 100)->bytes.size(), 100u);
  // Everything is too old: the newest run stays.
  EXPECT_EQ(store().Prune({.max_age = seconds(1), .max_rows_per_task = 0, .max_output_bytes = 0},
                          T(5000), 1000),
            9);
  ASSERT_EQ(Ledger().size(), 1u);
  EXPECT_EQ(At(49).runs.size(), 1u);
  EXPECT_EQ(store().LastAccounted(kTask), T(59));
  EXPECT_EQ(store().Prune({.max_age = seconds(1), .max_rows_per_task = 0, .max_output_bytes = 0},
                          T(5000), 1000),
            0);
  Record({RunAt(60, 59)});
  EXPECT_TRUE(Gaps().empty());
  ASSERT_TRUE(store().DeleteTaskHistory(kTask));
  EXPECT_TRUE(Ledger().empty());
  EXPECT_EQ(store().LastAccounted(kTask), std::nullopt);
  Record({RunAt(60, 59)});
  EXPECT_EQ(Ledger().size(), 1u);
}

TEST_P(StoreTest, PruneSeesWhatIsLeftOfAGuessThatWasTheOldestRow) {
  Record({SpanOf(0, 20, 21, {}, Reason::kNotRecorded), RunAt(40, 39)});
  Record({RunAt(10, 9)});  // leaves the guess in two pieces, of which the first ends at 9
  EXPECT_EQ(store().Prune({.max_age = seconds(50), .max_rows_per_task = 0, .max_output_bytes = 0},
                          T(60), 1000),
            1);
}

TEST_P(StoreTest, PruneTakesTheRunThatStayedOnceANewerOneHasCome) {
  const Retention keep{.max_age = seconds(30), .max_rows_per_task = 0, .max_output_bytes = 0};
  Record({RunAt(0, {}), SpanOf(1, 30, 30, 0)});
  EXPECT_EQ(store().Prune(keep, T(40), 1000), 0);
  Record({SpanOf(31, 90, 60, 30, Reason::kNotRecorded)});
  EXPECT_EQ(store().Prune(keep, T(70), 1000), 1);
  Record({RunAt(91, 90)});
  EXPECT_EQ(store().Prune(keep, T(80), 1000), 1);
}

TEST_P(StoreTest, ARowThatReachesOverAGuessShowsTheGapBeforeIt) {
  Record({RunAt(53, 52)});
  Record({SpanOf(59, 59, 1, 56, Reason::kNotRecorded)});
  ASSERT_EQ(Gaps().size(), 1u) << "the guess shows one as well";
  Record({SpanOf(58, 64, 7, 57, Reason::kOvertaken)});
  const auto gaps = Gaps();
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps.front().after, T(53));
  EXPECT_EQ(gaps.front().until, T(57));
}

TEST_P(StoreTest, ConcurrentCallersLoseNothing) {
  constexpr int kThreads = 4, kEach = 60;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        auto record = RunAt(i, i - 1);
        record.run->run_id += "-" + std::to_string(thread);
        record.run->task.task_id = std::to_string(thread % 2);
        record.run->node_id = std::to_string(thread);
        EXPECT_TRUE(store().Record(std::vector{record}));
        EXPECT_TRUE(store().RunById(record.run->run_id));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  RunQuery all;
  all.limit = 10'000;
  EXPECT_EQ(store().ListRuns(all)->size(), static_cast<std::size_t>(kThreads * kEach));
}

class StoresAgree : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Each, StoresAgree, testing::Values("sqlite", "mysql"),
                         [](const auto& tested) { return std::string(tested.param); });

// Random histories into a real store and the simulated one: every answer is the same.
TEST_P(StoresAgree, OnRandomHistories) {
  const bool mysql = GetParam() == std::string_view("mysql");
  const char* asked = std::getenv("STORE_SEED");
  const std::uint64_t seed =
      asked != nullptr ? std::strtoull(asked, nullptr, 10) : SystemRandom().Next();
  std::printf("seed %llu; repeat with STORE_SEED=\n", static_cast<unsigned long long>(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random.Below(bound));
  };
  for (int round = 0; round < (mysql ? 4 : 12); ++round) {
    std::string pattern = testing::TempDir() + "store.XXXXXX";
    const std::string folder = mkdtemp(pattern.data());
    std::unique_ptr<Store> store;
    if (mysql) {
      store = EmptyMysqlStore();
    } else {
      auto opened = OpenSqliteStore(folder + "/a.db");
      ASSERT_TRUE(opened);
      store = std::move(*opened);
    }
    Store& real = *store;
    sim::SimStore sim;
    for (int step = 0; step < 60; ++step) {
      std::vector<task::LedgerRecord> batch;
      for (std::int64_t n = below(4); n >= 0; --n) {
        const std::int64_t at = below(60);
        // Whoever tells of a tick may know another predecessor of it.
        const std::int64_t after = at - 1 - below(3);
        if (below(3) == 0) {
          const std::int64_t width = below(8);
          // Every second a tick: what is cut out leaves exact pieces.
          batch.push_back(SpanOf(at, at + width, width + 1, after,
                                 below(2) == 0 ? Reason::kNotRecorded : Reason::kOvertaken));
        } else {
          batch.push_back(RunAt(at, after, below(3) == 0 ? Outcome::kLost : Outcome::kSucceeded,
                                static_cast<int>(1 + below(2))));
          if (below(6) == 0) batch.back().run->run_id += "x";
          batch.back().output.head = std::string(static_cast<std::size_t>(below(3)), 'o');
        }
      }
      const Status one = real.Record(batch), two = sim.Record(batch);
      ASSERT_TRUE(one) << one.error().message;
      ASSERT_TRUE(two);
      if (below(15) == 0) {
        const Retention keep{.max_age = seconds(1 + below(60)),
                             .max_rows_per_task = 5 + below(30),
                             .max_output_bytes = 1 + below(30)};
        ASSERT_EQ(*real.Prune(keep, T(60), 1000), *sim.Prune(keep, T(60), 1000));
      }
      const LedgerQuery query{.task = kTask, .from = {}, .to = {}, .before = {}, .limit = 1000};
      ASSERT_EQ(Show(*real.ListLedger(query)), Show(*sim.ListLedger(query))) << "step " << step;
      ASSERT_EQ(Show(*real.ListRuns({})), Show(*sim.ListRuns({})));
      ASSERT_EQ(Show(*real.FindGaps(100, {})), Show(*sim.FindGaps(100, {}))) << "step " << step;
      ASSERT_EQ(*real.LastAccounted(kTask), *sim.LastAccounted(kTask));
      ASSERT_EQ(Show(*real.CountOutcomes(kTask, T(7), T(45))),
                Show(*sim.CountOutcomes(kTask, T(7), T(45))));
    }
    store.reset();
    std::filesystem::remove_all(folder);
  }
}

TEST(SimStoreOutage, FailsAsAskedAndRecoversWithWhatWasDone) {
  sim::SimStore store;
  store.SetOutage(sim::Outage::kUnavailable);
  EXPECT_EQ(CodeOf(store.Record(std::vector{RunAt(0, {})})), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(store.Ping()), ErrorCode::kUnavailable);
  store.SetOutage(sim::Outage::kUnanswered);
  EXPECT_EQ(CodeOf(store.Record(std::vector{RunAt(1, {})})), ErrorCode::kOutcomeUnknown);
  store.SetOutage(sim::Outage::kNone);
  EXPECT_EQ(store.ListRuns({})->size(), 1u);
}

}  // namespace
}  // namespace gophercron::storage
