// The rules by which rows of the ledger replace, cut and continue each other. Pure; every Store
// holds to them.
#ifndef GOPHERCRON_STORAGE_SPAN_H_
#define GOPHERCRON_STORAGE_SPAN_H_

#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "task/run.h"

namespace gophercron::storage {

// Guessed by others because the agent that knew is gone: `lost (agent_died)`, `missed
// (not_recorded)`. Anything an agent says of its own replaces it.
bool IsGuess(const task::RunRecord& run);
bool IsGuess(const task::OutcomeSpan& span);

// A span holds bounds and a count, not its ticks. Where it has to be cut they are taken to be
// evenly spaced, which is exact for most schedules; the counts of the pieces are never more than
// the whole had.
struct SpanPieces {
  std::optional<task::OutcomeSpan> before;  // the ticks before the part cut out
  std::optional<task::OutcomeSpan> after;   // those after it; its chain begins at the cut's last
};
// Takes the ticks of [first, last], which are `count` when known, out of `span`.
// Requires first <= last, and that the two overlap.
SpanPieces Cut(const task::OutcomeSpan& span, TickInstant first, TickInstant last,
               std::optional<std::int64_t> count);

// How many ticks of `span` are in [from, to).
std::int64_t TicksWithin(const task::OutcomeSpan& span, Instant from, Instant to);

// True when `next` goes on where `row` ends, in the same way.
bool Continues(const task::OutcomeSpan& row, const task::OutcomeSpan& next);

// What is wrong with a record that no store can take; kInvalidArgument.
Status CheckRecord(const task::LedgerRecord& record);

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_SPAN_H_
