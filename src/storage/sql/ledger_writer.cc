// Record: a batch into the ledger, in one transaction. What is usual (a run or span newer than all
// rows of its task) costs its inserts and no look-up; only what comes late looks around.

#include <algorithm>
#include <map>
#include <set>

#include "base/id.h"
#include "base/log.h"
#include "storage/span.h"
#include "storage/sql/bulk_insert.h"
#include "storage/sql/ledger_rows.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

std::int64_t FloorSecond(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

// FNV-1a over the fields with their lengths, so that no two lists of fields read the same.
std::int64_t Digest(const task::RunRecord& run) {
  std::uint64_t hash = 14695981039346656037u;
  const auto add = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  };
  for (const std::string_view field :
       {std::string_view(run.task_name), std::string_view(run.command),
        std::string_view(run.node_id), std::string_view(run.node_address)}) {
    add(field);
    add(std::string_view("\0|", 2));
    add(std::to_string(field.size()));
  }
  add(std::to_string(run.task_revision));
  return static_cast<std::int64_t>(hash);
}

class LedgerWriter {
 public:
  // Locks the tasks of `batch`, which must outlive this.
  LedgerWriter(Connection& db, std::span<const task::LedgerRecord> batch) : db_(db) {
    std::set<task::TaskKey> keys;
    for (const task::LedgerRecord& record : batch) {
      keys.insert(record.run ? record.run->task : record.span->task);
    }
    for (const task::TaskKey& key : keys) TaskOf(key);
    FindStored(batch);
  }

  void Add(const task::LedgerRecord& record) {
    if (record.run) AddRun(*record.run, record.output);
    if (record.span) AddSpan(*record.span);
  }

  // Writes back what was counted along the way: once a batch, not once a record.
  void Finish() {
    Settle();
    for (const auto& [key, row] : tasks_) {
      db_.Run("UPDATE gc_ledger_task SET last_at = ?, oldest_at = ?, row_count = ? WHERE id = ?",
              {Nullable(row.last_at), Nullable(row.oldest_at), row.row_count, row.id});
    }
    for (const auto& [context, runs] : context_runs_) AddToContext(db_, context, runs);
    AddToOutputTotal(db_, output_bytes_);
  }

 private:
  TaskRow& TaskOf(const task::TaskKey& key) {
    const auto known = tasks_.find(key);
    if (known != tasks_.end()) return known->second;
    auto row = LockTask(db_, key);
    if (!row) {
      // Another may be inserting it at the same moment.
      db_.Run(std::string(db_.dialect().insert_unless_there) +
                  " gc_ledger_task (project_id, task_id) VALUES (?, ?)",
              {key.project_id, key.task_id});
      row = LockTask(db_, key);
    }
    return tasks_.emplace(key, row.value_or(TaskRow())).first->second;
  }

  // Which of the batch's runs the ledger has. While the tasks are locked nobody adds one.
  void FindStored(std::span<const task::LedgerRecord> batch) {
    std::vector<std::string_view> ids;
    for (const task::LedgerRecord& record : batch) {
      if (record.run) ids.emplace_back(record.run->run_id);
    }
    EachIn(db_, "SELECT run_id FROM gc_run WHERE run_id", ids, "",
           [&](const Row& row) { stored_.insert(row.Text(0)); });
  }

  // Runs and outputs are inserted many at once; before anything reads them they must be there.
  void Settle() {
    new_runs_.Flush();
    new_outputs_.Flush();
  }

  std::int64_t ContextOf(const TaskRow& task, const task::RunRecord& run) {
    // Equal digests of different contents are next to impossible; then the next number is taken.
    for (std::int64_t digest = Digest(run);; digest = digest == INT64_MAX ? 0 : digest + 1) {
      const auto key = std::pair(task.id, digest);
      auto known = contexts_.find(key);
      if (known == contexts_.end()) {
        known = contexts_.emplace(key, LoadContext(task, run, digest)).first;
      }
      const Context& context = known->second;
      if (db_.failed() || (context.task_name == run.task_name && context.command == run.command &&
                           context.revision == run.task_revision &&
                           context.node_id == run.node_id && context.address == run.node_address)) {
        return context.id;
      }
    }
  }

  struct Context {
    std::int64_t id = 0;
    std::string task_name, command, node_id, address;
    std::int64_t revision = 0;
  };

  Context LoadContext(const TaskRow& task, const task::RunRecord& run, std::int64_t digest) {
    auto stored = db_.First(
        "SELECT id, task_name, command, node_id, node_address, task_revision FROM gc_run_context "
        "WHERE task = ? AND digest = ?",
        {task.id, digest}, [](const Row& row) {
          return Context{.id = row.Int(0),
                         .task_name = row.Text(1),
                         .command = row.Text(2),
                         .node_id = row.Text(3),
                         .address = row.Text(4),
                         .revision = row.Int(5)};
        });
    if (stored) return *stored;
    const std::int64_t id =
        db_.Run(
               "INSERT INTO gc_run_context (task, digest, run_count, task_name, command, "
               "task_revision, node_id, node_address) VALUES (?, ?, 0, ?, ?, ?, ?, ?)",
               {task.id, digest, run.task_name, run.command, run.task_revision, run.node_id,
                run.node_address})
            .insert_id;
    return {.id = id,
            .task_name = run.task_name,
            .command = run.command,
            .node_id = run.node_id,
            .address = run.node_address,
            .revision = run.task_revision};
  }

  void AddRun(const task::RunRecord& run, const task::RunOutput& output) {
    TaskRow& task = TaskOf(run.task);
    const std::int64_t at = run.tick ? FromTick(*run.tick) : FloorSecond(run.claimed_at);
    const bool late = run.tick && task.last_at && at <= *task.last_at;
    std::vector<task::OutcomeSpan> covering;
    if (late) {
      if (!DisplaceTwin(task, run, at)) return;
      covering = SpansWithin(db_, task.id, run.task, at, at);
      // A guess does not contradict what an agent wrote down.
      if (IsGuess(run) && !covering.empty() && !IsGuess(covering.front())) return;
    }
    if (!InsertRun(task, run, at)) {
      Settle();
      const auto stored = FindRun(db_, run.run_id);
      if (!stored || IsGuess(run) || !IsGuess(*stored)) return;
      Remove(task, run.run_id);
      InsertRun(task, run, at);
    }
    AddOutput(run.run_id, output);
    for (const task::OutcomeSpan& span : covering) CutStored(task, span, *run.tick, *run.tick, 1);
    if (run.tick) NoteChain(task, at, at, run.after);
    NoteRow(task, at, run.tick.has_value());
  }

  // Another run for the same tick, attempt and node: true when `run` may stand, after a guess was
  // removed for it. Two that both happened are two rows: that must never be, and who looks for the
  // cause needs both.
  bool DisplaceTwin(TaskRow& task, const task::RunRecord& run, std::int64_t at) {
    Settle();
    for (const std::string& id : RunIdsAt(db_, task.id, at)) {
      if (id == run.run_id) continue;
      const auto other = FindRun(db_, id);
      if (!other || other->attempt != run.attempt || other->node_id != run.node_id) continue;
      if (IsGuess(run)) return false;
      if (IsGuess(*other)) {
        Remove(task, id);
      } else {
        log::LogError("tick {} of task {} was run twice, as {} and as {}", at, run.task.task_id, id,
                      run.run_id);
      }
    }
    return true;
  }

  // False: the ledger has a run of this id.
  bool InsertRun(const TaskRow& task, const task::RunRecord& run, std::int64_t at) {
    if (!stored_.insert(run.run_id).second) return false;
    const std::int64_t context = ContextOf(task, run);
    const auto micros = [](const std::optional<Instant>& instant) {
      return instant ? Value(FromInstant(*instant)) : Value();
    };
    new_runs_.Add({run.run_id,
                   run.task.project_id,
                   task.id,
                   at,
                   std::int64_t{run.attempt},
                   std::int64_t{run.tick.has_value()},
                   static_cast<std::int64_t>(run.outcome),
                   static_cast<std::int64_t>(run.reason),
                   run.after ? Value(FromTick(*run.after)) : Value(),
                   static_cast<std::int64_t>(run.cause),
                   context,
                   run.fence,
                   FromInstant(run.claimed_at),
                   micros(run.started_at),
                   micros(run.ended_at),
                   NullIfEmpty(run.detail),
                   Nullable(run.exit_code),
                   Nullable(run.signal),
                   NullIfZero(run.core_dumped),
                   NullIfEmpty(run.requested_by),
                   NullIfEmpty(run.killed_by),
                   NullIfZero(run.output_bytes),
                   NullIfZero(run.dropped_bytes),
                   NullIfZero(run.cpu_us),
                   NullIfZero(run.memory_max_kib)});
    ++context_runs_[context];
    return true;
  }

  void AddOutput(std::string_view run_id, const task::RunOutput& output) {
    const auto bytes = static_cast<std::int64_t>(output.head.size() + output.tail.size());
    if (bytes == 0) return;
    new_outputs_.Add({run_id, bytes, output.head.empty() ? Value() : Value(Blob{output.head}),
                      output.tail.empty() ? Value() : Value(Blob{output.tail})});
    output_bytes_ += bytes;
  }

  void Remove(TaskRow& task, std::string_view run_id) {
    Settle();
    stored_.erase(std::string(run_id));
    const RemovedRun removed = RemoveRun(db_, run_id);
    --context_runs_[removed.context];
    output_bytes_ -= removed.output_bytes;
    --task.row_count;
  }

  void AddSpan(const task::OutcomeSpan& span) {
    TaskRow& task = TaskOf(span.task);
    std::vector<task::OutcomeSpan> pieces = {span};
    if (task.last_at && FromTick(span.first) <= *task.last_at) pieces = FreeParts(task, span);
    for (const task::OutcomeSpan& piece : pieces) {
      if (!Extend(task, piece)) {
        InsertSpan(task, piece);
        NoteChain(task, FromTick(piece.first), FromTick(piece.last), piece.after);
        NoteRow(task, FromTick(piece.last), true);
      }
    }
  }

  // What of `span` is to be written, after the guesses in its way were removed.
  std::vector<task::OutcomeSpan> FreeParts(TaskRow& task, const task::OutcomeSpan& span) {
    Settle();
    const bool guess = IsGuess(span);
    std::vector<task::OutcomeSpan> parts = {span};
    const auto take = [&](TickInstant first, TickInstant last, std::int64_t count) {
      std::vector<task::OutcomeSpan> left;
      for (const task::OutcomeSpan& part : parts) {
        if (last < part.first || first > part.last) {
          left.push_back(part);
          continue;
        }
        const SpanPieces pieces = Cut(part, first, last, count);
        if (pieces.before) left.push_back(*pieces.before);
        if (pieces.after) left.push_back(*pieces.after);
      }
      parts = std::move(left);
    };
    for (const task::OutcomeSpan& there :
         SpansWithin(db_, task.id, span.task, FromTick(span.first), FromTick(span.last))) {
      if (!guess && IsGuess(there)) {
        CutStored(task, there, span.first, span.last, span.count);
      } else {
        take(there.first, there.last, there.count);
      }
    }
    std::vector<std::string> ids;
    db_.Each(
        "SELECT run_id FROM gc_run WHERE task = ? AND at >= ? AND at <= ? AND planned = 1 ORDER BY "
        "at",
        {task.id, FromTick(span.first), FromTick(span.last)},
        [&](const Row& row) { ids.push_back(row.Text(0)); });
    for (const std::string& id : ids) {
      const auto run = FindRun(db_, id);
      if (!run) continue;
      if (!guess && IsGuess(*run) && run->node_id == span.node_id) {
        Remove(task, id);
      } else {
        take(*run->tick, *run->tick, 1);
      }
    }
    return parts;
  }

  // Takes [first, last] out of a span that is stored.
  void CutStored(TaskRow& task, const task::OutcomeSpan& span, TickInstant first, TickInstant last,
                 std::int64_t count) {
    const SpanPieces pieces = Cut(span, first, last, count);
    db_.Run("DELETE FROM gc_outcome_span WHERE task = ? AND first_at = ?",
            {task.id, FromTick(span.first)});
    --task.row_count;
    for (const auto& piece : {pieces.before, pieces.after}) {
      if (!piece) continue;
      InsertSpan(task, *piece);
      NoteRow(task, FromTick(piece->last), true);  // the first piece may end before every other row
    }
  }

  void InsertSpan(const TaskRow& task, const task::OutcomeSpan& span) {
    db_.Run("INSERT INTO gc_outcome_span (task, " GOPHERCRON_SPAN_COLUMNS
            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {task.id, FromTick(span.first), FromTick(span.last), span.count,
             span.after ? Value(FromTick(*span.after)) : Value(),
             static_cast<std::int64_t>(span.outcome), static_cast<std::int64_t>(span.reason),
             NullIfEmpty(span.detail), span.node_id, FromInstant(span.recorded_at)});
  }

  bool Extend(TaskRow& task, const task::OutcomeSpan& next) {
    if (!next.after || !task.last_at || FromTick(*next.after) != *task.last_at) return false;
    const auto newest =
        db_.First("SELECT " GOPHERCRON_SPAN_COLUMNS
                  " FROM gc_outcome_span WHERE task = ? ORDER BY first_at DESC LIMIT 1",
                  {task.id}, [&](const Row& row) { return ReadSpan(row, next.task); });
    if (!newest || !Continues(*newest, next)) return false;
    db_.Run(
        "UPDATE gc_outcome_span SET last_at = ?, tick_count = tick_count + ?, node_id = ?, "
        "recorded_us = ? WHERE task = ? AND first_at = ?",
        {FromTick(next.last), next.count, next.node_id, FromInstant(next.recorded_at), task.id,
         FromTick(newest->first)});
    task.last_at = FromTick(next.last);
    return true;
  }

  // Notes a possible gap before the row [first, last] and, when the row came late, before the row
  // behind it. A note only says where to look: FindGaps reads the chain again, so what fills a gap
  // later, or replaces the row that showed it, need not care.
  void NoteChain(const TaskRow& task, std::int64_t first, std::int64_t last,
                 std::optional<TickInstant> after) {
    // A row that reaches beyond the newest one may begin before it, where a guess was taken out:
    // then what stands before it is not the end of the ledger.
    const bool newest = !task.last_at || first > *task.last_at;
    if (!newest) Settle();
    if (after) {
      const auto before = newest ? task.last_at : LastBefore(db_, task, first);
      if (before && FromTick(*after) > *before) NoteGap(task, first, FromTick(*after));
    }
    if (newest) return;
    const auto read = [](const Row& row) { return std::pair(row.Int(0), row.Int(1)); };
    for (const std::string_view query :
         {"SELECT at, MAX(after_at) FROM gc_run WHERE task = ? AND at > ? AND planned = 1 GROUP BY "
          "at ORDER BY at LIMIT 1",
          "SELECT first_at, after_at FROM gc_outcome_span WHERE task = ? AND first_at > ? ORDER BY "
          "first_at LIMIT 1"}) {
      const auto next = db_.First(query, {task.id, last}, read);
      if (next && next->second > last) NoteGap(task, next->first, next->second);
    }
  }

  void NoteGap(const TaskRow& task, std::int64_t first, std::int64_t after) {
    db_.Run(std::string(db_.dialect().insert_unless_there) +
                " gc_ledger_gap (task, first_at, after_at) VALUES (?, ?, ?)",
            {task.id, first, after});
  }

  static void NoteRow(TaskRow& task, std::int64_t at, bool planned) {
    ++task.row_count;
    if (planned && (!task.last_at || at > *task.last_at)) task.last_at = at;
    if (!task.oldest_at || at < *task.oldest_at) task.oldest_at = at;
  }

  Connection& db_;
  std::map<task::TaskKey, TaskRow> tasks_;
  std::map<std::pair<std::int64_t, std::int64_t>, Context> contexts_;
  std::map<std::int64_t, std::int64_t> context_runs_;
  std::set<std::string, std::less<>> stored_;  // runs that are in the ledger or on their way
  std::int64_t output_bytes_ = 0;
  BulkInsert new_runs_{
      db_,
      "INSERT INTO gc_run (run_id, project_id, task, at, attempt, planned, outcome, reason, "
      "after_at, cause, context, fence, claimed_us, started_us, ended_us, detail, exit_code, "
      "\"signal\", core_dumped, requested_by, killed_by, output_bytes, dropped_bytes, cpu_us, "
      "memory_max_kib)",
      25};
  BulkInsert new_outputs_{db_, "INSERT INTO gc_run_output (run_id, bytes, head, tail)", 4};
};

}  // namespace

Status SqlStore::Record(std::span<const task::LedgerRecord> batch) {
  for (const task::LedgerRecord& record : batch) {
    if (const Status sound = CheckRecord(record); !sound) return sound;
  }
  if (batch.empty()) return {};
  return driver_->Write([&](Connection& db) {
    LedgerWriter writer(db, batch);
    for (const task::LedgerRecord& record : batch) {
      writer.Add(record);
      if (db.failed()) return;
    }
    writer.Finish();
  });
}

}  // namespace gophercron::storage::sql
