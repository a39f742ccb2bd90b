// When a run that ended badly is followed by a further attempt. Pure.
#ifndef GOPHERCRON_SCHEDULE_RETRY_H_
#define GOPHERCRON_SCHEDULE_RETRY_H_

#include <optional>

#include "base/time.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::schedule {

// A task that asks for lost runs to be run again gets at least this many further attempts, whatever
// its retry policy says. Bounded: a command that takes its machine down must not go through all of
// them.
inline constexpr int kLostRetriesMin = 3;
// No delay grows beyond this.
inline constexpr seconds kRetryDelayMax = std::chrono::hours(24);

// `run` has ended at `ended` with the outcome that it carries. What was lost is tried again at
// once. nullopt: its outcome is that of its tick. Manual runs are never followed by another.
std::optional<Instant> NextAttemptAt(const task::Task& task, const task::RunRecord& run,
                                     Instant ended);

// A further attempt that was due at `due` and could not start until then is not made any more.
Instant AttemptDeadline(const task::Task& task, Instant due);

}  // namespace gophercron::schedule

#endif  // GOPHERCRON_SCHEDULE_RETRY_H_
