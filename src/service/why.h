// Why: what became of one instant of one task, and why, in words and as data. The ledger's word
// comes first; where it has none, the decision is replayed from what the coordinator holds.
//
// Threads: any.
#ifndef GOPHERCRON_SERVICE_WHY_H_
#define GOPHERCRON_SERVICE_WHY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/access.h"
#include "service/nodes.h"
#include "service/ports.h"
#include "service/tasks.h"
#include "storage/store.h"
#include "task/task.h"

namespace gophercron::service {

enum class Verdict {
  kRan,             // `runs` say how
  kRunning,         // `runs` has the live one
  kSkipped,         // `span` says why
  kMissed,          // `span`
  kLost,            // `runs` or `span`
  kSuperseded,      // `runs` or `span`
  kQueued,          // waits for the run before it to end
  kUnrecorded,      // claimed or passed, and the record is not in the ledger yet
  kDue,             // may still be started
  kOverdue,         // could not be started in time; an agent will write down that it was missed
  kNotDue,          // in the future
  kNotATick,        // the schedule does not name this instant
  kPaused,          // the task is paused
  kNotValid,        // outside valid_from and valid_until
  kBeforeSchedule,  // before the schedule that the task has now
};
std::string_view Name(Verdict verdict);

struct Explanation {
  TickInstant at{};
  Verdict verdict = Verdict::kNotATick;
  std::string answer;              // one sentence
  std::vector<std::string> facts;  // what it follows from, one sentence each
  std::vector<task::RunRecord> runs;
  std::optional<task::OutcomeSpan> span;
  std::optional<TickInstant> tick_before;  // of the schedule as it is now
  std::optional<TickInstant> tick_after;
};

class Why {
 public:
  Why(const Ports& ports, const Tasks& tasks, const Nodes& nodes)
      : ports_(ports), tasks_(tasks), nodes_(nodes) {}

  Result<Explanation> Explain(const Grant& grant, std::string_view task_id, TickInstant at) const;

 private:
  struct Held;
  Result<Held> ReadHeld(const task::TaskKey& key) const;
  // True when the ledger or a live key settles it.
  Result<bool> FromRecords(const task::TaskKey& key, const Held& held, Explanation* out) const;
  Status FromSchedule(const task::Task& task, const Held& held, Explanation* out) const;
  Status FromClaims(const task::Task& task, const Held& held, Explanation* out) const;

  Ports ports_;
  Tasks tasks_;
  Nodes nodes_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_WHY_H_
