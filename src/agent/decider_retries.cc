// Further attempts. A run that is to be followed by another leaves its key standing with how it
// ended and when the next attempt is due: that key is what the next attempt's claim consumes, so
// each attempt has at most one successor. Until then the tick is still going: the key, and the lock
// while its session lives, stand in the way of what may not overlap.
#include <algorithm>

#include "agent/decider_impl.h"
#include "agent/rank.h"
#include "schedule/retry.h"

namespace gophercron::agent {

namespace {

constexpr seconds kUnknownTaskPatience = std::chrono::hours(24);

bool IsDue(const SeenRun& seen) {
  return seen.value->record.retry_at.has_value() && !seen.kill_sent;
}

}  // namespace

// By the newest definition that is known here, as a start is.
std::optional<Instant> Decider::Impl::NextAttempt(const TaskState& state,
                                                  const task::RunRecord& run, Instant ended) const {
  if (!state.task || !state.plan || !run.tick || !state.plan->IsTick(*run.tick)) {
    return std::nullopt;
  }
  // What every node runs is tried again by the same node only.
  if (state.by_node() && run.node_id != config_.node_id) return std::nullopt;
  return schedule::NextAttemptAt(*state.task, run, ended);
}

task::RunId Decider::Impl::DueRetry(const TaskState& state, const task::RunId& but) const {
  for (const SeenRun& seen : state.runs) {
    const task::RunRecord& record = seen.value->record;
    if (!IsDue(seen) || record.run_id == but || own_.contains(record.run_id)) continue;
    if (!state.by_node() || record.node_id == config_.node_id) return record.run_id;
  }
  return {};
}

// The record is durable: what is known of the run goes into its key, for whoever takes it from
// here.
void Decider::Impl::PassOn(TaskState& state, coordination::LiveRun value, Revision read_at) {
  Upkeep part = {.what = Upkeep::What::kPassOn, .slot = state.slot, .run_id = value.record.run_id};
  part.txn = coordination::BuildUpdateRun(config_.keys, value, read_at);
  part.value = std::make_shared<const coordination::LiveRun>(std::move(value));
  AddUpkeep(std::move(part));
}

void Decider::Impl::PassOnOwn(OwnRun& run) {
  coordination::LiveRun value;
  value.record = run.record;
  value.session = run.session;
  PassOn(*slots_[run.slot], std::move(value), run.key_revision);
}

void Decider::Impl::HandlePassOn(const Upkeep& upkeep, const coordination::TxnResult& result) {
  TaskState& state = *slots_[upkeep.slot];
  const auto& got = result.succeeded ? std::nullopt : result.results.at(0).got;
  const auto there =
      got ? coordination::ParseLiveRun(got->value) : Result<coordination::LiveRun>(*upkeep.value);
  const bool passed = result.succeeded || (got && there && there->record.retry_at);
  OwnRun* own = FindOwn(upkeep.run_id);
  if (!passed && got && there && own != nullptr && !there->kill_requested && !own->kill_wanted) {
    // Written once more meanwhile, by this node itself.
    own->key_revision = got->mod_revision;
    PassOnOwn(*own);
    return;
  }
  if (own != nullptr) {
    std::erase(state.own, own);
    own_.erase(upkeep.run_id);
  }
  if (passed) {
    RunKey(state.key, *there, result.succeeded ? result.revision : got->mod_revision);
  } else if (got && there && (own != nullptr || there->kill_requested)) {
    Conclude(state.slot, upkeep.run_id);
  }
}

void Decider::Impl::EndRetry(TaskState& state, SeenRun& seen) {
  if (seen.kill_sent) return;
  seen.kill_sent = true;
  Conclude(state.slot, seen.value->record.run_id);
}

// True when a transaction was issued.
bool Decider::Impl::AttendRetries(TaskState& state) {
  for (SeenRun& seen : state.runs) {
    if (!IsDue(seen) || seen.refused || own_.contains(seen.value->record.run_id)) continue;
    if (AttendRetry(state, seen)) return true;
  }
  return false;
}

bool Decider::Impl::AttendRetry(TaskState& state, SeenRun& seen) {
  const task::RunRecord& before = seen.value->record;
  const Instant due = *before.retry_at;
  const bool here = before.node_id == config_.node_id;
  if (!state.task && state.task_revision == 0) {
    // It may not have been listed yet, or was deleted before this process was there.
    if (now_.wall > due + kUnknownTaskPatience) EndRetry(state, seen);
    return false;
  }
  const bool wanted = state.task && state.plan && before.tick && state.plan->IsTick(*before.tick) &&
                      !seen.value->kill_requested &&
                      schedule::NextAttemptAt(*state.task, before, due).has_value() &&
                      now_.wall <= schedule::AttemptDeadline(*state.task, due);
  if (!wanted) {
    EndRetry(state, seen);
    return false;
  }
  WakeAt(state, schedule::AttemptDeadline(*state.task, due) + seconds(1));
  if (state.by_node() && !here) return false;
  // The node that ran it before comes first; the others follow in the order of any run.
  Instant turn = due;
  if (!here) {
    const bool there = std::ranges::any_of(peers_, [&](const auto& peer) {
      return peer.second.node.node_id == before.node_id && peer.second.node.claims;
    });
    turn = TurnOf(TopicOf(before.run_id), state.key.project_id, due) +
           (there ? config_.step : milliseconds(0));
  }
  if (now_.wall < turn) {
    WakeAt(state, turn);
    return false;
  }
  const bool may_overlap = state.task->overlap == task::Overlap::kAllow;
  if (!may_overlap && !GoingRun(state, before.run_id).empty()) return false;
  if (!PlaceFree()) {
    JoinLine(state);
    return false;
  }
  IssueRetry(state, seen, !may_overlap && !state.by_node());
  return true;
}

void Decider::Impl::IssueRetry(TaskState& state, const SeenRun& seen, bool take_lock) {
  const task::RunRecord& before = seen.value->record;
  Intent intent = NewIntent(state, Intent::What::kRetry);
  intent.tick = *before.tick;
  intent.retry_of = before.run_id;
  intent.claim.consume = {.key = config_.keys.Run(state.key, before.run_id),
                          .revision = seen.revision};
  AddRun(intent, NewId(now_.wall, random_), task::Cause::kRetry, before.tick, take_lock);
  coordination::Claim::Run& run = *intent.claim.run;
  if (take_lock && state.lock_holder == before.run_id) run.lock_from = before.run_id;
  run.value.record.attempt = before.attempt + 1;
  run.value.record.after = before.after;
  Issue(state, std::move(intent));
}

}  // namespace gophercron::agent
