#include "storage/sql/ledger_rows.h"

#include <algorithm>
#include <map>

namespace gophercron::storage::sql {
namespace {

std::optional<std::int64_t> OptionalInt(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}
std::optional<TickInstant> OptionalTick(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return ToTick(row.Int(column));
}
std::optional<Instant> OptionalInstant(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return ToInstant(row.Int(column));
}
std::optional<int> OptionalSmall(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return static_cast<int>(row.Int(column));
}

// A number that no enumerator has comes from a newer program; the nearest truth is kept.
template <class E>
E Enumerator(std::int64_t number, E last) {
  return number >= 0 && number <= static_cast<std::int64_t>(last) ? static_cast<E>(number) : last;
}

// The runs whose run_id … and whose task is not being deleted.
constexpr std::string_view kRuns =
    "SELECT r.run_id, r.project_id, t.task_id, r.at, r.planned, r.after_at, r.cause, r.attempt, "
    "c.task_name, c.command, c.task_revision, c.node_id, c.node_address, r.fence, r.claimed_us, "
    "r.started_us, r.ended_us, r.outcome, r.reason, r.detail, r.exit_code, r.signal, "
    "r.core_dumped, r.requested_by, r.killed_by, r.output_bytes, r.dropped_bytes, r.cpu_us, "
    "r.memory_max_kib FROM gc_run r JOIN gc_ledger_task t ON t.id = r.task JOIN gc_run_context c "
    "ON c.id = r.context WHERE r.run_id";
constexpr std::string_view kNotDoomed = " AND t.doomed = 0";

constexpr std::string_view kTask =
    "SELECT id, last_at, oldest_at, pruned_at, row_count FROM gc_ledger_task WHERE project_id = ? "
    "AND task_id = ? AND doomed = 0";

TaskRow ReadTask(const Row& row) {
  return {.id = row.Int(0),
          .last_at = OptionalInt(row, 1),
          .oldest_at = OptionalInt(row, 2),
          .pruned_at = OptionalInt(row, 3),
          .row_count = row.Int(4)};
}

task::RunRecord ReadRun(const Row& row) {
  task::RunRecord run;
  run.run_id = row.Text(0);
  run.task = {.project_id = row.Int(1), .task_id = row.Text(2)};
  if (row.Int(4) != 0) run.tick = ToTick(row.Int(3));
  run.after = OptionalTick(row, 5);
  run.cause = Enumerator(row.Int(6), task::Cause::kRetry);
  run.attempt = static_cast<int>(row.Int(7));
  run.task_name = row.Text(8);
  run.command = row.Text(9);
  run.task_revision = row.Int(10);
  run.node_id = row.Text(11);
  run.node_address = row.Text(12);
  run.fence = row.Int(13);
  run.claimed_at = ToInstant(row.Int(14));
  run.started_at = OptionalInstant(row, 15);
  run.ended_at = OptionalInstant(row, 16);
  run.outcome = Enumerator(row.Int(17), task::Outcome::kSuperseded);
  run.reason = Enumerator(row.Int(18), task::Reason::kStoreHeld);
  run.detail = row.Text(19);
  run.exit_code = OptionalSmall(row, 20);
  run.signal = OptionalSmall(row, 21);
  run.core_dumped = row.Int(22) != 0;
  run.requested_by = row.Text(23);
  run.killed_by = row.Text(24);
  run.output_bytes = row.Int(25);
  run.dropped_bytes = row.Int(26);
  run.cpu_us = row.Int(27);
  run.memory_max_kib = row.Int(28);
  return run;
}

}  // namespace

std::optional<TaskRow> FindTask(Connection& db, const task::TaskKey& key) {
  return db.First(kTask, {key.project_id, key.task_id}, ReadTask);
}

std::optional<TaskRow> LockTask(Connection& db, const task::TaskKey& key) {
  return db.First(std::string(kTask) += db.dialect().for_update, {key.project_id, key.task_id},
                  ReadTask);
}

std::optional<task::RunRecord> FindRun(Connection& db, std::string_view run_id) {
  std::optional<task::RunRecord> run;
  EachIn(db, kRuns, {run_id}, kNotDoomed, [&](const Row& row) { run = ReadRun(row); });
  return run;
}

std::vector<task::RunRecord> RunsOf(Connection& db, const std::vector<std::string>& run_ids) {
  std::map<std::string, task::RunRecord, std::less<>> found;
  EachIn(db, kRuns, {run_ids.begin(), run_ids.end()}, kNotDoomed, [&](const Row& row) {
    task::RunRecord run = ReadRun(row);
    found.insert_or_assign(run.run_id, std::move(run));
  });
  std::vector<task::RunRecord> runs;
  for (const std::string& id : run_ids) {
    const auto run = found.find(id);
    if (run != found.end()) runs.push_back(run->second);
  }
  return runs;
}

void EachIn(Connection& db, std::string_view query, const std::vector<std::string_view>& keys,
            std::string_view rest, const std::function<void(const Row&)>& on_row) {
  for (std::size_t first = 0; first < keys.size();) {
    const std::size_t left = keys.size() - first;
    const std::size_t size = left > 10 ? 100 : left > 1 ? 10 : 1;
    std::string statement = std::string(query) + " IN (?";
    std::vector<Value> values;
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) statement += ", ?";
      values.emplace_back(keys[std::min(first + i, keys.size() - 1)]);
    }
    db.Each((statement += ")") += rest, values, on_row);
    first += size;
  }
}

std::vector<std::string> RunIdsAt(Connection& db, std::int64_t task, std::int64_t at) {
  std::vector<std::string> ids;
  db.Each(
      "SELECT run_id FROM gc_run WHERE task = ? AND at = ? AND planned = 1 ORDER BY attempt, "
      "run_id",
      {task, at}, [&](const Row& row) { ids.push_back(row.Text(0)); });
  return ids;
}

task::OutcomeSpan ReadSpan(const Row& row, const task::TaskKey& key) {
  return {.task = key,
          .first = ToTick(row.Int(0)),
          .last = ToTick(row.Int(1)),
          .count = row.Int(2),
          .after = OptionalTick(row, 3),
          .outcome = Enumerator(row.Int(4), task::Outcome::kSuperseded),
          .reason = Enumerator(row.Int(5), task::Reason::kStoreHeld),
          .detail = row.Text(6),
          .node_id = row.Text(7),
          .recorded_at = ToInstant(row.Int(8))};
}

std::vector<task::OutcomeSpan> SpansWithin(Connection& db, std::int64_t task,
                                           const task::TaskKey& key, std::int64_t first,
                                           std::int64_t last) {
  std::vector<task::OutcomeSpan> spans;
  const auto add = [&](const Row& row) { spans.push_back(ReadSpan(row, key)); };
  // Spans of a task never overlap: of those that begin earlier only the last can reach in.
  db.Each("SELECT " GOPHERCRON_SPAN_COLUMNS
          " FROM gc_outcome_span WHERE task = ? AND first_at < ? ORDER BY first_at DESC LIMIT 1",
          {task, first}, add);
  if (!spans.empty() && FromTick(spans.back().last) < first) spans.clear();
  db.Each("SELECT " GOPHERCRON_SPAN_COLUMNS
          " FROM gc_outcome_span WHERE task = ? AND first_at >= ? AND first_at <= ? ORDER BY "
          "first_at",
          {task, first, last}, add);
  return spans;
}

std::optional<std::int64_t> LastBefore(Connection& db, const TaskRow& task, std::int64_t at) {
  const auto number = [](const Row& row) { return row.Int(0); };
  std::optional<std::int64_t> last = task.pruned_at;
  // nullopt is less than any number.
  last = std::max(last, db.First("SELECT at FROM gc_run WHERE task = ? AND at < ? AND planned = 1 "
                                 "ORDER BY at DESC, attempt DESC LIMIT 1",
                                 {task.id, at}, number));
  last =
      std::max(last, db.First("SELECT last_at FROM gc_outcome_span WHERE task = ? AND first_at < "
                              "? ORDER BY first_at DESC LIMIT 1",
                              {task.id, at}, number));
  return last;
}

RemovedRun RemoveRun(Connection& db, std::string_view run_id) {
  const auto number = [](const Row& row) { return row.Int(0); };
  RemovedRun removed;
  removed.context =
      db.First("SELECT context FROM gc_run WHERE run_id = ?", {run_id}, number).value_or(0);
  removed.output_bytes =
      db.First("SELECT bytes FROM gc_run_output WHERE run_id = ?", {run_id}, number).value_or(0);
  if (removed.output_bytes > 0 &&
      db.Run("DELETE FROM gc_run_output WHERE run_id = ?", {run_id}).rows == 0) {
    removed.output_bytes = 0;
  }
  db.Run("DELETE FROM gc_run WHERE run_id = ?", {run_id});
  return removed;
}

void AddToContext(Connection& db, std::int64_t context, std::int64_t runs) {
  if (runs == 0) return;
  db.Run("UPDATE gc_run_context SET run_count = run_count + ? WHERE id = ?", {runs, context});
  if (runs < 0) db.Run("DELETE FROM gc_run_context WHERE id = ? AND run_count <= 0", {context});
}

void AddToOutputTotal(Connection& db, std::int64_t bytes) {
  if (bytes == 0) return;
  db.Run("UPDATE gc_ledger_total SET value = value + ? WHERE name = 'output_bytes'", {bytes});
}

}  // namespace gophercron::storage::sql
