// What a task needs next: the one transaction that is to be sent for it, or when to look again.
#include <algorithm>

#include "agent/decider_impl.h"
#include "agent/rank.h"

namespace gophercron::agent {

void Decider::Impl::WakeAt(const TaskState& state, Instant at) {
  if (!due_.Has(state.slot) || at < due_.At(state.slot)) due_.Set(state.slot, at);
}

int Decider::Impl::RankOf(std::uint64_t topic, task::ProjectId project) const {
  if (peers_.size() <= 1) return 0;
  const double mine = RankScore(topic, HashNode(config_.node_id), std::max(config_.duty.weight, 1));
  int rank = 0;
  for (const auto& [lease, peer] : peers_) {
    const coordination::Node& node = peer.node;
    if (lease == session_ || !node.claims || node.weight <= 0 || node.node_id == config_.node_id) {
      continue;
    }
    if (!node.all_projects && std::ranges::find(node.projects, project) == node.projects.end()) {
      continue;
    }
    if (RankScore(topic, peer.hash, node.weight) < mine) ++rank;
  }
  return rank;
}

Instant Decider::Impl::TurnOf(std::uint64_t topic, task::ProjectId project, Instant base) const {
  return base + RankOf(topic, project) * config_.step;
}

std::optional<TickInstant> Decider::Impl::AfterOf(const TaskState& state, TickInstant tick) const {
  if (!state.plan) return std::nullopt;
  return state.plan->Latest(TickInstant(seconds(-1)), tick - seconds(1));
}

task::RunId Decider::Impl::GoingRun(const TaskState& state, const task::RunId& but) const {
  for (const OwnRun* own : state.own) return own->record.run_id;
  if (task::RunId due = DueRetry(state, but); !due.empty()) return due;
  if (state.by_node()) return {};  // other nodes' runs stand in nobody's way
  if (!state.lock_holder.empty() && state.lock_holder != but) {
    const auto own = own_.find(state.lock_holder);
    if (own == own_.end()) return state.lock_holder;  // ours that are alive are in state.own
  }
  for (const SeenRun& seen : state.runs) {
    const task::RunId& run_id = seen.value->record.run_id;
    if (seen.had_lock || seen.value->record.ended_at || own_.contains(run_id)) continue;
    if (peers_.contains(seen.value->session)) return run_id;
  }
  return {};
}

bool Decider::Impl::PlaceFree() const {
  return places_used_ < config_.duty.run_limit && (serving_ || line_.empty());
}

void Decider::Impl::JoinLine(TaskState& state) {
  if (state.in_line) return;
  state.in_line = true;
  line_.push_back(state.slot);
}

void Decider::Impl::WaitForPlace(TaskState& state, TickInstant tick) {
  JoinLine(state);
  if (!state.waiting) {
    state.waiting = schedule::Waiting{.since = tick, .reason = task::Reason::kRunLimit};
  }
  if (state.task->catch_up.mode == task::CatchUpMode::kAll) return;
  const seconds deadline = state.task->start_deadline;
  if (state.waiting->since + deadline < now_.wall) {
    // Newer ticks have come, so nothing says how long this would go on: what is past its deadline
    // is written down now.
    const auto passed = state.plan->Latest(
        state.Marked().mark.at, std::chrono::ceil<seconds>(now_.wall - deadline) - seconds(1));
    if (passed) {
      IssueAccount(state, *passed, std::nullopt, task::Reason::kNone, "");
      return;
    }
  }
  WakeAt(state,
         std::max<Instant>(state.waiting->since, state.Marked().mark.at) + deadline + seconds(1));
}

void Decider::Impl::AskForEnd(TaskState& state) {
  for (OwnRun* own : state.own) {
    if (own->kill_wanted) continue;
    own->kill_wanted = true;
    look_at_runs_ = true;
    own->kill_why = "replace";
  }
  for (SeenRun& seen : state.runs) {
    if (seen.value->record.retry_at && !own_.contains(seen.value->record.run_id) &&
        (!state.by_node() || seen.value->record.node_id == config_.node_id)) {
      EndRetry(state, seen);
    }
  }
  if (state.by_node()) return;
  for (SeenRun& seen : state.runs) {
    if (seen.kill_sent || seen.value->kill_requested || seen.value->record.ended_at ||
        seen.had_lock != (state.lock_holder == seen.value->record.run_id) ||
        own_.contains(seen.value->record.run_id) || !peers_.contains(seen.value->session)) {
      continue;
    }
    seen.kill_sent = true;
    coordination::LiveRun asked = *seen.value;
    asked.kill_requested = true;
    asked.kill_why = "replace";
    AddUpkeep({.what = Upkeep::What::kKill,
               .slot = state.slot,
               .run_id = asked.record.run_id,
               .txn = coordination::BuildUpdateRun(config_.keys, asked, seen.revision)});
  }
}

// Decides what to do for one task. At most one transaction of a task is on its way; its answer
// brings the task here again.
void Decider::Impl::Attend(TaskState& state) {
  due_.Cancel(state.slot);
  if (state.pending || !MayClaim()) return;
  if (state.retry_at) {
    if (now_.boot < *state.retry_at) return;  // the retry brings it here
    state.retry_at.reset();
  }
  if (!Serves(state.key)) return ForgetIfEmpty(state);
  if (AttendTriggers(state) || AttendFormer(state)) return;
  if (!state.task) {
    AttendRetries(state);  // none is made any more
    ForgetIfEmpty(state);
    return;
  }
  if (state.refused_revision >= state.task_revision) {
    state.retry_at = now_.boot + seconds(1);
    retries_.emplace(*state.retry_at, state.slot);
    out_->rereads.push_back(state.key);
    return;
  }
  if (state.Marked().revision == 0) {
    IssueFirstMark(state);
    return;
  }
  if (AttendRetries(state) || AttendQueued(state)) return;
  if (state.plan) AttendTicks(state);
}

bool Decider::Impl::AttendTriggers(TaskState& state) {
  for (const SeenTrigger& trigger : state.triggers) {
    if (AttendTrigger(state, trigger)) return true;
  }
  return false;
}

// A manual run. True when a transaction was issued.
bool Decider::Impl::AttendTrigger(TaskState& state, const SeenTrigger& trigger) {
  const Instant asked = trigger.trigger.requested_at;
  const Instant turn = TurnOf(TopicOf(trigger.run_id), state.key.project_id, asked);
  if (now_.wall < turn && turn - now_.wall < kTriggerPatience) {
    WakeAt(state, turn);
    return false;
  }
  const auto give_up = [&](task::Outcome outcome, task::Reason reason, std::string detail) {
    task::RunRecord end;
    end.run_id = trigger.run_id;
    end.cause = task::Cause::kManual;
    end.requested_by = trigger.trigger.requested_by;
    end.outcome = outcome;
    end.reason = reason;
    end.detail = std::move(detail);
    IssueGiveUp(
        state, Intent::What::kGiveUpManual,
        {.key = config_.keys.Trigger(state.key, trigger.run_id), .revision = trigger.revision},
        std::move(end));
    return true;
  };
  if (!state.task) {
    // It may not have been listed yet, or was deleted before this process was there.
    if (state.task_revision == 0 && (listing_ || now_.wall < asked + kTriggerPatience)) {
      WakeAt(state, asked + kTriggerPatience);
      return false;
    }
    return give_up(task::Outcome::kSuperseded, task::Reason::kPaused, "the task was deleted");
  }
  const bool may_overlap =
      trigger.trigger.ignore_overlap || state.task->overlap == task::Overlap::kAllow;
  const task::RunId going = may_overlap ? task::RunId() : GoingRun(state);
  const bool late = now_.wall >= asked + kTriggerPatience;
  if (!going.empty()) {
    if (late || state.task->overlap == task::Overlap::kSkip) {
      return give_up(task::Outcome::kSkipped, task::Reason::kOverlap, going);
    }
    if (state.task->overlap == task::Overlap::kReplace) AskForEnd(state);
    WakeAt(state, asked + kTriggerPatience);
    return false;
  }
  if (late) {
    const bool full = places_used_ >= config_.duty.run_limit;
    return give_up(task::Outcome::kMissed, full ? task::Reason::kRunLimit : task::Reason::kNoAgent,
                   "");
  }
  if (!PlaceFree()) {
    JoinLine(state);
    WakeAt(state, asked + kTriggerPatience);
    return false;
  }
  Intent intent = NewIntent(state, Intent::What::kManualRun);
  intent.claim.consume = {.key = config_.keys.Trigger(state.key, trigger.run_id),
                          .revision = trigger.revision};
  AddRun(intent, trigger.run_id, task::Cause::kManual, std::nullopt, !may_overlap);
  intent.claim.run->value.record.requested_by = trigger.trigger.requested_by;
  Issue(state, std::move(intent));
  return true;
}

// Ticks that a schedule of before had and nobody has taken: the definition changed first.
bool Decider::Impl::AttendFormer(TaskState& state) {
  while (!state.former.empty() && state.Marked().revision != 0) {
    Former& former = state.former.front();
    // Up to where the new schedule begins, even when this clock is not there yet. A deletion does
    // not say when it was.
    if (former.until == TickInstant::max()) former.until = std::chrono::floor<seconds>(now_.wall);
    const auto last = former.plan.Latest(state.Marked().mark.at, former.until);
    if (!last) {
      state.former.erase(state.former.begin());
      continue;
    }
    const Instant turn = state.by_node()
                             ? Instant(*last)
                             : TurnOf(TopicOf(state.key, *last), state.key.project_id, *last);
    if (now_.wall < turn) {
      WakeAt(state, turn);
      return false;
    }
    Intent intent = NewIntent(state, Intent::What::kAccount);
    intent.task = former.task;
    intent.plan = former.plan;
    if (!state.task) intent.claim.task_revision.reset();
    intent.claim.mark = {
        .to = *last, .from_revision = state.Marked().revision, .of_node = state.by_node()};
    intent.tick = *last;
    intent.outcome = task::Outcome::kSuperseded;
    intent.reason = former.reason;
    intent.former = true;
    Issue(state, std::move(intent));
    return true;
  }
  state.former.clear();
  return false;
}

// The tick that waits in the task's queue place. True when a transaction was issued.
bool Decider::Impl::AttendQueued(TaskState& state) {
  if (!state.queued) return false;
  const TickInstant tick = *state.queued;
  // Ranks count from when the lock was seen free, unless the clock was set back since.
  const Instant base =
      state.free_since > now_.wall ? tick : std::max<Instant>(tick, state.free_since);
  const Instant turn = TurnOf(TopicOf(state.key, tick), state.key.project_id, base);
  if (now_.wall < turn) {
    WakeAt(state, turn);
    return false;
  }
  const coordination::Claim::Consume consume = {.key = config_.keys.Queued(state.key),
                                                .revision = state.queued_revision};
  if (!state.plan || !state.plan->IsTick(tick)) {
    task::RunRecord end;
    end.run_id = NewId(now_.wall, random_);
    end.cause = task::Cause::kQueue;
    end.tick = tick;
    end.outcome = task::Outcome::kSuperseded;
    end.reason = state.task->enabled ? task::Reason::kEdited : task::Reason::kPaused;
    IssueGiveUp(state, Intent::What::kGiveUpQueued, consume, std::move(end));
    return true;
  }
  if (state.task->overlap != task::Overlap::kAllow && !GoingRun(state).empty()) return false;
  if (!PlaceFree()) {
    JoinLine(state);
    return false;
  }
  Intent intent = NewIntent(state, Intent::What::kQueuedRun);
  intent.claim.consume = consume;
  intent.tick = tick;
  AddRun(intent, NewId(now_.wall, random_), task::Cause::kQueue, tick,
         state.task->overlap != task::Overlap::kAllow);
  Issue(state, std::move(intent));
  return true;
}

void Decider::Impl::AttendTicks(TaskState& state) {
  const task::Task& task = *state.task;
  if (state.Marked().mark.at > now_.wall + kMarkAheadMax &&
      state.alarmed != state.Marked().mark.at) {
    state.alarmed = state.Marked().mark.at;
    alarms_.push_back({.kind = Alarm::Kind::kMarkInFuture,
                       .task = state.key,
                       .sentence = "the task's mark stands at " +
                                   FormatRfc3339(state.Marked().mark.at) +
                                   ", ahead of this machine's clock; no tick up to there fires"});
  }
  const auto due = schedule::FindDue(*state.plan, task, state.Marked().mark.at, now_.wall,
                                     config_.lead, state.waiting);
  if (due.kind == schedule::DueNow::Kind::kNothing) {
    state.waiting.reset();
    if (due.next) WakeAt(state, *due.next - config_.lead);
    return;
  }
  const Instant planned = due.tick;
  // What every node runs is everybody's turn at once.
  const Instant turn = state.by_node() ? planned - config_.lead
                                       : TurnOf(TopicOf(state.key, due.tick), state.key.project_id,
                                                planned - config_.lead);
  if (now_.wall < turn) {
    WakeAt(state, turn);
    return;
  }
  if (due.kind == schedule::DueNow::Kind::kAccount) {
    IssueAccount(state, due.tick, std::nullopt, task::Reason::kNone, "");
    return;
  }
  // What is newer changes the decision when it comes.
  if (const auto newer = state.plan->Next(std::chrono::floor<seconds>(now_.wall + config_.lead))) {
    WakeAt(state, *newer - config_.lead);
  }
  const task::RunId going = GoingRun(state);
  const bool behind_queue = task.overlap == task::Overlap::kQueue && state.queued.has_value();
  const bool in_order = due.catch_up || task.catch_up.mode == task::CatchUpMode::kAll;
  switch (schedule::DecideOverlap(task.overlap, !going.empty() || behind_queue,
                                  now_.wall >= planned, due.catch_up, in_order)) {
    case schedule::OverlapStep::kWait:
      if (now_.wall < planned) WakeAt(state, planned);
      return;
    case schedule::OverlapStep::kSkip:
      IssueAccount(state, due.tick, task::Outcome::kSkipped, task::Reason::kOverlap, going);
      return;
    case schedule::OverlapStep::kEnqueue:
      IssueEnqueue(state, due.tick);
      return;
    case schedule::OverlapStep::kReplace:
      AskForEnd(state);
      if (!state.waiting) {
        state.waiting = schedule::Waiting{.since = due.tick, .reason = task::Reason::kDeadline};
      }
      WakeAt(state, planned + task.start_deadline + seconds(1));
      return;
    case schedule::OverlapStep::kClaim:
      break;
  }
  if (due.catch_up && task.catch_up.mode == task::CatchUpMode::kAll) {
    if (!going.empty()) return;  // one at a time, whatever the overlap
    if (now_.wall < state.not_before && state.not_before - now_.wall <= kCatchUpPace) {
      WakeAt(state, state.not_before);
      return;
    }
  }
  if (!PlaceFree()) {
    WaitForPlace(state, due.tick);
    return;
  }
  IssueRun(state, due.tick, due.catch_up);
}

}  // namespace gophercron::agent
