// The inside of the decider: what it knows of tasks, runs and transactions. Included by its own
// sources only, each of which holds the functions of one concern.
#ifndef GOPHERCRON_AGENT_DECIDER_IMPL_H_
#define GOPHERCRON_AGENT_DECIDER_IMPL_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/clock_guard.h"
#include "agent/decider.h"
#include "base/id.h"
#include "schedule/due_queue.h"
#include "schedule/plan.h"
#include "schedule/policy.h"

namespace gophercron::agent {

using coordination::LeaseId;
using coordination::Revision;

// How long a run key whose session is gone is left to its owner, who may be on its way back.
inline constexpr seconds kOrphanGrace{10};
// A manual run that nobody could take for this long is not run any more.
inline constexpr seconds kTriggerPatience{60};
// A task without a mark that is younger than this keeps the ticks since it was made.
inline constexpr seconds kFirstMarkReach{600};
// The same on each node for a task that every node runs: one that comes later owes nothing.
inline constexpr seconds kFirstNodeMarkReach{5};
// Between two runs of one task that catch up: well below the shortest period, so that every backlog
// ends.
inline constexpr milliseconds kCatchUpPace{100};
// Ticks of a broadcast task that did not run here and are written down one by one, at most, for
// each claim that jumped over them: the newest.
inline constexpr std::int64_t kNodeTicksRecordedMax = 100;
// Batches that are not full and not answered; what comes meanwhile shares the next one.
inline constexpr int kPartialBatchesMax = 2;
// Schedules that a task had before, whose last ticks are not accounted for yet.
inline constexpr std::size_t kFormerMax = 16;
// A mark further ahead of the clock than this is told.
inline constexpr seconds kMarkAheadMax{5};
// Stretches of time in which nothing could be claimed that are remembered for the ticks in them.
inline constexpr std::size_t kOutagesMax = 8;
// A wake-up that came later than this says that the agent, or the machine, stood still.
inline constexpr seconds kStandstill{1};
// How often the clock is compared with the others', unless it was set in between.
inline constexpr seconds kClockPeriod{1};
// A clock that moved this much against the boot clock was set.
inline constexpr milliseconds kClockStep{500};
// How often an agent without a trusted session looks whether it has one again.
inline constexpr milliseconds kTrustAskedAgain{200};
// The key of a run that lasts longer than this is told when it started. Most are over before.
inline constexpr seconds kStartToldAfter{2};
// Upkeep that the coordinator refuses, and not because it is busy, is tried so often.
inline constexpr seconds kRefusedPatience{60};
inline constexpr milliseconds kBackoffFirst{100};
inline constexpr milliseconds kBackoffMost{2000};

struct OwnRun;

// A run key as the coordinator shows it.
struct SeenRun {
  std::shared_ptr<const coordination::LiveRun> value;
  Revision revision = 0;
  std::uint32_t generation = 0;
  bool had_lock = false;   // then the lock says whether it is still going
  bool kill_sent = false;  // by us; of one that waits for its next attempt: its end
  bool refused = false;    // a claim of the next attempt; a newer revision must come
};

struct SeenTrigger {
  task::RunId run_id;
  coordination::Trigger trigger;
  Revision revision = 0;
  std::uint32_t generation = 0;
};

struct SeenMark {
  coordination::Mark mark;
  Revision revision = 0;  // 0: none
  std::uint32_t generation = 0;
};

// A schedule that the task had: its ticks up to `until` may still lack an outcome.
struct Former {
  std::shared_ptr<const task::Task> task;
  schedule::Plan plan;
  TickInstant until{};
  task::Reason reason = task::Reason::kEdited;
};

struct TaskState {
  task::TaskKey key;
  std::uint32_t slot = 0;
  std::shared_ptr<const task::Task> task;  // null: deleted, or not seen yet
  Revision task_revision = 0;              // of the definition or of its deletion
  std::optional<schedule::Plan> plan;      // none: no definition, or one that can not be read
  SeenMark of_task;
  std::unique_ptr<SeenMark> of_node;  // of a broadcast task: this node's own
  // The one that says what is to be done here.
  SeenMark& Marked() { return by_node() ? *of_node : of_task; }
  const SeenMark& Marked() const { return by_node() ? *of_node : of_task; }
  bool by_node() const { return task && task->broadcast; }
  task::RunId lock_holder;
  Revision lock_revision = 0;
  std::optional<TickInstant> queued;
  Revision queued_revision = 0;
  std::uint32_t task_generation = 0, lock_generation = 0, queued_generation = 0;
  std::vector<SeenRun> runs;
  std::vector<SeenTrigger> triggers;
  std::vector<Former> former;
  // Held and running here, and ended here while a further attempt is being prepared.
  std::vector<OwnRun*> own;

  bool dirty = false;
  bool in_line = false;      // for a free place
  std::uint64_t served = 0;  // when it last got a place, counted in places given
  bool pending = false;      // a claim or first mark is on its way
  task::RunId lock_from;     // ended here; the lock may still be its
  std::optional<schedule::Waiting> waiting;
  std::optional<BootTime> retry_at;
  Revision refused_revision = 0;  // a claim planned from it was refused: a newer one must come
  Instant free_since{};           // when the last run was seen to end
  Instant not_before{};           // pace of catch-up
  TickInstant alarmed{};          // mark in the future that was told
};

// A run that this process has claimed.
struct OwnRun {
  enum class State {
    kHeld,       // claimed; waits for its instant
    kRunning,    // handed over to be started
    kEnded,      // the record is not durable yet, or the key not removed
    kConcluded,  // the key is removed; kept until that is seen, so that it is not taken for lost
  };
  State state = State::kHeld;
  std::uint32_t slot = 0;
  task::RunRecord record;
  std::shared_ptr<const task::Task> task;  // as claimed, then as started
  LeaseId session = 0;                     // that its key names
  Revision key_revision = 0;
  Revision concluded_revision = 0;
  bool took_lock = false;
  bool kill_wanted = false;
  bool kill_sent = false;
  bool key_gone = false;
  bool registering = false;
  bool start_told = false;  // the run key has started_at
  bool was_gone = false;    // its key: others took it for lost, and for the next attempt's
  std::string kill_by;
  std::string kill_why;
};

// One claim with what is needed to read its answer.
struct Intent {
  enum class What {
    kRun,
    kAccount,
    kEnqueue,
    kQueuedRun,
    kManualRun,
    kRetry,
    kGiveUpQueued,
    kGiveUpManual
  };
  What what = What::kRun;
  std::uint32_t slot = 0;
  coordination::Claim claim;
  std::shared_ptr<const task::Task> task;
  std::optional<schedule::Plan> plan;
  TickInstant mark{};  // planned from
  std::optional<schedule::Waiting> waiting;
  task::Outcome outcome = task::Outcome::kMissed;  // kAccount, kGiveUp...
  task::Reason reason = task::Reason::kNone;
  std::string detail;
  TickInstant tick{};
  task::RunId retry_of = {};  // kRetry
  bool former = false;        // of a former schedule: everything up to `tick` has `outcome`
  bool NeedsPlace() const {
    return claim.run && what != What::kGiveUpQueued && what != What::kGiveUpManual;
  }
};

// A small transaction that keeps keys in order.
struct Upkeep {
  enum class What { kUnlock, kConclude, kFirstMark, kRegister, kRelock, kKill, kPassOn };
  What what = What::kConclude;
  std::uint32_t slot = 0;
  task::RunId run_id = {};
  coordination::Mark mark = {};
  LeaseId session = 0;
  bool tells_start = false;                                      // kRegister
  bool of_node = false;                                          // kFirstMark
  std::shared_ptr<const coordination::LiveRun> value = nullptr;  // kPassOn
  coordination::Txn txn = {};
};

// A transaction that was handed out and not answered.
struct Pending {
  std::vector<Intent> intents;  // or
  std::vector<Upkeep> upkeep;
  bool unknown = false;  // it may have been applied: only a definite answer ends it
  bool partial = false;
  bool aside = false;  // upkeep that is refused: it is not waited for
  int tries = 0;
  TickInstant sent{};  // the first time
  std::optional<BootTime> again_at;
};

struct KeyHash {
  std::size_t operator()(const task::TaskKey& key) const {
    return std::hash<std::string_view>()(key.task_id) * 31 +
           static_cast<std::size_t>(key.project_id);
  }
};

class Decider::Impl {
 public:
  Impl(DeciderConfig config, Random& random) : config_(std::move(config)), random_(random) {}

  // decider_keys.cc: what the coordinator holds.
  TaskState& StateOf(const task::TaskKey& key);
  TaskState* Find(const task::TaskKey& key);
  void TaskPut(std::shared_ptr<const task::Task> task);
  void TaskGone(const task::TaskKey& key, Revision revision);
  // `of_node`: this node's own mark of a broadcast task.
  void NoteMark(TaskState& state, bool of_node, const std::optional<coordination::Mark>& mark,
                Revision revision);
  void MarkGone(const task::TaskKey& key, bool of_node, Revision revision);
  void RunKey(const task::TaskKey& key, const coordination::LiveRun& run, Revision revision);
  void RunKeyGone(const task::TaskKey& key, std::string_view run_id, Revision revision);
  void NoteLock(TaskState& state, std::string_view run_id, Revision revision);
  void Queued(TaskState& state, std::optional<TickInstant> tick, Revision revision);
  void TriggerPut(TaskState& state, SeenTrigger trigger);
  void TriggerGone(TaskState& state, std::string_view run_id, Revision revision);
  void ListComplete(Revision revision);
  void SweepTask(TaskState& state, Revision revision);
  bool Serves(const task::TaskKey& key) const { return config_.duty.Serves(key.project_id); }
  void TakeDuty(Duty duty);
  void MarkDirty(TaskState& state);
  void MarkAllDirty();
  void ForgetIfEmpty(TaskState& state);
  void SuspectRunsOf(LeaseId session);

  // decider.cc: the order of a decision.
  void Decide(const Now& now, Actions& actions);
  void HandleAnswers();
  void AttendAll();
  void ServeLine();
  void SetWakes();
  void PublishClaims();
  bool Idle() const;
  bool MayClaim() const;
  void JudgeClock();
  void NoteStandstill();
  void NoteAbility();
  void BeginOutage(TickInstant after, task::Reason reason, std::string detail);
  // Nothing may be claimed here, for a reason that has a sentence.
  bool Holds() const { return !hold_.empty() || !clock_hold_.empty() || strays_remain_; }
  std::string HoldsWhy() const;
  bool Leaving() const { return draining_ || stopping_; }
  bool Trusted() const { return session_ != 0 && now_.boot < trusted_until_; }

  // decider_ticks.cc: what a task needs next.
  void Attend(TaskState& state);
  bool AttendTriggers(TaskState& state);
  bool AttendTrigger(TaskState& state, const SeenTrigger& trigger);
  bool AttendFormer(TaskState& state);
  bool AttendQueued(TaskState& state);
  void AttendTicks(TaskState& state);
  void AskForEnd(TaskState& state);
  void WaitForPlace(TaskState& state, TickInstant tick);
  bool PlaceFree() const;
  void JoinLine(TaskState& state);
  // The run that is still going, but `but`; or empty.
  task::RunId GoingRun(const TaskState& state, const task::RunId& but = {}) const;
  int RankOf(std::uint64_t topic, task::ProjectId project) const;
  Instant TurnOf(std::uint64_t topic, task::ProjectId project, Instant base) const;
  void WakeAt(const TaskState& state, Instant at);
  std::optional<TickInstant> AfterOf(const TaskState& state, TickInstant tick) const;

  // decider_claims.cc: transactions out, answers in.
  Intent NewIntent(TaskState& state, Intent::What what);
  void AddRun(Intent& intent, const task::RunId& run_id, task::Cause cause,
              std::optional<TickInstant> tick, bool take_lock);
  void Issue(TaskState& state, Intent intent);
  void IssueRun(TaskState& state, TickInstant tick, bool catch_up);
  void IssueAccount(TaskState& state, TickInstant tick, std::optional<task::Outcome> outcome,
                    task::Reason reason, std::string detail);
  void IssueEnqueue(TaskState& state, TickInstant tick);
  void IssueGiveUp(TaskState& state, Intent::What what, coordination::Claim::Consume consume,
                   task::RunRecord end);
  void RecordGivenUp(TaskState& state, Intent& intent, Revision fence);
  void IssueFirstMark(TaskState& state);
  void AddUpkeep(Upkeep upkeep);
  void FlushClaims();
  void FlushUpkeep();
  void Send(std::uint64_t id, const Pending& pending);
  coordination::Txn BuildClaims(const std::vector<Intent>& intents) const;
  void HandleAnswer(std::uint64_t id, Result<coordination::TxnResult> result);
  void HandleFailure(std::uint64_t id, Pending& pending, const Error& error);
  void HandleClaim(Intent& intent, const coordination::ClaimAnswer& answer, Revision revision);
  void HandleWon(TaskState& state, Intent& intent, const coordination::ClaimAnswer& answer);
  void HandleUpkeep(const Upkeep& upkeep, const coordination::TxnResult& result);
  void SetAside(std::uint64_t id, Pending& pending);
  void Unclaim(const Intent& intent);
  void DropUnsent();
  void RecordJumped(const Intent& intent, TickInstant until);
  void RecordStretch(const Intent& intent, const schedule::Stretch& ticks,
                     std::optional<TickInstant> after, task::Outcome outcome,
                     const std::string& detail);

  // decider_retries.cc: attempts after the first.
  std::optional<Instant> NextAttempt(const TaskState& state, const task::RunRecord& run,
                                     Instant ended) const;
  // A run that waits for its next attempt, but `but`; or empty.
  task::RunId DueRetry(const TaskState& state, const task::RunId& but) const;
  void PassOn(TaskState& state, coordination::LiveRun value, Revision read_at);
  void PassOnOwn(OwnRun& run);
  void HandlePassOn(const Upkeep& upkeep, const coordination::TxnResult& result);
  void EndRetry(TaskState& state, SeenRun& seen);
  bool AttendRetries(TaskState& state);
  bool AttendRetry(TaskState& state, SeenRun& seen);
  void IssueRetry(TaskState& state, const SeenRun& seen, bool take_lock);

  // decider_runs.cc: runs of this process, and runs nobody owns.
  OwnRun* FindOwn(std::string_view run_id);
  void Hold(TaskState& state, Intent& intent, Revision fence);
  void StartHeld(bool all);
  bool TryStart(OwnRun& run);
  bool StillWanted(OwnRun& run, task::Reason& why_not) const;
  void Start(OwnRun& run);
  void EndUnstarted(OwnRun& run, task::Outcome outcome, task::Reason reason, std::string detail);
  void Ended(std::string_view run_id, const RunEnd& end);
  void LeaveTask(OwnRun& run);
  void RecordRun(OwnRun& run);
  void RecordSpan(const task::TaskKey& task, const schedule::Stretch& ticks,
                  std::optional<TickInstant> after, task::Outcome outcome,
                  const std::string& detail = "");
  void Recorded(std::uint64_t id);
  void Conclude(std::uint32_t slot, const task::RunId& run_id);
  void SendKills();
  void LoseSession();
  void RegisterRuns();
  static bool CanRegister(const OwnRun& run);
  // Into the run keys of those that have been going for a while.
  void TellStarts();
  void Register(OwnRun& run);
  void HandleOrphans();
  bool HandleOrphan(const task::RunId& run_id, TaskState& state, BootTime since);
  void RecordLost(TaskState& state, const SeenRun& seen);
  void DropOwn(std::string_view run_id);

  struct Record {
    std::uint32_t slot = 0;
    task::RunId run_id = {};  // whose key goes when it is durable; empty for spans
    TickInstant first{}, last{};
    bool ticks = false;
    // Found lost, and to be run again: what its key is to say then, and of which revision it is.
    std::optional<coordination::LiveRun> pass_on = {};
    Revision read_at = 0;
  };
  struct Peer {
    coordination::Node node;
    std::uint64_t hash = 0;
    std::uint32_t generation = 0;
  };
  struct Orphan {
    std::uint32_t slot = 0;
    std::optional<BootTime> since;
  };

  DeciderConfig config_;
  Random& random_;
  Now now_;
  Actions* out_ = nullptr;

  LeaseId session_ = 0;
  BootTime trusted_until_{};
  bool was_trusted_ = false;
  bool session_lost_ = false;    // to be acted on
  bool session_opened_ = false;  // to be acted on
  bool listing_ = false;
  bool listed_ = false;
  bool strays_ended_ = false;
  bool strays_remain_ = false;
  std::string hold_;  // why nothing may be claimed; empty: no hold
  ClockGuard clock_guard_;
  ClockGuard::Verdict clock_;
  std::string clock_hold_;                                     // as hold_
  std::vector<std::pair<std::string, Instant>> clocks_shown_;  // by nodes, since the last decision
  BootTime clock_judged_{};
  microseconds clock_stood_{};  // wall clock less boot clock when it was judged
  bool draining_ = false;
  bool stopping_ = false;
  bool serving_ = false;
  // A session, a run's key or a wish to end it has changed: then every own run is looked at, which
  // costs too much to be done at every decision.
  bool look_at_runs_ = true;
  std::uint32_t generation_ = 1;
  bool published_ = true;  // what the session key says of Node::claims
  BootTime published_at_{BootTime::min()};
  int failures_ = 0;  // of the coordinator, in a row
  // Oldest first. The last one is still going while `in_outage_`; its `until` is then for ever.
  std::vector<schedule::Outage> outages_;
  bool in_outage_ = false;
  bool decided_ = false;                  // at least once
  std::optional<Instant> promised_wall_;  // the wake-ups that were asked for
  std::optional<BootTime> promised_boot_;
  std::vector<task::RunId> started_;                            // since the last decision
  std::deque<std::pair<BootTime, task::RunId>> start_to_tell_;  // ascending

  std::vector<std::unique_ptr<TaskState>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<task::TaskKey, std::uint32_t, KeyHash> by_key_;
  std::map<LeaseId, Peer> peers_;
  schedule::DueQueue due_;
  std::vector<std::uint32_t> dirty_;
  std::uint64_t places_given_ = 0;
  std::deque<std::uint32_t> line_;
  std::multimap<BootTime, std::uint32_t> retries_;

  std::map<task::RunId, std::unique_ptr<OwnRun>, std::less<>> own_;
  std::multimap<Instant, task::RunId> held_;
  std::set<task::RunId, std::less<>> claimed_;  // run ids of unanswered claims
  std::map<task::RunId, Orphan> orphans_;
  // With the record of those that a further attempt was to follow.
  std::map<task::RunId, std::optional<task::RunRecord>, std::less<>> found_recorded_;
  int places_used_ = 0;

  std::vector<Intent> claims_out_;
  std::deque<Upkeep> upkeep_out_;
  std::map<std::uint64_t, Pending> pending_;
  std::vector<std::pair<std::uint64_t, Result<coordination::TxnResult>>> answers_;
  std::vector<std::pair<task::RunId, RunEnd>> ends_;
  std::vector<Alarm> alarms_;
  std::uint64_t next_id_ = 1;
  int partial_in_flight_ = 0;
  int upkeep_in_flight_ = 0;
  std::map<std::uint64_t, Record> records_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_DECIDER_IMPL_H_
