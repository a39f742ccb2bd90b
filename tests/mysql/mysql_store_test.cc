// What only a store behind a server has to do: survive its absence.

#include "storage/mysql/mysql_store.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "storage/mysql/mysql_driver.h"
#include "tests/mysql/mariadb_server.h"
#include "tests/mysql/severed_link.h"

namespace gophercron::storage::mysql {
namespace {

void Must(const Status& status) {
  ASSERT_TRUE(status) << status.error().message;
}

task::LedgerRecord RunOf(std::int64_t number, int tasks) {
  task::LedgerRecord record;
  auto& run = record.run.emplace();
  run.run_id = "r" + std::to_string(1'000'000 + number);
  run.task = {.project_id = 1, .task_id = std::to_string(number % tasks)};
  run.tick = TickInstant(seconds(1'700'000'000 + number));
  run.outcome = task::Outcome::kSucceeded;
  run.command = "make backup";
  record.output.head = "done";
  return record;
}

std::size_t RunsIn(Store& store) {
  RunQuery all;
  all.limit = 1'000'000;
  const auto runs = store.ListRuns(all);
  EXPECT_TRUE(runs) << runs.error().message;
  return runs ? runs->size() : 0;
}

// A second session's lock on everything that Record writes.
std::unique_ptr<Session> LockTables(const std::string& database) {
  auto session = MariadbServer::Shared().Connect(database);
  Must(session->Exec("LOCK TABLES gc_setting WRITE"));
  return session;
}

TEST(MysqlStore, KilledServerLosesAndDoublesNothing) {
  MariadbServer server;
  const auto store = OpenMysqlStore(server.OptionsFor(server.NewDatabase()));
  Must(store->Ping());
  constexpr int kBatches = 60, kRows = 20;
  std::atomic<int> acknowledged{0};
  std::atomic<int> failed{0};
  std::thread writer([&] {
    for (int batch = 0; batch < kBatches; ++batch) {
      std::vector<task::LedgerRecord> records;
      for (int i = 0; i < kRows; ++i) records.push_back(RunOf(batch * kRows + i, 4));
      // As the delivery does: the same batch again, until it is taken.
      while (true) {
        const Status recorded = store->Record(records);
        if (recorded) break;
        ++failed;
        failed.notify_all();
        EXPECT_TRUE(recorded.error().code == ErrorCode::kUnavailable ||
                    recorded.error().code == ErrorCode::kOutcomeUnknown)
            << recorded.error().message;
      }
      ++acknowledged;
      acknowledged.notify_all();
    }
  });
  for (int kills = 1; kills <= 2; ++kills) {
    for (int seen = acknowledged; seen < kills * 15; seen = acknowledged) acknowledged.wait(seen);
    const int before = failed;
    server.Kill();
    for (int seen = failed; seen == before; seen = failed) failed.wait(seen);
    server.Restart();
  }
  writer.join();
  EXPECT_EQ(RunsIn(*store), static_cast<std::size_t>(kBatches * kRows));
  for (int number = 0; number < kBatches * kRows; ++number) {
    const auto row = store->LedgerAt({.task = {1, std::to_string(number % 4)},
                                      .at = TickInstant(seconds(1'700'000'000 + number))});
    ASSERT_TRUE(row) << number;
    EXPECT_EQ(row->runs.size(), 1u);
  }
}

TEST(MysqlStore, CommitWithoutAnAnswerIsUnknownAndMayBeSentAgain) {
  MariadbServer& server = MariadbServer::Shared();
  const std::string database = server.NewDatabase();
  SeveredLink link(server.port());
  Options options = server.TcpOptionsFor(database);
  options.port = link.port();
  options.connections_max = 1;
  const auto store = OpenMysqlStore(options);
  Must(store->Ping());
  const auto direct = OpenMysqlStore(server.OptionsFor(database));
  std::size_t rows = 0;
  for (const auto cut : {SeveredLink::Cut::kAfterCommit, SeveredLink::Cut::kBeforeCommit}) {
    const std::vector batch = {RunOf(static_cast<int>(cut) * 2, 2),
                               RunOf(static_cast<int>(cut) * 2 + 1, 2)};
    link.set_cut(cut);
    const Status lost = store->Record(batch);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::kOutcomeUnknown) << lost.error().message;
    EXPECT_EQ(RunsIn(*direct), rows + (cut == SeveredLink::Cut::kAfterCommit ? 2 : 0));
    Must(store->Record(batch));
    rows += 2;
    EXPECT_EQ(RunsIn(*direct), rows);
  }
}

TEST(MysqlStore, ConnectionsAreBounded) {
  MariadbServer& server = MariadbServer::Shared();
  Options options = server.OptionsFor(server.NewDatabase());
  options.connections_max = 2;
  options.pool_timeout = milliseconds(20);
  MysqlDriver driver(options);
  Must(driver.Read([](sql::Connection&) {}));
  std::latch held(2), done(1);
  std::vector<std::thread> holders;
  for (int i = 0; i < 2; ++i) {
    holders.emplace_back([&] {
      Must(driver.Write([&](sql::Connection&) {
        held.count_down();
        done.wait();
      }));
    });
  }
  held.wait();
  const Status refused = driver.Read([](sql::Connection&) { FAIL(); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("all 2 connections"), std::string::npos);
  done.count_down();
  for (auto& holder : holders) holder.join();
  Must(driver.Read([](sql::Connection&) {}));
}

TEST(MysqlStore, StatementThatTakesTooLongIsGivenUp) {
  MariadbServer& server = MariadbServer::Shared();
  const std::string database = server.NewDatabase();
  Options options = server.OptionsFor(database);
  options.read_timeout = seconds(1);
  const auto store = OpenMysqlStore(options);
  Must(store->PutSetting("zone", "UTC"));
  {
    const auto lock = LockTables(database);
    EXPECT_EQ(store->PutSetting("zone", "Asia/Shanghai").error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(store->GetSetting("zone").error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(store->GetSetting("zone"), "UTC");
}

TEST(MysqlStore, ServerThatIsNotThereIsAskedSeldom) {
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(silent, 8), 0);
  getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  Options options;
  options.port = ntohs(address.sin_port);
  options.connect_timeout = options.read_timeout = seconds(1);
  const auto store = OpenMysqlStore(options);
  const Status first = store->Ping();
  EXPECT_EQ(first.error().code, ErrorCode::kUnavailable);
  close(silent);
  EXPECT_EQ(store->Ping().error().code, ErrorCode::kUnavailable);
}

TEST(MysqlStore, WrongPasswordAndMissingTlsSayWhatIsWrong) {
  MariadbServer& server = MariadbServer::Shared();
  const std::string database = server.NewDatabase();
  Options options = server.TcpOptionsFor(database);
  options.password = "wrong";
  const Status denied = OpenMysqlStore(options)->Ping();
  EXPECT_EQ(denied.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(denied.error().message.find("Access denied"), std::string::npos);
  options = server.TcpOptionsFor(database);
  options.tls = Tls::kEncrypt;
  const Status plain = OpenMysqlStore(options)->Ping();
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().message.find("SSL"), std::string::npos) << plain.error().message;
}

TEST(MysqlStore, WhatDoesNotFitIsRefusedAndNeverCut) {
  MariadbServer& server = MariadbServer::Shared();
  const auto store = OpenMysqlStore(server.OptionsFor(server.NewDatabase()));
  EXPECT_EQ(store->GetOrPutSetting(std::string(300, 'n'), "v").error().code,
            ErrorCode::kInvalidArgument);
  User user;
  user.account = std::string(300, 'a');
  EXPECT_EQ(store->CreateUser(user).error().code, ErrorCode::kInvalidArgument);
  const std::string moon = "\U0001f31c \u5f20\u4e09 'quoted' \\ \"too\"";
  Must(store->PutSetting("moon", moon));
  EXPECT_EQ(store->GetSetting("moon"), moon);
  user.account = "Ann";
  user.name = moon;
  const auto id = store->CreateUser(user);
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(store->UserByAccount("ann").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->UserById(*id)->name, moon);
  // An output larger than any buffer comes back whole.
  task::LedgerRecord record = RunOf(1, 1);
  record.output.head.assign(3'000'000, 'h');
  record.output.tail.assign(1'000'000, 't');
  record.run->output_bytes = 4'000'000;
  Must(store->Record(std::vector{record}));
  EXPECT_EQ(store->ReadOutput(record.run->run_id, 0, 4'000'000)->bytes,
            record.output.head + record.output.tail);
}

// Batches that name the same tasks in any order, from several programs, beside one that prunes.
TEST(MysqlStore, WritersOfTheSameTasksWaitForEachOther) {
  MariadbServer& server = MariadbServer::Shared();
  const Options options = server.OptionsFor(server.NewDatabase());
  constexpr int kWriters = 4, kBatches = 15, kRows = 12;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto store = OpenMysqlStore(options);
      for (int batch = 0; batch < kBatches; ++batch) {
        std::vector<task::LedgerRecord> records;
        for (int i = 0; i < kRows; ++i) {
          const int row = writer % 2 == 0 ? i : kRows - 1 - i;
          auto record = RunOf(batch * kRows + row, kRows);
          record.run->run_id += "-" + std::to_string(writer);
          record.run->node_id = std::to_string(writer);
          records.push_back(record);
        }
        Must(store->Record(records));
        if (writer == 0) {
          const auto pruned = store->Prune(
              {.max_age = seconds(0), .max_rows_per_task = 1000, .max_output_bytes = 0}, Instant(),
              100);
          EXPECT_TRUE(pruned) << pruned.error().message;
        }
      }
    });
  }
  for (auto& writer : writers) writer.join();
  const auto store = OpenMysqlStore(options);
  EXPECT_EQ(RunsIn(*store), static_cast<std::size_t>(kWriters * kBatches * kRows));
  // Nothing was counted twice or forgotten.
  const auto session = server.Connect(options.database);
  EXPECT_EQ(session->Number("SELECT SUM(row_count) = (SELECT COUNT(*) FROM gc_run) FROM "
                            "gc_ledger_task"),
            1);
  EXPECT_EQ(session->Number("SELECT value = (SELECT SUM(bytes) FROM gc_run_output) FROM "
                            "gc_ledger_total"),
            1);
  EXPECT_EQ(session->Number("SELECT CAST(SUM(run_count) AS SIGNED) FROM gc_run_context"),
            kWriters * kBatches * kRows);
}

}  // namespace
}  // namespace gophercron::storage::mysql
