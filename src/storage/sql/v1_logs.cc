// gc_task_log: the runs that GopherCron v1's agents wrote. Read and removed here, never written.

#include <algorithm>
#include <limits>

#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

constexpr std::int64_t kRowsPerTransaction = 500;

V1Log ReadLog(const Row& row) {
  return {.id = row.Int(0),
          .task = {.project_id = row.Int(1), .task_id = row.Text(2)},
          .project_title = row.Text(3),
          .task_name = row.Text(4),
          .command = row.Text(5),
          .result = row.Text(6),
          .with_error = row.Int(7) != 0,
          .started_at = Instant(seconds(row.Int(8))),
          .ended_at = Instant(seconds(row.Int(9))),
          .node_address = row.Text(10)};
}

}  // namespace

Result<std::vector<V1Log>> SqlStore::ListV1Logs(const task::TaskKey& task, std::int64_t before,
                                                int limit, int offset) {
  std::vector<V1Log> logs;
  const Status read = driver_->Read([&](Connection& db) {
    if (!db.dialect().v1_logs || limit <= 0) return;
    db.Each(
        "SELECT id, project_id, task_id, project, name, command, result, with_error, start_time, "
        "end_time, client_ip FROM gc_task_log WHERE project_id = ? AND task_id = ? AND id < ? "
        "ORDER BY id DESC LIMIT ? OFFSET ?",
        {task.project_id, task.task_id, before, std::int64_t{limit},
         std::int64_t{std::max(offset, 0)}},
        [&](const Row& row) { logs.push_back(ReadLog(row)); });
  });
  if (!read) return std::unexpected(read.error());
  return logs;
}

Result<std::int64_t> SqlStore::CountV1Logs(const task::TaskKey& task) {
  std::optional<std::int64_t> count;
  const Status read = driver_->Read([&](Connection& db) {
    if (!db.dialect().v1_logs) return;
    count = db.First("SELECT COUNT(*) FROM gc_task_log WHERE project_id = ? AND task_id = ?",
                     {task.project_id, task.task_id}, [](const Row& row) { return row.Int(0); });
  });
  if (!read) return std::unexpected(read.error());
  return count.value_or(0);
}

Status SqlStore::RemoveV1Logs(std::string_view statement, const std::vector<Value>& parameters,
                              std::int64_t* budget) {
  bool more = true;
  while (more && *budget > 0) {
    std::int64_t removed = 0;
    const Status gone = driver_->Write([&](Connection& db) {
      removed = 0;
      more = db.dialect().v1_logs;
      if (!more) return;
      const std::int64_t limit = std::min(kRowsPerTransaction, *budget);
      std::vector<Value> values = parameters;
      values.emplace_back(limit);
      removed = db.Run(statement, values).rows;
      more = removed == limit;
    });
    if (!gone) return gone;
    *budget -= removed;
  }
  return {};
}

Status SqlStore::PruneV1Logs(const Retention& retention, Instant now, std::int64_t* budget) {
  if (retention.max_age <= seconds(0)) return {};
  const std::int64_t cutoff =
      std::chrono::floor<seconds>(now - retention.max_age).time_since_epoch().count();
  return RemoveV1Logs("DELETE FROM gc_task_log WHERE start_time < ? ORDER BY start_time LIMIT ?",
                      {cutoff}, budget);
}

Status SqlStore::DeleteV1Logs(const task::TaskKey& task) {
  std::int64_t budget = std::numeric_limits<std::int64_t>::max();
  return RemoveV1Logs(
      "DELETE FROM gc_task_log WHERE project_id = ? AND task_id = ? ORDER BY id LIMIT ?",
      {task.project_id, task.task_id}, &budget);
}

Status SqlStore::DeleteV1LogsOf(task::ProjectId project) {
  std::int64_t budget = std::numeric_limits<std::int64_t>::max();
  return RemoveV1Logs("DELETE FROM gc_task_log WHERE project_id = ? ORDER BY id LIMIT ?", {project},
                      &budget);
}

}  // namespace gophercron::storage::sql
