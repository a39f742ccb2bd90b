// Outcomes of ticks and records of runs: the rows of the ledger, as values.
//
// Every tick ends in exactly one Outcome. A tick that was run has one RunRecord for each attempt
// and the outcome of the last; a tick that was not run stands in an OutcomeSpan with its reason.
//
// The ledger of a task is a chain. `after` of a row is the instant of the task's mark that its
// claim moved forward from: between `after` and the row's own first tick the task has no tick that
// this row does not cover. Where a row's `after` is later than the last tick of the row before it,
// something was claimed and never written down; the auditor finds such gaps and accounts for them.
#ifndef GOPHERCRON_TASK_RUN_H_
#define GOPHERCRON_TASK_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "task/task.h"

namespace gophercron::task {

enum class Outcome {
  kSucceeded,
  kFailed,         // an exit code other than 0, or a signal of its own making
  kFailedToStart,  // execve or what comes before it failed; errno says how
  kTimedOut,
  kKilled,      // by a person, by overlap `replace`, or because the agent stopped
  kSkipped,     // decided not to run it, by the task's own policy: Reason
  kMissed,      // nobody could run it: Reason
  kLost,        // claimed, and nobody knows how it ended: the agent died
  kSuperseded,  // claimed, and the definition changed before it started
};

// Why a tick was skipped, missed, lost or superseded. `detail` beside it names run, account or
// error.
enum class Reason {
  kNone,
  kOverlap,      // skipped: a run was still going (detail: its run id)
  kQueued,       // skipped: a newer tick took its place in the queue
  kRunLimit,     // missed: every agent was at its run limit until the deadline
  kDeadline,     // missed: could not start within start_deadline
  kCatchUp,      // missed: during an outage, and the catch-up policy does not run it
  kOvertaken,    // missed: a later tick of the task was claimed first
  kNoAgent,      // missed: no agent served the project
  kNotRecorded,  // missed: an agent took it and died before it wrote down what it did with it
  kAgentDied,    // lost
  kEdited,       // superseded: the task was edited
  kPaused,       // superseded: paused or deleted
  kStoreHeld,    // missed: scheduling was held: coordinator or disk failed (detail: what it said)
};

// What made a run.
enum class Cause { kTick, kCatchUp, kQueue, kManual, kRetry };

std::string_view Name(Outcome outcome);
std::string_view Name(Reason reason);
std::string_view Name(Cause cause);
std::optional<Outcome> ParseOutcome(std::string_view name);
std::optional<Reason> ParseReason(std::string_view name);
std::optional<Cause> ParseCause(std::string_view name);

// True for outcomes of ticks whose command was started or tried.
bool IsRunOutcome(Outcome outcome);

// One attempt, from claim to end. Written once, when it has ended or was found lost; a record that
// an agent delivers late replaces one that others guessed (`lost`), never the reverse.
struct RunRecord {
  RunId run_id;
  TaskKey task;
  std::optional<TickInstant> tick;   // none for a manual run
  std::optional<TickInstant> after;  // the chain; none when not known, and for manual runs
  Cause cause = Cause::kTick;
  int attempt = 1;

  std::string task_name;  // as it was then
  std::string command;    // as it was run; an argument vector is shown quoted
  Revision task_revision = 0;
  NodeId node_id;
  std::string node_address;
  std::int64_t fence = 0;  // the claim's revision: strictly increasing for each task

  Instant claimed_at{};
  std::optional<Instant> started_at;
  std::optional<Instant> ended_at;
  // A further attempt is due then, so this outcome is not the tick's yet. Not kept in the ledger.
  std::optional<Instant> retry_at;
  Outcome outcome = Outcome::kLost;
  Reason reason = Reason::kNone;
  std::string detail;  // the errno text, which runs overlapped
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool core_dumped = false;
  std::string requested_by;  // account that triggered it; empty for ticks
  std::string killed_by;     // account; empty unless killed by a person

  std::int64_t output_bytes = 0;   // all that the command wrote
  std::int64_t dropped_bytes = 0;  // of those, how many from the middle were not kept
  std::int64_t cpu_us = 0;
  std::int64_t memory_max_kib = 0;
};

// What is kept of a run's output: the first part, and the last part where the middle was dropped.
struct RunOutput {
  std::string head;
  std::string tail;
};

// Consecutive ticks of one task that ended alike and without a run.
struct OutcomeSpan {
  TaskKey task;
  TickInstant first{};
  TickInstant last{};
  std::int64_t count = 1;
  std::optional<TickInstant> after;  // the chain
  Outcome outcome = Outcome::kMissed;
  Reason reason = Reason::kNone;
  std::string detail;
  NodeId node_id;  // who wrote it down
  Instant recorded_at{};
};

// What an agent hands over for storing: in its spool, and later on the wire. Exactly one of the
// two.
struct LedgerRecord {
  std::optional<RunRecord> run;
  RunOutput output;  // of `run`
  std::optional<OutcomeSpan> span;
};

// JSON forms, used by the spool, the run key and the wire. Members with their default are left out.
// The output is not part of the JSON: any bytes are possible in it.
json::object ToJson(const RunRecord& run);
json::object ToJson(const OutcomeSpan& span);
Result<RunRecord> RunRecordFromJson(const json::object& from);
Result<OutcomeSpan> OutcomeSpanFromJson(const json::object& from);

}  // namespace gophercron::task

#endif  // GOPHERCRON_TASK_RUN_H_
