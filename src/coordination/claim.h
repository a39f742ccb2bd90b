// The claim protocol: who may run a tick is decided by one transaction, built and read here, pure.
//
// Each task has one mark, the key that says which of its ticks was accounted for last. Its value
// begins with the planned instant in a fixed-width form, so that "older than this instant" is a
// comparison of values that the store itself makes, and it only ever moves forward: whoever moves
// it past a tick owns that tick, and every tick it jumped over. That is the whole at-most-once
// guard; it survives every crash and restart and needs no clean-up.
//
// A claim is one transaction: when the mark is older than the instant (or is exactly the one the
// claim was planned from), and the task's definition is still the revision that was planned from,
// and my session's key exists, and the lock is free where overlap is not allowed — then the mark
// moves, the run's key is put (no lease; it names the session), and the lock is taken on the
// session's lease. Ticks due together go in one transaction that nests one for each; each succeeds
// or fails by itself.
//
// A claim whose answer never came is unknown. It is sent again unchanged, same run id: its answer
// then names the run that holds the mark, and if that is this run, it was won.
#ifndef GOPHERCRON_COORDINATION_CLAIM_H_
#define GOPHERCRON_COORDINATION_CLAIM_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::coordination {

// The value of a mark. Orders as text as the instants order.
struct Mark {
  TickInstant at{};
  task::NodeId node_id;
  task::RunId run_id;  // empty when the tick was accounted for without a run
};
std::string FormatMark(const Mark& mark);  // "0000001795352899 <node> <run>"
std::string FormatMarkInstant(
    TickInstant at);  // the fixed-width beginning; what "older than" compares with
Result<Mark> ParseMark(std::string_view value);

// The value of a run key: what is known of a run while it lives.
struct LiveRun {
  task::RunRecord record;  // without outcome and end
  LeaseId session = 0;
  // Set by whoever wants it ended; the agent watches it. Lasts as long as the run.
  bool kill_requested = false;
  std::string kill_by;   // account, or empty when the program itself asks
  std::string kill_why;  // "" by a person, "replace", "shutdown"
};
std::string FormatLiveRun(const LiveRun& run);
Result<LiveRun> ParseLiveRun(std::string_view value);

// The value of a trigger key: a manual run that somebody asked for and no agent has taken yet.
struct Trigger {
  std::string requested_by;
  Instant requested_at{};
  bool ignore_overlap = false;
};
std::string FormatTrigger(const Trigger& trigger);
Result<Trigger> ParseTrigger(std::string_view value);

// The value of a session key: a node as the others see it.
struct Node {
  task::NodeId node_id;
  std::string address;
  std::string hostname;
  std::string version;
  bool all_projects = false;
  std::vector<task::ProjectId> projects;
  int weight = 100;
  int run_limit = 0;  // 0: none
  bool claims =
      true;  // false: draining, at its limit, its clock is not trusted: others leave it out
  Instant started_at{};
};
std::string FormatNode(const Node& node);
Result<Node> ParseNode(std::string_view value);

// One thing to be decided by one transaction. Which parts are set makes it a claim of a tick (mark
// and run), an accounting of ticks without a run (mark alone), putting a tick into the queue (mark
// and enqueue), a start from the queue or of a manual trigger (consume and run).
struct Claim {
  task::TaskKey task;
  LeaseId session = 0;
  task::NodeId node_id;

  // Demanded of the definition; nullopt: none (accounting for a deleted task).
  std::optional<Revision> task_revision;

  struct MarkMove {
    TickInstant to{};
    // Set: the mark must be exactly this revision, 0 meaning that there is none yet. Unset: it must
    // be older than `to`.
    std::optional<Revision> from_revision;
  };
  std::optional<MarkMove> mark;

  struct Run {
    task::RunId run_id;
    LiveRun value;
    bool take_lock = false;
    // An ended run of this task whose lock may be taken over instead of a free one. Empty: none.
    task::RunId lock_from;
  };
  std::optional<Run> run;

  // A key (trigger, queued tick) that must still have this revision, and is deleted.
  struct Consume {
    std::string key;
    Revision revision = 0;
  };
  std::optional<Consume> consume;

  // Puts a tick into the task's queue place. The tick it displaces comes back in the answer.
  std::optional<TickInstant> enqueue;
};

struct ClaimAnswer {
  enum class Kind {
    kWon,
    kOvertaken,    // the mark is not older (or not the revision demanded): `mark` says what it is
    kEdited,       // the definition has another revision, or is gone: read it again
    kLocked,       // `lock_holder` is still going
    kSessionGone,  // my session is over
    kConsumed,     // somebody else took the trigger or queued tick
    kNoMark,       // the task has no mark yet
  };
  Kind kind = Kind::kWon;
  std::optional<Mark> mark;              // kWon: the one before; else the present one
  Revision mark_revision = 0;            // of the present mark, mine when won
  Revision fence = 0;                    // kWon
  task::RunId lock_holder;               // kLocked
  std::optional<TickInstant> displaced;  // kWon with enqueue: the tick that stood in the queue
};

Txn BuildClaim(const Keys& keys, const Claim& claim);
// `result` answers BuildClaim(keys, claim) or the Op that nested it.
ClaimAnswer ReadClaim(const Keys& keys, const Claim& claim, const TxnResult& result);

// How many claims fit one transaction under kTxnOpsMax.
inline constexpr std::size_t kClaimsPerTxnMax = 100;
// One transaction that nests BuildClaim of each. Requires 1 to kClaimsPerTxnMax claims, no task
// twice.
Txn BuildClaims(const Keys& keys, std::span<const Claim> claims);
std::vector<ClaimAnswer> ReadClaims(const Keys& keys, std::span<const Claim> claims,
                                    const TxnResult& result);

// A run has ended: gives its lock back. Succeeds with nothing done when the lock is not this run's.
Txn BuildUnlock(const Keys& keys, const task::TaskKey& task, const task::RunId& run_id);
// The run's result is durable: removes its key, and its lock if still held.
Txn BuildConclude(const Keys& keys, const task::TaskKey& task, const task::RunId& run_id);
// The first mark of a task that has none: only if absent.
Txn BuildFirstMark(const Keys& keys, const task::TaskKey& task, const Mark& mark);
// Nests several of the three above. Requires 1 to kClaimsPerTxnMax.
Txn BuildBatch(std::vector<Txn> parts);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_CLAIM_H_
