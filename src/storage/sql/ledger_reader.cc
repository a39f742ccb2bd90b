// The ledger's queries. Lists first find run ids in an index, which costs what the page costs, and
// then fetch those runs.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/id.h"
#include "storage/span.h"
#include "storage/sql/ledger_rows.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kAfterAnyId = "\x7f";
constexpr std::int64_t kAnyOutcome = -1;

std::int64_t OutcomeFilter(const RunQuery& query) {
  return query.outcome ? static_cast<std::int64_t>(*query.outcome) : kAnyOutcome;
}

std::int64_t CeilSecond(Instant at) {
  return std::chrono::ceil<seconds>(at).time_since_epoch().count();
}

std::vector<std::string> NewestOfTask(Connection& db, std::int64_t task, std::int64_t outcome,
                                      std::int64_t limit, std::int64_t offset = 0) {
  std::vector<std::string> ids;
  db.Each(
      "SELECT run_id FROM gc_run WHERE task = ? AND (? = -1 OR outcome = ?) ORDER BY at DESC, "
      "attempt DESC, run_id DESC LIMIT ? OFFSET ?",
      {task, outcome, outcome, limit, offset}, [&](const Row& row) { ids.push_back(row.Text(0)); });
  return ids;
}

std::vector<std::string> PageOfTask(Connection& db, const RunQuery& query) {
  const auto task = FindTask(db, *query.task);
  if (!task) return {};
  const std::int64_t outcome = OutcomeFilter(query);
  const std::int64_t offset = std::max(query.offset, 0);
  if (query.before.empty()) return NewestOfTask(db, task->id, outcome, query.limit, offset);
  const auto cursor = db.First("SELECT at, attempt FROM gc_run WHERE run_id = ? AND task = ?",
                               {query.before, task->id},
                               [](const Row& row) { return std::pair(row.Int(0), row.Int(1)); });
  if (!cursor) return {};
  std::vector<std::string> ids;
  const auto [at, attempt] = *cursor;
  db.Each(
      "SELECT run_id FROM gc_run WHERE task = ? AND at <= ? AND (at < ? OR attempt < ? OR (attempt "
      "= ? AND run_id < ?)) AND (? = -1 OR outcome = ?) ORDER BY at DESC, attempt DESC, run_id "
      "DESC LIMIT ? OFFSET ?",
      {task->id, at, at, attempt, attempt, query.before, outcome, outcome,
       std::int64_t{query.limit}, offset},
      [&](const Row& row) { ids.push_back(row.Text(0)); });
  return ids;
}

std::vector<std::int64_t> ProjectsOf(Connection& db, const RunQuery& query) {
  if (query.projects) return *query.projects;
  std::vector<std::int64_t> projects;
  db.Each("SELECT DISTINCT project_id FROM gc_ledger_task", {},
          [&](const Row& row) { projects.push_back(row.Int(0)); });
  return projects;
}

// The newest ids before `before` over projects and outcomes. The index holds each pair in the order
// of ids; the pages of all pairs are merged.
std::vector<std::string> PageOfProjects(Connection& db, const RunQuery& query,
                                        std::string_view before, std::int64_t limit) {
  std::vector<std::string> ids;
  const auto add = [&](const Row& row) { ids.push_back(row.Text(0)); };
  if (!query.projects && !query.outcome) {
    db.Each("SELECT run_id FROM gc_run WHERE run_id < ? ORDER BY run_id DESC LIMIT ?",
            {before, limit}, add);
    return ids;
  }
  std::vector<std::int64_t> projects = ProjectsOf(db, query);
  std::ranges::sort(projects);
  projects.erase(std::ranges::unique(projects).begin(), projects.end());
  const std::int64_t only = OutcomeFilter(query);
  for (const std::int64_t project : projects) {
    for (std::int64_t outcome = 0; outcome < kOutcomes; ++outcome) {
      if (only != kAnyOutcome && only != outcome) continue;
      db.Each(
          "SELECT run_id FROM gc_run WHERE project_id = ? AND outcome = ? AND run_id < ? ORDER BY "
          "run_id DESC LIMIT ?",
          {project, outcome, before, limit}, add);
    }
  }
  std::ranges::sort(ids, std::ranges::greater());
  if (static_cast<std::int64_t>(ids.size()) > limit) ids.resize(static_cast<std::size_t>(limit));
  return ids;
}

bool HasProject(const RunQuery& query, task::ProjectId project) {
  return !query.projects || std::ranges::find(*query.projects, project) != query.projects->end();
}

}  // namespace

Result<std::vector<task::RunRecord>> SqlStore::ListRuns(const RunQuery& query) {
  std::vector<task::RunRecord> runs;
  if (query.limit <= 0) return runs;
  const Status read = driver_->Read([&](Connection& db) {
    if (query.task) {
      if (HasProject(query, query.task->project_id)) runs = RunsOf(db, PageOfTask(db, query));
      return;
    }
    // Ids of runs that are being deleted lead to nothing; go on behind them.
    std::string before = query.before.empty() ? std::string(kAfterAnyId) : query.before;
    while (static_cast<int>(runs.size()) < query.limit) {
      const auto wanted = query.limit - static_cast<std::int64_t>(runs.size());
      const std::vector<std::string> ids = PageOfProjects(db, query, before, wanted);
      for (auto& run : RunsOf(db, ids)) runs.push_back(std::move(run));
      if (static_cast<std::int64_t>(ids.size()) < wanted) break;
      before = ids.back();
    }
  });
  if (!read) return std::unexpected(read.error());
  return runs;
}

Result<task::RunRecord> SqlStore::RunById(std::string_view run_id) {
  std::optional<task::RunRecord> run;
  const Status read = driver_->Read([&](Connection& db) { run = FindRun(db, run_id); });
  if (!read) return std::unexpected(read.error());
  if (!run) return NotFound(fmt::format("the ledger has no run {}", run_id));
  return std::move(*run);
}

Result<std::int64_t> SqlStore::CountRuns(const task::TaskKey& key) {
  std::optional<std::int64_t> count;
  const Status read = driver_->Read([&](Connection& db) {
    const auto task = FindTask(db, key);
    if (!task) return;
    count = db.First("SELECT COUNT(*) FROM gc_run WHERE task = ?", {task->id},
                     [](const Row& row) { return row.Int(0); });
  });
  if (!read) return std::unexpected(read.error());
  return count.value_or(0);
}

Result<std::vector<RunCount>> SqlStore::CountRunsClaimed(task::ProjectId project, Instant from,
                                                         Instant to) {
  std::vector<RunCount> counts;
  const auto add = [&](task::Outcome outcome, std::int64_t runs) {
    if (runs == 0) return;
    const auto found = std::ranges::find(counts, outcome, &RunCount::outcome);
    if (found == counts.end()) {
      counts.push_back({.outcome = outcome, .runs = runs});
    } else {
      found->runs += runs;
    }
  };
  // Ids sort by the time of the claim and the index holds them: no row is touched.
  const std::string first = FirstIdAt(from);
  const std::string end = FirstIdAt(to);
  const Status read = driver_->Read([&](Connection& db) {
    for (std::int64_t outcome = 0; outcome < kOutcomes; ++outcome) {
      const auto runs = db.First(
          "SELECT COUNT(*) FROM gc_run WHERE project_id = ? AND outcome = ? AND run_id >= ? AND "
          "run_id < ?",
          {project, outcome, first, end}, [](const Row& row) { return row.Int(0); });
      add(static_cast<task::Outcome>(outcome), runs.value_or(0));
    }
    if (!db.dialect().v1_logs) return;
    const auto unix_time = [](Instant at) {
      return std::chrono::floor<seconds>(at).time_since_epoch().count();
    };
    db.Each(
        "SELECT with_error, COUNT(*) FROM gc_task_log WHERE project_id = ? AND start_time >= ? AND "
        "start_time < ? GROUP BY with_error",
        {project, unix_time(from), unix_time(to)}, [&](const Row& row) {
          add(row.Int(0) == 0 ? task::Outcome::kSucceeded : task::Outcome::kFailed, row.Int(1));
        });
  });
  if (!read) return std::unexpected(read.error());
  return counts;
}

Result<OutputRange> SqlStore::ReadOutput(std::string_view run_id, std::int64_t from,
                                         std::int64_t limit) {
  from = std::max<std::int64_t>(from, 0);
  limit = std::clamp<std::int64_t>(limit, 0, kEver - from);
  std::optional<OutputRange> range;
  const Status read = driver_->Read([&](Connection& db) {
    const auto run = FindRun(db, run_id);
    if (!run) return;
    range.emplace();
    range->total = run->output_bytes;
    struct Sizes {
      std::int64_t head, tail;
    };
    const Sizes kept =
        db.First("SELECT LENGTH(head), LENGTH(tail) FROM gc_run_output WHERE run_id = ?", {run_id},
                 [](const Row& row) { return Sizes{row.Int(0), row.Int(1)}; })
            .value_or(Sizes{0, 0});
    range->total = std::max(range->total, kept.head + kept.tail);
    range->dropped_from = kept.head;
    range->dropped_to = range->total - kept.tail;
    if (range->dropped_from == range->dropped_to) range->dropped_from = range->dropped_to = 0;
    // Of each part what [from, from + limit) asks for, cut out by the database.
    const std::int64_t until = std::min(range->total, from + limit);
    const auto add = [&](const Row& row) { range->bytes += row.Text(0); };
    if (from < kept.head && from < until) {
      db.Each("SELECT SUBSTR(head, ?, ?) FROM gc_run_output WHERE run_id = ?",
              {from + 1, std::min(until, kept.head) - from, run_id}, add);
    }
    const std::int64_t tail_begin = range->total - kept.tail;
    const std::int64_t tail_from = std::max(from, tail_begin);
    if (kept.tail > 0 && tail_from < until) {
      db.Each("SELECT SUBSTR(tail, ?, ?) FROM gc_run_output WHERE run_id = ?",
              {tail_from - tail_begin + 1, until - tail_from, run_id}, add);
    }
  });
  if (!read) return std::unexpected(read.error());
  if (!range) return NotFound(fmt::format("the ledger has no run {}", run_id));
  return std::move(*range);
}

Result<std::vector<LedgerRow>> SqlStore::ListLedger(const LedgerQuery& query) {
  std::vector<LedgerRow> rows;
  if (query.limit <= 0) return rows;
  const std::int64_t from =
      query.from ? CeilSecond(*query.from) : std::numeric_limits<std::int64_t>::min();
  std::int64_t below = query.to ? CeilSecond(*query.to) : kEver;
  if (query.before) below = std::min(below, FromTick(*query.before));
  const Status read = driver_->Read([&](Connection& db) {
    const auto task = FindTask(db, query.task);
    if (!task) return;
    std::vector<std::int64_t> ticks;
    db.Each(
        "SELECT DISTINCT at FROM gc_run WHERE task = ? AND at >= ? AND at < ? AND planned = 1 "
        "ORDER "
        "BY at DESC LIMIT ?",
        {task->id, from, below, std::int64_t{query.limit}},
        [&](const Row& row) { ticks.push_back(row.Int(0)); });
    std::vector<task::OutcomeSpan> spans;
    db.Each("SELECT " GOPHERCRON_SPAN_COLUMNS
            " FROM gc_outcome_span WHERE task = ? AND first_at < ? AND last_at >= ? ORDER BY "
            "first_at DESC LIMIT ?",
            {task->id, below, from, std::int64_t{query.limit}},
            [&](const Row& row) { spans.push_back(ReadSpan(row, query.task)); });
    auto tick = ticks.begin();
    auto span = spans.begin();
    while (static_cast<int>(rows.size()) < query.limit &&
           (tick != ticks.end() || span != spans.end())) {
      if (span == spans.end() || (tick != ticks.end() && *tick > FromTick(span->first))) {
        rows.push_back({.runs = RunsOf(db, RunIdsAt(db, task->id, *tick++)), .span = {}});
      } else {
        rows.push_back({.runs = {}, .span = *span++});
      }
    }
  });
  if (!read) return std::unexpected(read.error());
  return rows;
}

Result<LedgerRow> SqlStore::LedgerAt(const task::Tick& tick) {
  LedgerRow found;
  const Status read = driver_->Read([&](Connection& db) {
    const auto task = FindTask(db, tick.task);
    if (!task) return;
    const std::int64_t at = FromTick(tick.at);
    found.runs = RunsOf(db, RunIdsAt(db, task->id, at));
    if (!found.runs.empty()) return;
    const auto spans = SpansWithin(db, task->id, tick.task, at, at);
    if (!spans.empty()) found.span = spans.front();
  });
  if (!read) return std::unexpected(read.error());
  if (found.runs.empty() && !found.span) {
    return NotFound(fmt::format("the ledger knows nothing of task {} at {}", tick.task.task_id,
                                FormatRfc3339(tick.at)));
  }
  return found;
}

Result<std::optional<TickInstant>> SqlStore::LastAccounted(const task::TaskKey& key) {
  std::optional<TickInstant> last;
  const Status read = driver_->Read([&](Connection& db) {
    const auto task = FindTask(db, key);
    if (task && task->last_at) last = ToTick(*task->last_at);
  });
  if (!read) return std::unexpected(read.error());
  return last;
}

Result<std::vector<OutcomeCount>> SqlStore::CountOutcomes(const task::TaskKey& key, Instant from,
                                                          Instant to) {
  std::map<std::pair<task::Outcome, task::Reason>, std::int64_t> counts;
  const Status read = driver_->Read([&](Connection& db) {
    const auto task = FindTask(db, key);
    if (!task) return;
    // Of a tick's attempts the last one counts; they come in ascending order.
    std::optional<std::int64_t> tick;
    std::pair<task::Outcome, task::Reason> last;
    const auto flush = [&] {
      if (tick) ++counts[last];
    };
    db.Each(
        "SELECT at, outcome, reason FROM gc_run WHERE task = ? AND at >= ? AND at < ? AND planned "
        "= "
        "1 ORDER BY at, attempt, run_id",
        {task->id, CeilSecond(from), CeilSecond(to)}, [&](const Row& row) {
          if (tick != row.Int(0)) flush();
          tick = row.Int(0);
          last = {static_cast<task::Outcome>(row.Int(1)), static_cast<task::Reason>(row.Int(2))};
        });
    flush();
    db.Each("SELECT " GOPHERCRON_SPAN_COLUMNS
            " FROM gc_outcome_span WHERE task = ? AND first_at < ? AND last_at >= ?",
            {task->id, CeilSecond(to), CeilSecond(from)}, [&](const Row& row) {
              const task::OutcomeSpan span = ReadSpan(row, key);
              const std::int64_t ticks = TicksWithin(span, from, to);
              if (ticks > 0) counts[{span.outcome, span.reason}] += ticks;
            });
  });
  if (!read) return std::unexpected(read.error());
  std::vector<OutcomeCount> result;
  for (const auto& [how, ticks] : counts) {
    result.push_back({.outcome = how.first, .reason = how.second, .ticks = ticks});
  }
  return result;
}

Result<std::vector<task::RunRecord>> SqlStore::RecentRuns(task::ProjectId project, int per_task) {
  std::vector<task::RunRecord> runs;
  const Status read = driver_->Read([&](Connection& db) {
    std::vector<std::int64_t> tasks;
    db.Each("SELECT id FROM gc_ledger_task WHERE project_id = ? AND doomed = 0 ORDER BY task_id",
            {project}, [&](const Row& row) { tasks.push_back(row.Int(0)); });
    for (const std::int64_t task : tasks) {
      for (auto& run : RunsOf(db, NewestOfTask(db, task, kAnyOutcome, per_task))) {
        runs.push_back(std::move(run));
      }
    }
  });
  if (!read) return std::unexpected(read.error());
  return runs;
}

}  // namespace gophercron::storage::sql
