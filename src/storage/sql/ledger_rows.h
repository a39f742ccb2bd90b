// Rows of the ledger as values, for the files of this folder that write, read and prune them.
//
// Outcomes, reasons and causes are stored as the numbers of their enumerators: what is stored can
// not be renumbered, so new ones are added at the end.
#ifndef GOPHERCRON_STORAGE_SQL_LEDGER_ROWS_H_
#define GOPHERCRON_STORAGE_SQL_LEDGER_ROWS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/connection.h"
#include "task/run.h"

namespace gophercron::storage::sql {

static_assert(static_cast<int>(task::Outcome::kSuperseded) == 8);
static_assert(static_cast<int>(task::Reason::kStoreHeld) == 12);
static_assert(static_cast<int>(task::Cause::kRetry) == 4);
inline constexpr int kOutcomes = 9;

// A row of gc_ledger_task.
struct TaskRow {
  std::int64_t id = 0;
  std::optional<std::int64_t> last_at;    // the last tick ever accounted for
  std::optional<std::int64_t> oldest_at;  // no row is older
  std::optional<std::int64_t> pruned_at;  // what lies before is gone on purpose
  std::int64_t row_count = 0;             // runs and spans
};
std::optional<TaskRow> FindTask(Connection& db, const task::TaskKey& key);
// The same, for a transaction that changes the ledger of this task: nobody else does until it ends.
std::optional<TaskRow> LockTask(Connection& db, const task::TaskKey& key);

std::optional<task::RunRecord> FindRun(Connection& db, std::string_view run_id);
std::vector<task::RunRecord> RunsOf(Connection& db, const std::vector<std::string>& run_ids);
// Runs "`query` IN (keys)`rest`" for all `keys`, in statements of few sizes: the last key fills up.
void EachIn(Connection& db, std::string_view query, const std::vector<std::string_view>& keys,
            std::string_view rest, const std::function<void(const Row&)>& on_row);
// The runs of one tick, ascending attempts.
std::vector<std::string> RunIdsAt(Connection& db, std::int64_t task, std::int64_t at);

// All spans of `task` that share an instant with [first, last], ascending.
std::vector<task::OutcomeSpan> SpansWithin(Connection& db, std::int64_t task,
                                           const task::TaskKey& key, std::int64_t first,
                                           std::int64_t last);
task::OutcomeSpan ReadSpan(const Row& row, const task::TaskKey& key);
// The columns that ReadSpan reads, in its order.
#define GOPHERCRON_SPAN_COLUMNS \
  "first_at, last_at, tick_count, after_at, outcome, reason, detail, node_id, recorded_us"

// The last tick of the rows that begin before `at`, or of what was pruned; nullopt: there is none.
std::optional<std::int64_t> LastBefore(Connection& db, const TaskRow& task, std::int64_t at);

// Removes a run with its output; gives how many bytes of output went. Its task's and context's
// counts are the caller's. What another removed meanwhile counts as nothing.
struct RemovedRun {
  std::int64_t context = 0;
  std::int64_t output_bytes = 0;
};
RemovedRun RemoveRun(Connection& db, std::string_view run_id);
void AddToContext(Connection& db, std::int64_t context, std::int64_t runs);
void AddToOutputTotal(Connection& db, std::int64_t bytes);

}  // namespace gophercron::storage::sql

#endif  // GOPHERCRON_STORAGE_SQL_LEDGER_ROWS_H_
