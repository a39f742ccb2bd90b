// Gaps of the chain. Record notes rows that came without their predecessor; here only those are
// looked at again, as they stand now. Most gaps have been filled by then, because records come in
// any order.

#include <limits>

#include "storage/sql/ledger_rows.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

// A place in the order in which notes are read: by task, then by the tick of the noted row.
struct Place {
  std::int64_t task = 0;
  std::int64_t first_at = std::numeric_limits<std::int64_t>::min();
};

struct Note {
  std::int64_t first_at = 0;
  task::TaskKey task;
  TaskRow row;
};

std::vector<Note> NotesBehind(Connection& db, const Place& place) {
  std::vector<Note> notes;
  db.Each(
      "SELECT g.first_at, t.project_id, t.task_id, t.id, t.pruned_at FROM gc_ledger_gap "
      "g JOIN gc_ledger_task t ON t.id = g.task WHERE t.doomed = 0 AND (g.task > ? OR (g.task = ? "
      "AND g.first_at > ?)) ORDER BY g.task, g.first_at LIMIT 500",
      {place.task, place.task, place.first_at}, [&](const Row& row) {
        Note note;
        note.first_at = row.Int(0);
        note.task = {.project_id = row.Int(1), .task_id = row.Text(2)};
        note.row.id = row.Int(3);
        if (!row.IsNull(4)) note.row.pruned_at = row.Int(4);
        notes.push_back(std::move(note));
      });
  return notes;
}

// The gap before the rows that begin at `first_at`. Of several that name different predecessors the
// latest counts: that tick was known to somebody.
std::optional<LedgerGap> GapBefore(Connection& db, const task::TaskKey& key, const TaskRow& task,
                                   std::int64_t first_at) {
  const auto number = [](const Row& row) {
    return row.IsNull(0) ? std::nullopt : std::optional(row.Int(0));
  };
  std::optional<std::int64_t> after;
  for (const std::string_view query :
       {"SELECT MAX(after_at) FROM gc_run WHERE task = ? AND at = ? AND planned = 1",
        "SELECT MAX(after_at) FROM gc_outcome_span WHERE task = ? AND first_at = ?"}) {
    after = std::max(after, db.First(query, {task.id, first_at}, number).value_or(std::nullopt));
  }
  const auto before = LastBefore(db, task, first_at);
  if (!before || !after || *before >= *after) return std::nullopt;
  return LedgerGap{
      .task = key, .after = ToTick(*before), .until = ToTick(*after), .shown_by = ToTick(first_at)};
}

}  // namespace

Result<std::vector<LedgerGap>> SqlStore::FindGaps(int limit,
                                                  const std::optional<LedgerGap>& behind) {
  std::vector<LedgerGap> gaps;
  std::vector<Note> filled;
  const Status read = driver_->Read([&](Connection& db) {
    Place place;
    if (behind) {
      if (const auto task = FindTask(db, behind->task)) {
        place = {.task = task->id, .first_at = FromTick(behind->shown_by)};
      }
    }
    while (static_cast<int>(gaps.size()) < limit) {
      const std::vector<Note> notes = NotesBehind(db, place);
      for (const Note& note : notes) {
        place = {.task = note.row.id, .first_at = note.first_at};
        auto gap = GapBefore(db, note.task, note.row, note.first_at);
        if (!gap) {
          filled.push_back(note);
        } else if (static_cast<int>(gaps.size()) < limit) {
          gaps.push_back(*std::move(gap));
        }
      }
      if (notes.empty()) break;
    }
  });
  if (!read) return std::unexpected(read.error());
  if (filled.empty()) return gaps;
  const Status written = driver_->Write([&](Connection& db) {
    for (const Note& note : filled) {
      // It may have opened again since it was read.
      if (GapBefore(db, note.task, note.row, note.first_at)) continue;
      db.Run("DELETE FROM gc_ledger_gap WHERE task = ? AND first_at = ?",
             {note.row.id, note.first_at});
    }
  });
  if (!written) return std::unexpected(written.error());
  return gaps;
}

Status SqlStore::CloseGap(const LedgerGap& gap) {
  return driver_->Write([&](Connection& db) {
    const auto task = FindTask(db, gap.task);
    if (!task) return;
    // Only as it was found: what the ledger has learnt since may be another gap.
    const auto now = GapBefore(db, gap.task, *task, FromTick(gap.shown_by));
    if (!now || now->after != gap.after || now->until != gap.until) return;
    db.Run("DELETE FROM gc_ledger_gap WHERE task = ? AND first_at = ?",
           {task->id, FromTick(gap.shown_by)});
  });
}

}  // namespace gophercron::storage::sql
