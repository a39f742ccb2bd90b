// GopherCron v1's tables become ours: with their rows, once, and whatever interrupts.

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

#include "storage/mysql/migrator.h"
#include "storage/mysql/mysql_store.h"
#include "storage/mysql/schema.h"
#include "tests/mysql/mariadb_server.h"

namespace gophercron::storage::mysql {
namespace {

void Must(const Status& status) {
  ASSERT_TRUE(status) << status.error().message;
}

// As a start of GopherCron v1 leaves them, and rows that real ones have.
std::string V1Database() {
  MariadbServer& server = MariadbServer::Shared();
  const std::string name = server.NewDatabase();
  const auto session = server.Connect(name);
  for (const char* statement : {
           "CREATE TABLE gc_user (id bigint(20) NOT NULL AUTO_INCREMENT, name varchar(100) NOT "
           "NULL COMMENT 'n', permission varchar(100) NOT NULL, account varchar(100) NOT NULL, "
           "password varchar(255) NOT NULL, salt varchar(6) NOT NULL, create_time bigint(20) NOT "
           "NULL, PRIMARY KEY (id), KEY name (name), KEY account (account))",
           "CREATE TABLE gc_project (id bigint(20) NOT NULL AUTO_INCREMENT, uid bigint(20) NOT "
           "NULL, title varchar(100) NOT NULL, remark varchar(255) NOT NULL, PRIMARY KEY (id), KEY "
           "uid (uid), KEY title (title))",
           "CREATE TABLE gc_project_relevance (id bigint(20) NOT NULL AUTO_INCREMENT, uid "
           "bigint(20) NOT NULL, project_id bigint(20) NOT NULL, create_time bigint(20) NOT NULL, "
           "PRIMARY KEY (id), KEY uid (uid), KEY project_id (project_id))",
           "CREATE TABLE gc_task_log (id bigint(20) NOT NULL AUTO_INCREMENT, project_id bigint(20) "
           "NOT NULL, task_id bigint(20) NOT NULL, project varchar(100) NOT NULL, name "
           "varchar(100) NOT NULL, result varchar(20) NOT NULL, start_time bigint(20) NOT NULL, "
           "end_time bigint(20) NOT NULL, command varchar(255) NOT NULL, with_error int(11) NOT "
           "NULL, client_ip varchar(20) NOT NULL, PRIMARY KEY (id), KEY project_id (project_id), "
           "KEY task_id (task_id), KEY name (name), KEY client_ip (client_ip))",
           "INSERT INTO gc_user VALUES (1, 'administrator', 'admin,user', 'admin', "
           "'0192023a7bbd73250516f069df18b500', 'A1B2C3', 1592388976), (2, '\u5f20\u4e09', '', "
           "'zhang', 'd41d8cd98f00b204e9800998ecf8427e', 'ZZZZZZ', 1592388977), (3, 'twin', '', "
           "'zhang', 'x', 'YYYYYY', 1592388978)",
           "INSERT INTO gc_project VALUES (1, 1, 'ops', ''), (2, 2, 'web', 'r'), (7, 2, 'ops', '')",
           // A double, and memberships of a project and a user that are gone.
           "INSERT INTO gc_project_relevance VALUES (1, 1, 1, 10), (2, 2, 1, 20), (3, 2, 1, 30), "
           "(4, 2, 2, 40), (5, 2, 99, 50), (6, 98, 1, 60)",
           "INSERT INTO gc_task_log VALUES (1, 1, 236874, 'ops', 'job', '{\"result\":\"ok\"}', "
           "1592388900, 1592388901, 'echo ok', 0, '10.0.0.1'), (2, 1, 236874, 'ops', 'job', "
           "'{\"result\":\"\",\"syste', 1592388960, 1592388961, 'false', 1, '10.0.0.1'), (3, 2, 5, "
           "'web', 'other', '{}', 1592388960, 1592388961, 'true', 0, '')",
       }) {
    const Status made = session->Exec(statement);
    EXPECT_TRUE(made) << made.error().message;
  }
  return name;
}

void ExpectTakenOver(const std::string& database) {
  const auto store = OpenMysqlStore(MariadbServer::Shared().OptionsFor(database));
  const auto admin = store->UserByAccount("admin");
  ASSERT_TRUE(admin) << admin.error().message;
  EXPECT_EQ(admin->password_hash, "0192023a7bbd73250516f069df18b500");
  EXPECT_EQ(admin->salt, "A1B2C3");
  EXPECT_EQ(admin->permission, "admin,user");
  EXPECT_FALSE(admin->must_change_password);
  EXPECT_EQ(store->UserByAccount("zhang")->id, 2);
  EXPECT_EQ(store->UserByAccount("zhang")->name, "\u5f20\u4e09");
  EXPECT_EQ(store->UserByAccount("zhang#3")->name, "twin");

  EXPECT_EQ(store->ProjectByTitle("ops")->id, 1);
  EXPECT_EQ(store->ProjectByTitle("ops #7")->id, 7);
  const auto members = store->ListMembers(1);
  ASSERT_EQ(members->size(), 2u);
  EXPECT_EQ(members->at(0).role, Role::kOwner);
  EXPECT_EQ(members->at(1).role, Role::kEditor);
  EXPECT_EQ(members->at(1).created_at, Instant(seconds(20)));
  EXPECT_EQ(store->MembershipsOf(2)->size(), 2u);

  const task::TaskKey task{.project_id = 1, .task_id = "236874"};
  const auto logs = store->ListV1Logs(task, std::numeric_limits<std::int64_t>::max(), 10);
  ASSERT_TRUE(logs) << logs.error().message;
  ASSERT_EQ(logs->size(), 2u);
  EXPECT_EQ(logs->at(0).id, 2);
  EXPECT_TRUE(logs->at(0).with_error);
  EXPECT_EQ(logs->at(1).result, "{\"result\":\"ok\"}");
  EXPECT_EQ(logs->at(1).started_at, Instant(seconds(1592388900)));
  EXPECT_EQ(store->ListV1Logs(task, 2, 10)->size(), 1u);
  EXPECT_EQ(store->CountV1Logs(task).value_or(-1), 2);
  const auto second = store->ListV1Logs(task, std::numeric_limits<std::int64_t>::max(), 10, 1);
  ASSERT_TRUE(second && second->size() == 1);
  EXPECT_EQ(second->front().id, logs->at(1).id);
  const auto counts = store->CountRunsClaimed(1, Instant(), Instant(seconds(1'900'000'000)));
  ASSERT_TRUE(counts) << counts.error().message;
  std::int64_t runs = 0;
  for (const RunCount& count : *counts) runs += count.runs;
  EXPECT_GE(runs, 2);
}

TEST(MysqlMigration, TakesOverV1sTables) {
  const std::string database = V1Database();
  ExpectTakenOver(database);
  const auto store = OpenMysqlStore(MariadbServer::Shared().OptionsFor(database));
  // What used to be cut or refused fits: v1's agents and ours.
  const auto session = MariadbServer::Shared().Connect(database);
  sql::Changes changes;
  const std::string output(100'000, 'x');
  Must(session->Execute(
      "INSERT INTO gc_task_log (project_id, task_id, project, name, result, start_time, end_time, "
      "command, with_error, client_ip) VALUES (1, 'nightly-\U0001f31c', 'ops', 'n', ?, 1, 2, ?, 0, "
      "'')",
      std::vector<sql::Value>{std::string_view(output), std::string_view(output)}, &changes));
  const task::TaskKey nightly{.project_id = 1, .task_id = "nightly-\U0001f31c"};
  EXPECT_EQ(store->ListV1Logs(nightly, 1000, 10)->at(0).result.size(), output.size());

  // By age, with a task's history, with a project.
  const Retention keep{.max_age = seconds(1000), .max_rows_per_task = 0, .max_output_bytes = 0};
  EXPECT_EQ(store->Prune(keep, Instant(seconds(1592388901 + 1000)), 1000), 2);
  const task::TaskKey job{.project_id = 1, .task_id = "236874"};
  EXPECT_EQ(store->ListV1Logs(job, 1000, 10)->size(), 1u);
  Must(store->DeleteTaskHistory(job));
  EXPECT_TRUE(store->ListV1Logs(job, 1000, 10)->empty());
  Must(store->DeleteProject(2));
  EXPECT_EQ(session->Number("SELECT COUNT(*) FROM gc_task_log"), 0);
}

TEST(MysqlMigration, GoesOnWhereItWasInterrupted) {
  const std::string database = V1Database();
  const Options options = MariadbServer::Shared().OptionsFor(database);
  int interrupted = 0;
  while (true) {
    // Each call redoes what may be redone, and then gets one step further.
    const Status status = Migrate(options, interrupted);
    if (status) break;
    ASSERT_EQ(status.error().code, ErrorCode::kUnavailable) << status.error().message;
    ASSERT_LT(++interrupted, 200);
  }
  EXPECT_GT(interrupted, 5);
  ExpectTakenOver(database);
}

TEST(MysqlMigration, HappensOnceWhenManyStartTogether) {
  for (const std::string& database : {MariadbServer::Shared().NewDatabase(), V1Database()}) {
    std::vector<std::thread> starters;
    for (int i = 0; i < 4; ++i) {
      starters.emplace_back([&] {
        Options options = MariadbServer::Shared().OptionsFor(database);
        const auto store = OpenMysqlStore(options);
        Must(store->Ping());
        EXPECT_TRUE(store->ListUsers());
      });
    }
    for (auto& starter : starters) starter.join();
    EXPECT_EQ(MariadbServer::Shared().Connect(database)->Number("SELECT COUNT(*) FROM gc_schema"),
              std::ssize(kMigrations));
  }
}

TEST(MysqlMigration, LeavesNewTablesToNewProgramsAndOldOnesToTheService) {
  const std::string database = MariadbServer::Shared().NewDatabase();
  Options guest = MariadbServer::Shared().OptionsFor(database);
  guest.migrate = false;
  EXPECT_EQ(Migrate(guest).error().code, ErrorCode::kUnavailable);
  Must(Migrate(MariadbServer::Shared().OptionsFor(database)));
  Must(Migrate(guest));
  const auto session = MariadbServer::Shared().Connect(database);
  Must(session->Exec("INSERT INTO gc_schema VALUES (98, 1, 0)"));
  Must(Migrate(guest));
  Must(session->Exec("INSERT INTO gc_schema VALUES (99, 99, 0)"));
  EXPECT_EQ(Migrate(guest).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace gophercron::storage::mysql
