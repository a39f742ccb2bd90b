// Task: what people define. A value; nothing here knows a clock, a database or a schedule's
// arithmetic.
//
// The stored form (task_json.h) is GopherCron v1's JSON with our members beside v1's, so that v1's
// data loads and v1's tools show what people know.
#ifndef GOPHERCRON_TASK_TASK_H_
#define GOPHERCRON_TASK_TASK_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace gophercron::task {

using ProjectId = std::int64_t;  // a decimal number in keys and tables, 1 and up
using TaskId = std::string;      // in v1's data a decimal number; any text without '/' is possible
using NodeId = std::string;      // NewId, made once for each data folder
using RunId = std::string;       // NewId, one for each attempt
// The coordinator's revision at which a definition was last written; grows with every write. 0: not
// stored.
using Revision = std::int64_t;

// Names one task for ever.
struct TaskKey {
  ProjectId project_id = 0;
  TaskId task_id;
  auto operator<=>(const TaskKey&) const = default;
};

// One planned instant of one task. Not a run: a tick has at most one claim, and as many runs as
// attempts.
struct Tick {
  TaskKey task;
  TickInstant at;
  auto operator<=>(const Tick&) const = default;
};

// What happens when a tick is due and a run of the same task is still going, anywhere in the
// cluster.
enum class Overlap {
  kSkip,     // the tick is `skipped`; the ledger names the run that was still going
  kQueue,    // the newest such tick waits and starts when the run has ended; older ones are skipped
  kReplace,  // the run is killed; the tick starts when it has gone
  kAllow,    // both run
};

// What happens to ticks that nobody could claim in time: an outage, everything stopped, a machine
// asleep.
enum class CatchUpMode {
  kSkip,    // none of them runs; they are `missed`
  kLatest,  // only the newest runs, if it is younger than `max_age`; the others are `missed`
  kAll,  // the newest `max_number` of those younger than `max_age` run, oldest first, one at a time
};

struct CatchUp {
  CatchUpMode mode = CatchUpMode::kLatest;
  seconds max_age = std::chrono::hours(1);
  int max_number = 100;
  bool operator==(const CatchUp&) const = default;
};

enum class OnLost { kLeave, kRetry };

struct Retry {
  int max_number = 0;    // further attempts after the first
  seconds delay{10};     // before the second attempt
  double backoff = 1.0;  // each further delay is this many times the one before
  bool operator==(const Retry&) const = default;
};

struct Task {
  TaskKey key;
  Revision revision = 0;

  std::string name;
  std::string remark;
  // Exactly one of the two is set. `command` is given to a shell; `argv` is executed as it is.
  std::string command;
  std::vector<std::string> argv;

  std::string cron;  // the dialect of docs/semantics.md
  std::string zone;  // IANA name; empty: the cluster's zone
  bool enabled = true;
  std::optional<Instant> valid_from;   // no tick before
  std::optional<Instant> valid_until;  // no tick at or after
  // Ticks are moved by a fixed part of this, 0 <= part < jitter, a hash of the task's id.
  seconds jitter{0};
  // A tick that could not start for this long is `missed (deadline)`, catch-up aside.
  seconds start_deadline{30};

  seconds timeout{0};      // 0: none
  seconds kill_grace{10};  // between TERM and KILL, for kill and timeout
  Overlap overlap = Overlap::kSkip;
  CatchUp catch_up;
  OnLost on_lost = OnLost::kLeave;
  Retry retry;
  bool broadcast = false;  // every node runs it (v1: noseize)
  std::string exclusive_group;
  std::map<std::string, std::string> agent_selector;

  std::map<std::string, std::string> environment;
  std::string cwd;                // empty: the agent's default
  std::string run_as;             // empty: as the agent
  std::int64_t output_limit = 0;  // bytes kept of one run's output; 0: the agent's default
  std::map<std::string, std::string> labels;

  std::string created_by;
  std::string updated_by;
  Instant created_at{};
  Instant updated_at{};  // v1's create_time: the last save
  // Since when this schedule holds: changes only with cron, zone, jitter, validity or enabled.
  // Catch-up never reaches behind it, so resuming a paused task fires no backlog.
  Instant scheduled_since{};

  // Members of the stored JSON that this program does not know (v1's is_running, client_ip and
  // exclusion among them). Written back unchanged.
  json::object unknown;
};

std::string_view Name(Overlap overlap);
std::string_view Name(CatchUpMode mode);
std::string_view Name(OnLost on_lost);
std::optional<Overlap> ParseOverlap(std::string_view name);
std::optional<CatchUpMode> ParseCatchUpMode(std::string_view name);
std::optional<OnLost> ParseOnLost(std::string_view name);

// The command as people see it: the text for the shell, or the argument vector quoted so that a
// shell would make the same vector of it.
std::string CommandLine(const Task& task);

// True when the two have the same ticks: the same cron, zone, jitter, validity and enabled, for the
// same nodes.
bool SameSchedule(const Task& a, const Task& b);

}  // namespace gophercron::task

#endif  // GOPHERCRON_TASK_TASK_H_
