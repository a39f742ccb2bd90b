// Decider: everything an agent decides, without I/O. Events go in, actions come out; it owns no
// socket, thread or clock, so the same object runs under the driver (driver.h) and in the simulated
// world.
//
// How it is used: the driver reports what happened by calling the On... methods, as many as it has
// at hand, then calls Decide once, and carries out the actions it gets. Decide is also what "time
// is now" means: it must be called when a wake-up that it asked for is reached, and may be called
// at any other time. On... methods only note things down; all decisions are made in Decide.
//
// What it guarantees, provided the coordinator keeps its contract: a tick is never started twice,
// never before its planned instant on the given wall clock, never after the session's trusted time,
// and never before the answer to its claim is known; every tick it takes is recorded.
//
// Threads: none; calls one at a time. Clocks: `Now` carries both; the wall clock may jump, the boot
// clock never goes back within one life of a Decider.
#ifndef GOPHERCRON_AGENT_DECIDER_H_
#define GOPHERCRON_AGENT_DECIDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "coordination/claim.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "cron/zone.h"
#include "process/process_runner.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::agent {

struct Now {
  Instant wall{};
  BootTime boot{};
};

// What part of the work this node takes. May change while it runs.
struct Duty {
  bool all_projects = true;
  std::vector<task::ProjectId> projects;  // when not all
  int weight = 100;
  // Runs at a time, manual ones included. 0: none at all, which only a test wants.
  int run_limit = 256;

  bool Serves(task::ProjectId project) const;
  bool operator==(const Duty&) const = default;
};

struct DeciderConfig {
  explicit DeciderConfig(coordination::Keys the_keys) : keys(std::move(the_keys)) {}

  coordination::Keys keys;
  task::NodeId node_id;
  std::string address;
  cron::Zone zone;  // the cluster's, for tasks that name none
  Duty duty;
  // How long before its instant a tick is claimed: covers the round trip.
  milliseconds lead{50};
  // How long the agent of rank k waits after the one of rank k - 1.
  milliseconds step{300};
};

// How a run ended: process::Exit without its output, which stays with the driver.
struct RunEnd {
  process::End end = process::End::kExited;
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool core_dumped = false;
  std::string failure;  // a sentence, for kFailedToStart
  std::optional<Instant> started_at;
  Instant ended_at{};
  std::int64_t output_bytes = 0;
  std::int64_t dropped_bytes = 0;
  std::int64_t cpu_us = 0;
  std::int64_t memory_max_kib = 0;
};

// To be committed in this order. The answer goes to OnCommitted with the same id. A transaction
// comes again under the same id when its outcome was unknown.
struct CommitAction {
  std::uint64_t id = 0;
  coordination::Txn txn;
};

struct StartAction {
  std::shared_ptr<const task::Task> task;  // as it is to be run: the newest definition
  task::RunRecord run;                     // what is known of it so far; no start and no end
};

struct KillAction {
  task::RunId run_id;
  std::string by;   // account; empty when the program itself asks
  std::string why;  // "" by a person, "replace", "shutdown"
};

// To be made durable (spooled) in this order; then OnRecorded(id). For a run, the driver attaches
// the output.
struct RecordAction {
  std::uint64_t id = 0;
  task::LedgerRecord record;
};

struct Alarm {
  enum class Kind {
    kMarkInFuture,   // a task's mark lies ahead of this clock: its ticks up to there will not fire
    kBadDefinition,  // a stored task whose cron or zone can not be read: it does not fire
    kRefused,        // the coordinator refuses our transactions
    kClockOff,       // most others' clocks contradict this machine's: nothing is claimed
  };
  Kind kind = Kind::kRefused;
  task::TaskKey task;    // empty for kRefused
  std::string sentence;  // for a person
};

struct Actions {
  std::vector<CommitAction> commits;
  std::vector<StartAction> starts;
  std::vector<KillAction> kills;
  std::vector<RecordAction> records;
  // Definitions to be read again at once (Range of the task's key, then OnTaskPut or OnTaskGone).
  std::vector<task::TaskKey> rereads;
  std::vector<Alarm> alarms;
  // Set when the value of the session's key should say something else than it does: Node::claims.
  std::optional<bool> publish_claims;
  // Call Decide when either is reached. nullopt: not needed for this clock.
  std::optional<Instant> wake_wall;
  std::optional<BootTime> wake_boot;

  void Clear();
};

// Ticks of one task that the ledger need not show yet, although the mark has passed them: they are
// running, queued, or waiting to be recorded. What the auditor leaves alone.
struct OpenTicks {
  task::TaskKey task;
  TickInstant mark{};               // of the task
  std::vector<TickInstant> firsts;  // interval i is [firsts[i], lasts[i]]
  std::vector<TickInstant> lasts;
  std::shared_ptr<const task::Task> definition;  // null: deleted
};

class Decider {
 public:
  // `random` makes run ids; it must outlive the decider.
  Decider(DeciderConfig config, Random& random);
  ~Decider();
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  // The session. Nothing is claimed or started without one. OnSessionLost names the lease, so that
  // a late report about an earlier one does no harm. Live runs go on without a session and are
  // registered again under the next.
  void OnSessionOpened(coordination::LeaseId lease, BootTime trusted_until);
  void OnTrusted(coordination::LeaseId lease, BootTime trusted_until);
  void OnSessionLost(coordination::LeaseId lease);

  // What the coordinator holds, from lists and watches. Revisions are the key's mod_revision, or
  // that of the deletion; an older report than what is known is ignored, so order between families
  // does not matter. Between OnListBegin and OnListComplete everything that exists is reported;
  // what was known before and is older than `revision` and was not reported is then gone. Nothing
  // is claimed before the first list is complete.
  void OnListBegin();
  void OnListComplete(coordination::Revision revision);
  void OnTaskPut(std::shared_ptr<const task::Task> task);
  void OnTaskGone(const task::TaskKey& key, coordination::Revision revision);
  void OnMark(const task::TaskKey& key, const coordination::Mark& mark,
              coordination::Revision revision);
  void OnMarkGone(const task::TaskKey& key, coordination::Revision revision);
  void OnNodeMark(const task::TaskKey& key, std::string_view node_id,
                  const coordination::Mark& mark, coordination::Revision revision);
  void OnNodeMarkGone(const task::TaskKey& key, std::string_view node_id,
                      coordination::Revision revision);
  void OnRunKey(const task::TaskKey& key, const coordination::LiveRun& run,
                coordination::Revision revision);
  void OnRunKeyGone(const task::TaskKey& key, std::string_view run_id,
                    coordination::Revision revision);
  void OnLock(const task::TaskKey& key, std::string_view run_id, coordination::Revision revision);
  void OnLockGone(const task::TaskKey& key, coordination::Revision revision);
  void OnQueued(const task::TaskKey& key, TickInstant tick, coordination::Revision revision);
  void OnQueuedGone(const task::TaskKey& key, coordination::Revision revision);
  void OnTrigger(const task::TaskKey& key, std::string_view run_id,
                 const coordination::Trigger& trigger, coordination::Revision revision);
  void OnTriggerGone(const task::TaskKey& key, std::string_view run_id,
                     coordination::Revision revision);
  void OnNode(coordination::LeaseId session, const coordination::Node& node);
  void OnNodeGone(coordination::LeaseId session);

  // The answer to a CommitAction. kOutcomeUnknown and kUnavailable are dealt with here.
  void OnCommitted(std::uint64_t id, Result<coordination::TxnResult> result);

  // Runs of this process.
  void OnRunStarted(std::string_view run_id, Instant at);
  void OnRunEnded(std::string_view run_id, const RunEnd& end);
  // A RecordAction is on disk.
  void OnRecorded(std::uint64_t id);

  // At start, before the first OnListComplete: runs whose result a former life of this data folder
  // has spooled. Their keys are removed without a second record.
  void OnFoundRecorded(const task::RunRecord& run);
  // Nothing that a former life started is still running. Until then no run key of it is concluded
  // and nothing is claimed.
  void OnStraysEnded();
  // They could not be ended yet: others are told not to wait for this agent meanwhile.
  void OnStraysRemain();

  // Results can not be made durable (`why`, a sentence) and too many wait in memory: nothing is
  // claimed until the hold is lifted (an empty `why`). Runs go on, and end as ever.
  void OnHold(std::string why);

  // What is served from now on. Tasks of other projects are forgotten, their runs go on; those of
  // projects that came have to be listed again.
  void OnDuty(Duty duty);

  // Somebody else's clock showed `theirs` when the boot clock here stood at `at`. Those of other
  // nodes are taken from what OnNode says.
  void OnClock(const std::string& source, Instant theirs, BootTime at);

  // While on: claims nothing. Runs go on.
  void OnDrain(bool on);
  // Claims nothing any more, and kills every run. Finished when Idle().
  void OnStop();

  // Appends to `actions`.
  void Decide(const Now& now, Actions& actions);

  // No run, no unanswered transaction and no record that is not durable.
  bool Idle() const;
  // Held and running.
  int RunsAlive() const;
  // Why nothing may be claimed here although it is neither drained nor stopping; empty: no reason.
  std::string HoldsWhy() const;
  // How far the others' clocks are ahead of this one; none when there are no others.
  std::optional<microseconds> ClockOffset() const;
  // Definitions known, for a keys-only compare: 0 when the task is not known.
  coordination::Revision TaskRevision(const task::TaskKey& key) const;
  // For the auditor (auditor.h): every task that has a mark, in no order. Tasks with an unanswered
  // claim are left out.
  std::vector<OpenTicks> ListOpenTicks() const;
  // Runs held or running here, for status screens.
  std::vector<task::RunRecord> ListRuns() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_DECIDER_H_
