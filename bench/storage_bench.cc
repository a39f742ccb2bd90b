// USES: storage_sqlite mariadb_server
// What the ledger costs, in SQLite and in MariaDB: recording in batches against one by one, and
// pages out of many rows. MariaDB is started here, in a folder of its own, every commit on disk.
//
//   storage_bench [ROWS [sqlite|mysql]]   1000000 rows and both when not given; files go to TMPDIR

#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mysql/mysql_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/mysql/mariadb_server.h"

namespace gophercron::storage {
namespace {

constexpr int kTasks = 100;

task::LedgerRecord RunOf(std::int64_t number) {
  task::LedgerRecord record;
  auto& run = record.run.emplace();
  char id[27];
  std::snprintf(id, sizeof id, "01hf%022lld", static_cast<long long>(number));
  run.run_id = id;
  run.task = {.project_id = 1 + number % 10, .task_id = std::to_string(number % kTasks)};
  run.tick = TickInstant(seconds(1'700'000'000 + number / kTasks));
  run.after = *run.tick - seconds(1);
  run.task_name = "rotate logs";
  run.command = "/usr/bin/rotate --keep 10 /var/log/app/*.log";
  run.node_id = "01hf00000000000000000000aa";
  run.node_address = "10.0.0.1";
  run.fence = number;
  run.claimed_at = *run.tick;
  run.started_at = run.claimed_at;
  run.ended_at = run.claimed_at + milliseconds(20);
  run.outcome = number % 5000 == 0 ? task::Outcome::kFailed : task::Outcome::kSucceeded;
  run.exit_code = 0;
  record.output.head = "rotated 3 files\n";
  run.output_bytes = static_cast<std::int64_t>(record.output.head.size());
  return record;
}

template <class F>
double Seconds(F&& use) {
  const auto begin = std::chrono::steady_clock::now();
  use();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double RowsPerSecond(Store& store, std::int64_t first, std::int64_t rows, std::int64_t batch) {
  std::vector<task::LedgerRecord> records;
  double spent = 0;
  for (std::int64_t at = first; at < first + rows; at += batch) {
    records.clear();
    for (std::int64_t i = at; i < at + batch; ++i) records.push_back(RunOf(i));
    spent += Seconds([&] {
      if (const Status recorded = store.Record(records); !recorded) {
        std::fprintf(stderr, "%s\n", recorded.error().message.c_str());
        std::exit(1);
      }
    });
  }
  return static_cast<double>(rows) / spent;
}

void Measure(Store& store, std::int64_t rows) {
  const double single = RowsPerSecond(store, 0, 500, 1);
  const double batched = RowsPerSecond(store, 500, rows - 500, 500);
  std::printf("Record, 500 a batch        %10.0f rows/s  %6.1f x one by one (%.0f rows/s)\n",
              batched, batched / single, single);
  const auto show = [&](const char* what, auto&& use) {
    use();
    std::printf("%-26s %10.2f ms\n", what, 1e3 * Seconds([&] {
                                             for (int i = 0; i < 20; ++i) use();
                                           }) / 20);
  };
  RunQuery all, project, failed, task;
  project.projects = std::vector<task::ProjectId>{3};
  failed.outcome = task::Outcome::kFailed;
  task.task = {.project_id = 8, .task_id = "7"};
  show("ListRuns, all", [&] { (void)store.ListRuns(all); });
  show("ListRuns, a project", [&] { (void)store.ListRuns(project); });
  show("ListRuns, failed", [&] { (void)store.ListRuns(failed); });
  show("ListRuns, a task", [&] { (void)store.ListRuns(task); });
  LedgerQuery ledger;
  ledger.task = *task.task;
  show("ListLedger, 100 rows", [&] { (void)store.ListLedger(ledger); });
  const Instant begin(seconds(1'700'000'000));
  show("CountOutcomes, all of it",
       [&] { (void)store.CountOutcomes(*task.task, begin, begin + std::chrono::days(30)); });
  show("FindGaps", [&] { (void)store.FindGaps(100, {}); });
  show("RecentRuns, 10 tasks", [&] { (void)store.RecentRuns(8, 10); });
  const double prune = Seconds([&] {
    (void)store.Prune({.max_age = seconds(0), .max_rows_per_task = rows / kTasks - 500}, begin,
                      50'000);
  });
  std::printf("Prune                      %10.0f rows/s\n",
              static_cast<double>(std::min<std::int64_t>(50'000, 500 * kTasks)) / prune);
}

int Sqlite(std::int64_t rows) {
  std::string folder = (std::filesystem::temp_directory_path() / "storage_bench.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const std::string path = folder + "/gophercron.db";
  {
    auto opened = OpenSqliteStore(path);
    if (!opened) return 1;
    std::printf("SQLite\n");
    Measure(**opened, rows);
  }
  std::printf("file                       %10.0f bytes a row\n",
              static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(rows));
  std::filesystem::remove_all(folder);
  return 0;
}

int Mysql(std::int64_t rows) {
  mysql::MariadbServer server(/*synced=*/true);
  std::printf("MariaDB\n");
  Measure(*OpenMysqlStore(server.OptionsFor(server.NewDatabase())), rows);
  return 0;
}

}  // namespace
}  // namespace gophercron::storage

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const std::string_view which = argc > 2 ? argv[2] : "";
  const int failed = which == "mysql" ? 0 : gophercron::storage::Sqlite(rows);
  return which == "sqlite" || failed != 0 ? failed : gophercron::storage::Mysql(rows);
}
