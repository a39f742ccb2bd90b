// Removing history: by age, by rows of a task, by bytes of output, and whole tasks. Always in short
// transactions, so that results being recorded wait for milliseconds.

#include <algorithm>
#include <limits>

#include "storage/sql/ledger_rows.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

constexpr std::int64_t kRowsPerTransaction = 500;

// A row as pruning sees it: a run or a span.
struct OldRow {
  std::int64_t at = 0;  // its last tick
  std::int64_t first_at = 0;
  bool planned = true;
  std::string run_id;  // empty for a span
};

struct OldestRows {
  std::vector<OldRow> rows;           // ascending, without the newest run: that one stays
  std::optional<std::int64_t> stays;  // when the newest run was
};

OldestRows FindOldest(Connection& db, std::int64_t task, std::int64_t limit) {
  const auto newest = db.First(
      "SELECT run_id, at FROM gc_run WHERE task = ? ORDER BY at DESC, attempt DESC, run_id DESC "
      "LIMIT 1",
      {task}, [](const Row& row) { return std::pair(row.Text(0), row.Int(1)); });
  std::vector<OldRow> rows;
  db.Each(
      "SELECT at, planned, run_id FROM gc_run WHERE task = ? ORDER BY at, attempt, run_id LIMIT "
      "?",
      {task, limit}, [&](const Row& row) {
        if (row.Text(2) == newest->first) return;
        rows.push_back({.at = row.Int(0),
                        .first_at = row.Int(0),
                        .planned = row.Int(1) != 0,
                        .run_id = row.Text(2)});
      });
  db.Each(
      "SELECT last_at, first_at FROM gc_outcome_span WHERE task = ? ORDER BY first_at LIMIT ?",
      {task, limit}, [&](const Row& row) {
        rows.push_back({.at = row.Int(0), .first_at = row.Int(1), .planned = true, .run_id = {}});
      });
  std::ranges::stable_sort(rows, {}, &OldRow::at);
  if (static_cast<std::int64_t>(rows.size()) > limit) rows.resize(static_cast<std::size_t>(limit));
  return {.rows = std::move(rows), .stays = newest ? std::optional(newest->second) : std::nullopt};
}

struct Removal {
  std::int64_t rows = 0;
  std::optional<std::int64_t> last_planned;
};

Removal RemoveRows(Connection& db, std::int64_t task, std::span<const OldRow> rows) {
  Removal removal;
  std::vector<std::pair<std::int64_t, std::int64_t>> contexts;
  std::int64_t bytes = 0;
  for (const OldRow& row : rows) {
    if (row.run_id.empty()) {
      db.Run("DELETE FROM gc_outcome_span WHERE task = ? AND first_at = ?", {task, row.first_at});
    } else {
      const RemovedRun removed = RemoveRun(db, row.run_id);
      bytes += removed.output_bytes;
      if (contexts.empty() || contexts.back().first != removed.context) {
        contexts.emplace_back(removed.context, 0);
      }
      --contexts.back().second;
    }
    ++removal.rows;
    if (row.planned) removal.last_planned = std::max(removal.last_planned, std::optional(row.at));
  }
  for (const auto& [context, runs] : contexts) AddToContext(db, context, runs);
  AddToOutputTotal(db, -bytes);
  return removal;
}

// One short transaction's worth of one task. True when the task needs another.
bool PruneTask(Connection& db, std::int64_t id, std::int64_t cutoff, std::int64_t max_rows,
               std::int64_t* budget) {
  struct Counted {
    std::int64_t rows;
    std::optional<std::int64_t> pruned_at;
  };
  const auto task = db.First(
      std::string("SELECT row_count, pruned_at FROM gc_ledger_task WHERE id = ?") +=
      db.dialect().for_update,
      {id}, [](const Row& row) {
        return Counted{row.Int(0), row.IsNull(1) ? std::nullopt : std::optional(row.Int(1))};
      });
  if (!task) return false;
  std::int64_t excess = max_rows > 0 ? std::max<std::int64_t>(0, task->rows - max_rows) : 0;
  const std::int64_t chunk = std::min(kRowsPerTransaction, *budget);
  // One more than may go: it says what is the oldest then.
  const auto [oldest, stays] = FindOldest(db, id, chunk + 1);
  std::size_t go = 0;
  while (go < oldest.size() && static_cast<std::int64_t>(go) < chunk &&
         (oldest[go].at < cutoff || excess > 0)) {
    ++go;
    --excess;
  }
  const Removal removal = RemoveRows(db, id, std::span(oldest).first(go));
  const auto pruned = std::max(task->pruned_at, removal.last_planned);
  // The run that stays counts too: once a newer one has come it may go.
  std::optional<std::int64_t> left = stays;
  if (go < oldest.size() && (!left || oldest[go].at < *left)) left = oldest[go].at;
  db.Run(
      "UPDATE gc_ledger_task SET row_count = row_count - ?, pruned_at = ?, oldest_at = ? WHERE "
      "id = ?",
      {removal.rows, Nullable(pruned), Nullable(left), id});
  *budget -= removal.rows;
  return go < oldest.size() && (oldest[go].at < cutoff || excess > 0);
}

}  // namespace

Status SqlStore::PruneTasks(const Retention& retention, Instant now, std::int64_t* budget) {
  const std::int64_t cutoff =
      retention.max_age > seconds(0)
          ? std::chrono::floor<seconds>(now - retention.max_age).time_since_epoch().count()
          : std::numeric_limits<std::int64_t>::min();
  const std::int64_t max_rows = retention.max_rows_per_task > 0
                                    ? retention.max_rows_per_task
                                    : std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> tasks;
  const Status read = driver_->Read([&](Connection& db) {
    // A task that has nothing but its newest run has nothing to give.
    db.Each(
        "SELECT id FROM gc_ledger_task WHERE doomed = 0 AND (oldest_at < ? OR row_count > ?) AND "
        "(row_count > 1 OR NOT EXISTS (SELECT 1 FROM gc_run WHERE task = gc_ledger_task.id))",
        {cutoff, max_rows}, [&](const Row& row) { tasks.push_back(row.Int(0)); });
  });
  if (!read) return read;
  for (const std::int64_t task : tasks) {
    bool more = true;
    while (more && *budget > 0) {
      std::int64_t left = *budget;
      const Status pruned = driver_->Write([&](Connection& db) {
        left = *budget;
        more = PruneTask(db, task, cutoff, max_rows, &left);
      });
      if (!pruned) return pruned;
      *budget = left;
    }
  }
  return {};
}

Status SqlStore::PruneOutputs(const Retention& retention, std::int64_t* budget) {
  bool more = retention.max_output_bytes > 0;
  while (more && *budget > 0) {
    std::int64_t gone = 0;
    const Status pruned = driver_->Write([&](Connection& db) {
      gone = 0;
      const std::int64_t total =
          db.First("SELECT value FROM gc_ledger_total WHERE name = 'output_bytes'", {},
                   [](const Row& row) { return row.Int(0); })
              .value_or(0);
      struct Output {
        std::int64_t id, bytes;
        std::string run_id;
      };
      std::vector<Output> oldest;
      if (total > retention.max_output_bytes) {
        db.Each("SELECT id, bytes, run_id FROM gc_run_output ORDER BY id LIMIT ?",
                {std::min(kRowsPerTransaction, *budget)},
                [&](const Row& row) { oldest.push_back({row.Int(0), row.Int(1), row.Text(2)}); });
      }
      std::int64_t bytes = 0;
      for (const Output& output : oldest) {
        if (total - bytes <= retention.max_output_bytes) break;
        // Of two programs that prune at once, one counts it.
        if (db.Run("DELETE FROM gc_run_output WHERE id = ?", {output.id}).rows == 0) continue;
        // So that the run itself says that its output is not there any more.
        db.Run("UPDATE gc_run SET dropped_bytes = output_bytes WHERE run_id = ?", {output.run_id});
        bytes += output.bytes;
        ++gone;
      }
      AddToOutputTotal(db, -bytes);
      more = gone > 0 && total - bytes > retention.max_output_bytes;
    });
    if (!pruned) return pruned;
    *budget -= gone;
  }
  return {};
}

Status SqlStore::RemoveDoomed(std::int64_t* budget) {
  std::vector<std::int64_t> tasks;
  const Status read = driver_->Read([&](Connection& db) {
    db.Each("SELECT id FROM gc_ledger_task WHERE doomed <> 0", {},
            [&](const Row& row) { tasks.push_back(row.Int(0)); });
  });
  if (!read) return read;
  for (const std::int64_t task : tasks) {
    bool more = true;
    while (more && *budget > 0) {
      std::int64_t removed = 0;
      const Status gone = driver_->Write([&](Connection& db) {
        removed = 0;
        more = db.First(std::string("SELECT id FROM gc_ledger_task WHERE id = ?") +=
                        db.dialect().for_update,
                        {task}, [](const Row& row) { return row.Int(0); })
                   .has_value();
        if (!more) return;  // another program has finished it
        const auto rows = FindOldest(db, task, std::min(kRowsPerTransaction, *budget)).rows;
        removed = RemoveRows(db, task, rows).rows;
        more = removed > 0;
        if (more) return;
        // What is left is the newest run, which other prunings keep.
        const auto last = db.First("SELECT run_id FROM gc_run WHERE task = ?", {task},
                                   [](const Row& row) { return row.Text(0); });
        if (last) AddToOutputTotal(db, -RemoveRun(db, *last).output_bytes);
        db.Run("DELETE FROM gc_run_context WHERE task = ?", {task});
        db.Run("DELETE FROM gc_ledger_gap WHERE task = ?", {task});
        db.Run("DELETE FROM gc_ledger_task WHERE id = ?", {task});
        removed = last ? 1 : 0;
      });
      if (!gone) return gone;
      *budget -= removed;
    }
  }
  return {};
}

Status SqlStore::DeleteTaskHistory(const task::TaskKey& task) {
  const Status marked = driver_->Write([&](Connection& db) {
    db.Run(
        "UPDATE gc_ledger_task SET doomed = id WHERE project_id = ? AND task_id = ? AND doomed = "
        "0",
        {task.project_id, task.task_id});
  });
  if (!marked) return marked;
  if (const Status gone = DeleteV1Logs(task); !gone) return gone;
  const std::lock_guard lock(prune_mutex_);
  std::int64_t budget = std::numeric_limits<std::int64_t>::max();
  return RemoveDoomed(&budget);
}

Result<std::int64_t> SqlStore::Prune(const Retention& retention, Instant now,
                                     std::int64_t rows_max) {
  const std::lock_guard lock(prune_mutex_);
  std::int64_t budget = rows_max;
  Status status = RemoveDoomed(&budget);
  if (status) status = PruneTasks(retention, now, &budget);
  if (status) status = PruneV1Logs(retention, now, &budget);
  if (status) status = PruneOutputs(retention, &budget);
  if (status) {
    status = driver_->Write([&](Connection& db) {
      db.Run("DELETE FROM gc_ended_session WHERE expires_us <= ?", {FromInstant(now)});
    });
  }
  if (!status) return std::unexpected(status.error());
  if (budget < rows_max) driver_->Tidy();
  return rows_max - budget;
}

}  // namespace gophercron::storage::sql
