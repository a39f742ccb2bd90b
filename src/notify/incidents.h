// Incidents: decides who is told what. Outcomes go in, notifications come out: one when a task gets
// into a kind of trouble, none while it stays in it, one when it is out of all of it.
//
// Pure: time is an argument and never read; wall time, which may jump. What is told passes a rate
// limit: what is over it waits in a bounded queue, in order; when that is full the incident is not
// told at all, nor its end, and the next notification says how many were left out. Records that
// come again, or late behind newer ones of the same task, change nothing.
//
// Threads: one at a time.
#ifndef GOPHERCRON_NOTIFY_INCIDENTS_H_
#define GOPHERCRON_NOTIFY_INCIDENTS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::notify {

enum class Kind {
  kFailed,  // also failed to start and timed out
  kMissed,
  kLost,
  kLate,       // started, or still runs, later than expected
  kRecovered,  // succeeded again, in time
};
std::string_view Name(Kind kind);
std::optional<Kind> ParseKind(std::string_view name);

struct Rules {
  std::set<Kind> on = {Kind::kFailed, Kind::kMissed, Kind::kLost, Kind::kLate, Kind::kRecovered};
  std::set<task::ProjectId> projects;  // empty: all
  std::set<task::TaskKey> tasks;       // empty: all
  seconds late_start{0};               // 0: never late
  seconds late_end{0};
  int per_minute = 30;
};

struct Notification {
  Kind kind = Kind::kFailed;
  task::TaskKey task;
  std::string task_name;      // empty where it is not known
  Instant at{};               // when it happened
  Instant since{};            // kRecovered: when the trouble began; otherwise `at`
  std::int64_t troubles = 1;  // kRecovered: how many outcomes were bad; missed: how many ticks
  std::string outcome;        // as the ledger has it; empty for what is still running
  std::string detail;         // exit code, signal, reason: for a person
  std::string run_id;         // empty for ticks without a run
  std::optional<TickInstant> tick;
  std::string node_address;
  std::int64_t left_out = 0;  // notifications before this one that were too many
};

// The document that is sent.
json::object ToJson(const Notification& notification);

class Incidents {
 public:
  explicit Incidents(Rules rules) : rules_(std::move(rules)), tokens_(rules_.per_minute) {}

  // A failure that a further attempt follows (RunRecord::retry_at) is not the tick's outcome yet.
  // It is told all the same when that attempt has not begun kAttemptPatience after it was due: it
  // was called off, or nobody could make it.
  void Observe(const task::LedgerRecord& record, Instant now);
  static constexpr seconds kAttemptPatience{300};
  // A run goes on; it is late when it has not ended in time.
  void Started(const task::RunRecord& run);
  // What may be told now, in order. To be called after every observation and at NextWake.
  std::vector<Notification> Take(Instant now);
  // When Take has something again although nothing is observed.
  std::optional<Instant> NextWake() const;

 private:
  struct Trouble {
    Instant since{};
    std::int64_t count = 0;
    bool told = false;
  };
  struct TaskState {
    Instant newest{};
    std::map<Kind, Trouble> open;
  };
  struct Going {
    task::RunRecord run;
    Instant late_at{};
  };

  // The attempts of one tick follow each other, whichever node makes them.
  using Attempts = std::pair<task::TaskKey, std::optional<TickInstant>>;
  struct Due {
    Notification failure;  // told unless the next attempt begins
    Instant until{};
  };

  static Attempts AttemptsOf(const task::RunRecord& run);
  bool Matches(const task::TaskKey& task) const;
  void Bad(TaskState* state, Notification notification, std::int64_t count);
  void Good(TaskState* state, Notification notification, bool late);
  bool Offer(Notification notification);
  void ObserveRun(const task::RunRecord& run);
  void ObserveSpan(const task::OutcomeSpan& span);
  TaskState* StateOf(const task::TaskKey& task, Instant at);
  void TellOverdue(Instant now);
  void TellLateEnds(Instant now);

  const Rules rules_;
  std::map<task::TaskKey, TaskState> tasks_;
  std::map<std::string, Going> going_;  // by run id
  std::map<Attempts, Due> due_;
  std::deque<Notification> waiting_;
  std::int64_t left_out_ = 0;
  double tokens_;
  std::optional<Instant> filled_at_;
};

}  // namespace gophercron::notify

#endif  // GOPHERCRON_NOTIFY_INCIDENTS_H_
