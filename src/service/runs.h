// Runs: those that live, from their keys, and those that have ended, from the store, as one list.
//
// Threads: any. A run of a project that the caller may not see does not exist for them.
#ifndef GOPHERCRON_SERVICE_RUNS_H_
#define GOPHERCRON_SERVICE_RUNS_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordination/claim.h"
#include "service/access.h"
#include "service/events.h"
#include "service/nodes.h"
#include "service/ports.h"
#include "task/run.h"

namespace gophercron::service {

enum class RunState {
  kWaiting,  // asked for, and no node has taken it yet
  kRunning,
  kEnded,
};
std::string_view Name(RunState state);

struct RunView {
  task::RunRecord record;
  RunState state = RunState::kEnded;
  bool kill_requested = false;
  std::string kill_by;
};

struct RunFilter {
  std::optional<task::ProjectId> project;
  task::TaskId task_id;  // with `project`
  std::optional<task::Outcome> outcome;
  bool live_only = false;
  std::string before;  // the last run id of the page before
  // Made (for most: claimed) at or after, and before. Not together with a task, whose runs are in
  // the order of their planned instants.
  std::optional<Instant> from;
  std::optional<Instant> to;
  std::size_t limit = 50;
};

struct RunPage {
  std::vector<RunView> items;  // newest first
  std::string next;            // empty: there is no more
};

struct Triggered {
  task::RunId run_id;
  bool repeated = false;  // this idempotency key had triggered it before
};

struct OutputView {
  std::string bytes;
  std::int64_t offset = 0;  // of the first byte; beyond what was asked for where nothing was kept
  std::int64_t total = 0;   // all that the command wrote (so far)
  std::int64_t dropped_from = 0;
  std::int64_t dropped_to = 0;
  bool ended = false;
};

class Runs {
 public:
  Runs(const Ports& ports, const Access& access, const Nodes& nodes, EventsHub& events)
      : ports_(ports), access_(access), nodes_(nodes), events_(events) {}

  Result<RunPage> List(const Caller& caller, const RunFilter& filter) const;
  Result<RunView> Show(const Caller& caller, std::string_view run_id) const;
  // Makes the task run now, whether it is paused or not. The same `idempotency_key` (may be empty)
  // of the same caller for the same task means the same run for a day.
  Result<Triggered> Trigger(const Grant& grant, std::string_view task_id,
                            std::string_view idempotency_key, bool ignore_overlap) const;
  // Asks for its end; the agent gives it its grace. A second call changes nothing; one that has
  // ended is kConflict. One that waits is withdrawn.
  Result<RunView> Kill(const Caller& caller, std::string_view run_id) const;
  // The tasks of the project that have a run now, ascending.
  Result<std::vector<task::TaskId>> RunningTasks(const Grant& grant) const;
  // Kill for every run of the task, those that wait included. Waits until they have ended, for
  // `patience` at most, so that whoever looks next sees it; not when several wait already.
  Status KillAll(const Grant& grant, std::string_view task_id, milliseconds patience) const;
  // Of a run that still goes only what somebody is following; use EventsHub::Follow for that.
  Result<OutputView> ReadOutput(const Caller& caller, std::string_view run_id, std::int64_t from,
                                std::int64_t limit) const;

 private:
  struct LiveKey {
    coordination::KeyValue item;
    RunView view;
  };
  Result<std::vector<LiveKey>> ReadLive() const;
  Result<LiveKey> FindLive(std::string_view run_id) const;
  Result<RunView> Find(std::string_view run_id) const;
  Result<Grant> EnterFor(const Caller& caller, const RunView& run) const;

  Ports ports_;
  Access access_;
  Nodes nodes_;
  EventsHub& events_;
  std::shared_ptr<std::atomic<int>> waiting_ = std::make_shared<std::atomic<int>>(0);
};

// Idempotency keys are settings of this name, followed by a hash; housekeeping removes them after a
// day.
inline constexpr std::string_view kTriggerSettingPrefix = "trigger.";
inline constexpr seconds kIdempotencyKept = std::chrono::hours(24);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_RUNS_H_
