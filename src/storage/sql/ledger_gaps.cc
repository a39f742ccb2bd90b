// Gaps of the chain. Record notes rows that came without their predecessor; here only those are
// looked at again. Most have been filled by then, because records come in any order.

#include <limits>

#include "storage/sql/ledger_rows.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

struct Note {
  std::int64_t first_at = 0;
  std::int64_t after_at = 0;
  task::TaskKey task;
  TaskRow row;
};

// Notes behind (task, first_at), in that order.
std::vector<Note> NotesBehind(Connection& db, std::int64_t task, std::int64_t first_at) {
  std::vector<Note> notes;
  db.Each(
      "SELECT g.first_at, g.after_at, t.project_id, t.task_id, t.id, t.pruned_at FROM "
      "gc_ledger_gap "
      "g JOIN gc_ledger_task t ON t.id = g.task WHERE t.doomed = 0 AND (g.task > ? OR (g.task = ? "
      "AND g.first_at > ?)) ORDER BY g.task, g.first_at LIMIT 500",
      {task, task, first_at}, [&](const Row& row) {
        Note note;
        note.first_at = row.Int(0);
        note.after_at = row.Int(1);
        note.task = {.project_id = row.Int(2), .task_id = row.Text(3)};
        note.row.id = row.Int(4);
        if (!row.IsNull(5)) note.row.pruned_at = row.Int(5);
        notes.push_back(std::move(note));
      });
  return notes;
}

// The row that was noted is still there, with the chain it had.
bool StillThere(Connection& db, const Note& note) {
  const auto number = [](const Row& row) { return row.Int(0); };
  return db.First(
               "SELECT 1 FROM gc_run WHERE task = ? AND at = ? AND planned = 1 AND after_at = ? "
               "LIMIT 1",
               {note.row.id, note.first_at, note.after_at}, number)
             .has_value() ||
         db.First("SELECT 1 FROM gc_outcome_span WHERE task = ? AND first_at = ? AND after_at = ?",
                  {note.row.id, note.first_at, note.after_at}, number)
             .has_value();
}

}  // namespace

Result<std::vector<LedgerGap>> SqlStore::FindGaps(int limit) {
  std::vector<LedgerGap> gaps;
  std::vector<Note> filled;
  const Status read = driver_->Read([&](Connection& db) {
    std::int64_t task = 0;
    std::int64_t first_at = std::numeric_limits<std::int64_t>::min();
    while (static_cast<int>(gaps.size()) < limit) {
      const std::vector<Note> notes = NotesBehind(db, task, first_at);
      for (const Note& note : notes) {
        task = note.row.id;
        first_at = note.first_at;
        const auto before = LastBefore(db, note.row, note.first_at);
        if (!before || *before >= note.after_at || !StillThere(db, note)) {
          filled.push_back(note);
        } else if (static_cast<int>(gaps.size()) < limit) {
          gaps.push_back(
              {.task = note.task, .after = ToTick(*before), .until = ToTick(note.after_at)});
        }
      }
      if (notes.empty()) break;
    }
  });
  if (!read) return std::unexpected(read.error());
  if (filled.empty()) return gaps;
  const Status written = driver_->Write([&](Connection& db) {
    for (const Note& note : filled) {
      db.Run("DELETE FROM gc_ledger_gap WHERE task = ? AND first_at = ? AND after_at = ?",
             {note.row.id, note.first_at, note.after_at});
    }
  });
  if (!written) return std::unexpected(written.error());
  return gaps;
}

Status SqlStore::CloseGap(const LedgerGap& gap) {
  return driver_->Write([&](Connection& db) {
    const auto task = FindTask(db, gap.task);
    if (!task) return;
    db.Run("DELETE FROM gc_ledger_gap WHERE task = ? AND after_at = ?",
           {task->id, FromTick(gap.until)});
  });
}

}  // namespace gophercron::storage::sql
