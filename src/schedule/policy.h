// The policies of a task as pure functions: which of its due ticks is to be run or accounted for,
// what a claim that jumped over ticks says about them, and what a run that is still going means.
//
// A tick is *live* until its start deadline. What is due and no longer live is the business of
// catch-up. Costs do not depend on how long an outage was: ticks are counted, not stepped through.
#ifndef GOPHERCRON_SCHEDULE_POLICY_H_
#define GOPHERCRON_SCHEDULE_POLICY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "schedule/plan.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::schedule {

struct DueNow {
  enum class Kind {
    kNothing,  // no tick is due; `next` is the next one, if any
    kRun,      // claim `tick` and run it
    kAccount,  // move the mark to `tick`; nothing up to it is run
  };
  Kind kind = Kind::kNothing;
  TickInstant tick{};
  // kRun: the tick's time to start normally is over, it is caught up with.
  bool catch_up = false;
  std::optional<TickInstant> next = {};
};

// Ticks from `since` on were seen live and had to wait. When their deadline passes they are
// accounted for with this reason, and not caught up with.
struct Waiting {
  TickInstant since{};
  task::Reason reason = task::Reason::kRunLimit;  // or kDeadline
};

// What stands before a task whose mark is at `mark`. Ticks up to `now` + `lead` count as due.
DueNow FindDue(const Plan& plan, const task::Task& task, TickInstant mark, Instant now,
               microseconds lead, const std::optional<Waiting>& waiting);

// A stretch of time in which nobody here could claim: what its ticks, those of (after, until], owe
// it to that they have no outcome yet.
struct Outage {
  TickInstant after{};
  TickInstant until{};
  task::Reason reason = task::Reason::kCatchUp;
  std::string detail;
};

// Consecutive ticks that ended alike without a run.
struct Stretch {
  TickInstant first{};
  TickInstant last{};
  std::int64_t count = 0;
  task::Reason reason = task::Reason::kNone;
  std::string detail = {};
};

// The ticks in (mark, until], which a claim jumped over: missed, and why. In order; at most four
// and two for each outage. Where outages overlap, the later one of the list is named.
std::vector<Stretch> JumpedTicks(const Plan& plan, const task::Task& task, TickInstant mark,
                                 TickInstant until, Instant now,
                                 const std::optional<Waiting>& waiting,
                                 std::span<const Outage> outages);

// True when a tick can still be started as planned.
inline bool IsLive(const task::Task& task, TickInstant tick, Instant now) {
  return tick + task.start_deadline >= now;
}

enum class OverlapStep {
  kClaim,    // nothing is in the way
  kWait,     // a run is going, and it is not yet time to say so: look again when it ends
  kSkip,     // account for the tick as skipped
  kEnqueue,  // put the tick into the task's queue place
  kReplace,  // have the run killed, and wait for its end
};

// `at_instant`: the planned instant has come. `catch_up`: it is caught up with, and waits its turn.
// `in_order`: every tick of the task is to be run, one after the other; so it waits behind the
// mark, where it displaces nothing, and not in the queue place.
OverlapStep DecideOverlap(task::Overlap policy, bool going, bool at_instant, bool catch_up,
                          bool in_order);

}  // namespace gophercron::schedule

#endif  // GOPHERCRON_SCHEDULE_POLICY_H_
