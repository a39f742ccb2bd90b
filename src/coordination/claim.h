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
// A claim whose answer never came is unknown. It is sent again unchanged, same id: when the mark,
// the run's key or the queue's place already names that id, it was won the first time. The
// session's key has the lease in its name, so a claim of a former life can not succeed later.
//
// What that can not tell: a claim without a run that was won, whose answer was lost, and whose mark
// somebody else moved on before it was sent again, reads as kOvertaken. Its tick then stands
// between two rows of the chain with no row of its own, and the auditor finds it (kNotRecorded).
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
  task::RunId run_id;    // empty when the tick was accounted for without a run
  std::string claim_id;  // Claim::id of who moved it; with a run, the run's id. Empty: a first mark
  bool operator==(const Mark&) const = default;
};
// "0000001795352899 <node> run <run id>" or "0000001795352899 <node> none <claim id or ->".
std::string FormatMark(const Mark& mark);
// The fixed-width beginning; what "older than" compares with. Requires an instant from 1970 on.
std::string FormatMarkInstant(TickInstant at);
Result<Mark> ParseMark(std::string_view value);

// The value of a queue key: the one tick that waits for the task's lock.
struct QueuedTick {
  TickInstant at{};
  task::NodeId node_id;  // who put it there
  std::string claim_id;
  bool operator==(const QueuedTick&) const = default;
};
std::string FormatQueuedTick(const QueuedTick& queued);  // "0000001795352899 <node> <claim id>"
Result<QueuedTick> ParseQueuedTick(std::string_view value);

// The value of a run key: what is known of a run while it lives. A command longer than
// kLiveRunCommandMax bytes is cut there, so that a batch of claims fits one transaction.
inline constexpr std::size_t kLiveRunCommandMax = 1'000;
struct LiveRun {
  task::RunRecord record;  // without outcome and end; the fence is the key's create_revision
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
  int run_limit = 0;      // 0: none
  bool claims = true;     // false: others leave it out
  std::string holds_why;  // when it does not claim: a sentence
  Instant started_at{};
  // What follows only shows, and is renewed every ten seconds.
  Instant at{};  // this node's clock when this was written
  int running = 0;
  std::int64_t runs_started = 0;  // since started_at
  std::int64_t runs_failed = 0;   // of those that ended: not with success
  double load = 0;                // the machine's, of the last minute
  int processors = 0;
  // How far the others' clocks are ahead of this node's; none when it knows of no other.
  std::optional<microseconds> clock_offset;
};
std::string FormatNode(const Node& node);
Result<Node> ParseNode(std::string_view value);

// One thing to be decided by one transaction. Which parts are set makes it a claim of a tick (mark
// and run), an accounting of ticks without a run (mark alone), putting a tick into the queue (mark
// and enqueue), a start from the queue, of a manual trigger or of a further attempt (consume and
// run), giving up a trigger or queued tick (consume alone).
struct Claim {
  task::TaskKey task;
  // Unique to this decision (NewId), and the same whenever it is sent again. With `run` it is the
  // run's id, whatever stands here.
  std::string id;
  LeaseId session = 0;
  task::NodeId node_id;

  // Demanded of the definition; nullopt: none (accounting for a deleted task).
  std::optional<Revision> task_revision;

  struct MarkMove {
    TickInstant to{};
    // Set: the mark must be exactly this revision, 0 meaning that there is none yet. Unset: it must
    // be older than `to`.
    std::optional<Revision> from_revision;
    // Of a broadcast task: the mark that moves is `node_id`'s own.
    bool of_node = false;
  };
  std::optional<MarkMove> mark;

  struct Run {
    task::RunId run_id;
    LiveRun value;
    bool take_lock = false;
    // A run of mine of this task that has ended and whose lock was not given back: the lock must be
    // this run's and is taken over. Empty: the lock must be free.
    task::RunId lock_from;
  };
  std::optional<Run> run;

  // A key (trigger, queued tick, run of the attempt before) that must still have this revision, and
  // is deleted.
  struct Consume {
    std::string key;
    Revision revision = 0;
  };
  std::optional<Consume> consume;

  // Puts a tick into the task's queue place. The tick it displaces comes back in the answer.
  std::optional<TickInstant> enqueue;
};

// When several things stand in the way, the first of this order is named: session, mark, consumed
// key, definition, lock. So kLocked says that nothing but the lock did.
struct ClaimAnswer {
  enum class Kind {
    kWon,          // now or when it was sent before; whether I may still start is trusted_until's
    kOvertaken,    // the mark is not older (or not the revision demanded): `mark` says what it is
    kEdited,       // the definition has another revision, or is gone: read it again
    kLocked,       // `lock_holder` is still going
    kSessionGone,  // my session is over
    kConsumed,     // somebody else took the trigger or queued tick
    kNoMark,       // the task has no mark yet
  };
  Kind kind = Kind::kWon;
  // kWon, and it was won when it was sent before: `mark` and `displaced` are not in this answer.
  // What they were is read from the task's mark and queue keys at revision `fence` - 1, while the
  // store's history reaches back that far.
  bool repeated = false;
  std::optional<Mark> mark;  // kWon: the one before; else the present one. None: none or unreadable
  Revision mark_revision = 0;  // of the present mark, mine when won; 0 without MarkMove
  Revision fence = 0;          // kWon: the revision of the claim
  // kLocked: the run that has the lock; kForeignLock for v1's, which are empty. Empty itself when
  // the lock is free and only `lock_from` no longer has it: claim again without that.
  task::RunId lock_holder;
  std::optional<TickInstant> displaced;  // kWon with enqueue: the tick that stood in the queue
};
inline constexpr std::string_view kForeignLock = "unknown";

// Requires an id or a run; with enqueue also a mark; a consumed key that is none of the written
// ones.
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
// The first mark of a task that has none, or of mark.node_id for it: only if absent.
Txn BuildFirstMark(const Keys& keys, const task::TaskKey& task, const Mark& mark,
                   bool of_node = false);
// Writes a live run's key again, if it still has the revision that was read: to ask for its end
// (kill_requested), or to carry it over to a new session. Its failure gets the key.
Txn BuildUpdateRun(const Keys& keys, const LiveRun& run, Revision read_at);
// Deletes a definition of that revision, with the tombstone that lets its mark stay for a day and
// with v1's keys below it. Its failure gets the definition.
Txn BuildDeleteTask(const Keys& keys, const task::TaskKey& task, Revision revision, Instant now);
// A mark whose definition went without a tombstone (a v1 service deleted it): only if neither is
// there.
Txn BuildTombstone(const Keys& keys, const task::TaskKey& task, Instant now);
inline constexpr seconds kTombstoneKept = std::chrono::hours(24);
// The tombstone's day is over: removes mark, queued tick and tombstone, or the tombstone alone when
// the definition is there again.
Txn BuildForget(const Keys& keys, const task::TaskKey& task);
// The value of a tombstone: when the task was deleted.
Result<Instant> ParseTombstone(std::string_view value);
// Nests several of the above. Requires 1 to kClaimsPerTxnMax, none of them nesting itself.
Txn BuildBatch(std::vector<Txn> parts);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_CLAIM_H_
