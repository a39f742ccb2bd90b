#include "agent/decider.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/decider_impl.h"
#include "agent/rank.h"

namespace gophercron::agent {

bool Duty::Serves(task::ProjectId project) const {
  return all_projects || std::ranges::find(projects, project) != projects.end();
}

void Actions::Clear() {
  commits.clear();
  starts.clear();
  kills.clear();
  records.clear();
  rereads.clear();
  alarms.clear();
  publish_claims.reset();
  wake_wall.reset();
  wake_boot.reset();
}

bool Decider::Impl::MayClaim() const {
  return listed_ && strays_ended_ && !Leaving() && !Holds() && Trusted() && !session_lost_;
}

std::string Decider::Impl::HoldsWhy() const {
  if (!hold_.empty()) return hold_;
  if (!clock_hold_.empty()) return clock_hold_;
  return strays_remain_ ? "commands of an earlier process are still running here" : "";
}

void Decider::Impl::JudgeClock() {
  for (const auto& [source, at] : clocks_shown_) clock_guard_.Note(source, at, now_.boot);
  clocks_shown_.clear();
  const microseconds stands = now_.wall.time_since_epoch() - now_.boot.time_since_epoch();
  const bool stepped = stands - clock_stood_ > kClockStep || clock_stood_ - stands > kClockStep;
  if (!stepped && now_.boot < clock_judged_ + kClockPeriod) return;
  clock_judged_ = now_.boot;
  clock_stood_ = stands;
  clock_ = clock_guard_.Judge(now_.wall, now_.boot);
  if (!clock_.Off()) {
    if (!std::exchange(clock_hold_, "").empty()) MarkAllDirty();
    return;
  }
  const double off = -std::chrono::duration<double>(*clock_.offset).count();
  clock_hold_ =
      fmt::format("this machine's clock is {:.1f} s {} those of {} of {} others", std::abs(off),
                  off > 0 ? "ahead of" : "behind", clock_.contradicted, clock_.others);
  DropUnsent();
  alarms_.push_back({.kind = Alarm::Kind::kClockOff,
                     .task = {},
                     .sentence = clock_hold_ + "; nothing is started here until it is set right"});
}

// From `after` on nothing can be claimed. One that follows at once on another goes on with it.
void Decider::Impl::BeginOutage(TickInstant after, task::Reason reason, std::string detail) {
  if (in_outage_) {
    outages_.back().after = std::min(outages_.back().after, after);
    return;
  }
  in_outage_ = true;
  if (!outages_.empty() && outages_.back().until >= after && outages_.back().reason == reason) {
    outages_.back().until = TickInstant::max();
    return;
  }
  if (outages_.size() >= kOutagesMax) outages_.erase(outages_.begin());
  outages_.push_back(
      {.after = after, .until = TickInstant::max(), .reason = reason, .detail = std::move(detail)});
}

// The ticks before the first decision, and those of a time in which the process or the machine
// stood still, were nobody's here.
void Decider::Impl::NoteStandstill() {
  const TickInstant now = std::chrono::floor<seconds>(now_.wall);
  if (!decided_) {
    decided_ = true;
    BeginOutage(TickInstant::min(), task::Reason::kCatchUp, "");
    return;
  }
  if (in_outage_) return;
  TickInstant since = now;
  if (promised_boot_ && now_.boot > *promised_boot_ + kStandstill) {
    since = now - std::chrono::ceil<seconds>(now_.boot - *promised_boot_);
  }
  if (promised_wall_ && now_.wall > *promised_wall_ + kStandstill) {
    since = std::min(since, std::chrono::floor<seconds>(*promised_wall_));
  }
  if (since < now) BeginOutage(since - seconds(1), task::Reason::kCatchUp, "");
}

void Decider::Impl::NoteAbility() {
  const TickInstant now = std::chrono::floor<seconds>(now_.wall);
  const bool able = MayClaim() && failures_ == 0;
  if (!able && !in_outage_ && !stopping_) {
    if (draining_) {
      BeginOutage(now, task::Reason::kNoAgent, "the node was being drained");
    } else {
      BeginOutage(now, task::Reason::kStoreHeld,
                  Holds() ? HoldsWhy() : "no session with the coordinator");
    }
  } else if (able && in_outage_) {
    in_outage_ = false;
    outages_.back().until = now;
  }
}

bool Decider::Impl::Idle() const {
  if (!records_.empty() || !upkeep_out_.empty() || !claims_out_.empty() ||
      std::ranges::any_of(pending_, [](const auto& one) { return !one.second.aside; })) {
    return false;
  }
  return std::ranges::none_of(
      own_, [](const auto& run) { return run.second->state != OwnRun::State::kConcluded; });
}

void Decider::Impl::HandleAnswers() {
  auto answers = std::move(answers_);
  answers_.clear();
  for (auto& [id, result] : answers) HandleAnswer(id, std::move(result));
  auto ends = std::move(ends_);
  ends_.clear();
  for (const auto& [run_id, end] : ends) Ended(run_id, end);
  for (auto& [id, pending] : pending_) {
    if (!pending.again_at || now_.boot < *pending.again_at) continue;
    pending.again_at.reset();
    Send(id, pending);
  }
}

void Decider::Impl::AttendAll() {
  while (!retries_.empty() && retries_.begin()->first <= now_.boot) {
    const std::uint32_t slot = retries_.begin()->second;
    retries_.erase(retries_.begin());
    if (slots_[slot]) MarkDirty(*slots_[slot]);
  }
  while (!due_.Empty() && due_.EarliestAt() <= now_.wall) {
    const std::uint32_t slot = due_.EarliestId();
    due_.Cancel(slot);
    MarkDirty(*slots_[slot]);
  }
  // Who has waited longest comes first: what is due together keeps its order from tick to tick, so
  // that no run meets the next tick of its own task because others changed places with it; and
  // where there is not room for all, everyone gets a turn.
  std::ranges::sort(dirty_, {}, [&](std::uint32_t slot) {
    return std::pair(slots_[slot] ? slots_[slot]->served : 0, slot);
  });
  // Attending marks nothing dirty but through answers, which come later; so this ends.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    TaskState* state = slots_[dirty_[i]].get();
    if (state == nullptr || !state->dirty) continue;
    state->dirty = false;
    Attend(*state);
  }
  dirty_.clear();
}

void Decider::Impl::ServeLine() {
  serving_ = true;
  while (!line_.empty() && places_used_ < config_.duty.run_limit && MayClaim()) {
    const std::uint32_t slot = line_.front();
    line_.pop_front();
    TaskState* state = slots_[slot].get();
    if (state == nullptr || !state->in_line) continue;
    state->in_line = false;
    Attend(*state);
  }
  serving_ = false;
}

void Decider::Impl::PublishClaims() {
  if (session_ == 0) return;
  const bool full = places_used_ >= config_.duty.run_limit && peers_.size() > 1;
  const bool claims = !Leaving() && !full && !Holds();
  if (published_ == claims) return;
  // At the limit this could change with every run; others need not know every time.
  if (!Leaving() && published_at_ != BootTime::min() && now_.boot < published_at_ + seconds(1)) {
    const BootTime again = published_at_ + seconds(1);
    out_->wake_boot = std::min(out_->wake_boot.value_or(again), again);
    return;
  }
  published_ = claims;
  published_at_ = now_.boot;
  out_->publish_claims = claims;
}

void Decider::Impl::SetWakes() {
  const auto wall = [&](Instant at) {
    out_->wake_wall = std::min(out_->wake_wall.value_or(at), at);
  };
  const auto boot = [&](BootTime at) {
    out_->wake_boot = std::min(out_->wake_boot.value_or(at), at);
  };
  if (!due_.Empty()) wall(due_.EarliestAt());
  if (!held_.empty()) {
    const auto next = held_.upper_bound(now_.wall);
    if (next != held_.end()) wall(next->first);
    // Those whose instant has come wait for trust, which is reported, or for their deadline.
    if (next != held_.begin()) boot(now_.boot + seconds(1));
  }
  // That the session is trusted again is nobody's event: every decision is told how far it is.
  if (session_ != 0 && !Trusted()) boot(now_.boot + kTrustAskedAgain);
  if (!retries_.empty()) boot(retries_.begin()->first);
  if (!orphans_.empty()) boot(now_.boot + seconds(1));
  if (!start_to_tell_.empty())
    boot(std::max(start_to_tell_.front().first, now_.boot + kStandstill));
  for (const auto& [id, pending] : pending_) {
    if (pending.again_at) boot(*pending.again_at);
  }
}

void Decider::Impl::Decide(const Now& now, Actions& actions) {
  now_ = now;
  out_ = &actions;
  if (session_lost_ && session_ != 0) LoseSession();
  session_lost_ = false;
  JudgeClock();
  NoteStandstill();
  const bool trusted = Trusted();
  if (trusted && !was_trusted_) MarkAllDirty();
  was_trusted_ = trusted;

  HandleAnswers();
  if (session_lost_) LoseSession();
  NoteAbility();
  const bool look_at_runs = std::exchange(look_at_runs_, false) || stopping_;
  if (look_at_runs) {
    RegisterRuns();
    SendKills();
  }
  TellStarts();
  StartHeld(look_at_runs);
  HandleOrphans();
  AttendAll();
  ServeLine();
  // A claim that was given up or a run that could not start may have freed what others wait for.
  if (look_at_runs_ || stopping_) SendKills();
  FlushClaims();
  FlushUpkeep();
  PublishClaims();
  SetWakes();
  promised_wall_ = actions.wake_wall;
  promised_boot_ = actions.wake_boot;
  actions.alarms.insert(actions.alarms.end(), alarms_.begin(), alarms_.end());
  alarms_.clear();
  out_ = nullptr;
}

Decider::Decider(DeciderConfig config, Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), random)) {}
Decider::~Decider() = default;

void Decider::OnSessionOpened(coordination::LeaseId lease, BootTime trusted_until) {
  impl_->trusted_until_ = trusted_until;
  if (impl_->session_ == lease) return;
  // The loss of the one before may not have been reported.
  if (impl_->session_ != 0) impl_->LoseSession();
  impl_->session_ = lease;
  impl_->look_at_runs_ = true;
  impl_->session_lost_ = false;
  impl_->was_trusted_ = false;
}

void Decider::OnTrusted(coordination::LeaseId lease, BootTime trusted_until) {
  if (impl_->session_ == lease) impl_->trusted_until_ = trusted_until;
}

void Decider::OnSessionLost(coordination::LeaseId lease) {
  if (impl_->session_ == lease) impl_->session_lost_ = true;
}

void Decider::OnListBegin() {
  impl_->listing_ = true;
  ++impl_->generation_;
}

void Decider::OnListComplete(coordination::Revision revision) {
  impl_->ListComplete(revision);
}

void Decider::OnTaskPut(std::shared_ptr<const task::Task> task) {
  if (!impl_->Serves(task->key)) return;
  impl_->TaskPut(std::move(task));
}

void Decider::OnTaskGone(const task::TaskKey& key, coordination::Revision revision) {
  if (!impl_->Serves(key)) return;
  impl_->TaskGone(key, revision);
}

void Decider::OnMark(const task::TaskKey& key, const coordination::Mark& mark,
                     coordination::Revision revision) {
  if (!impl_->Serves(key)) return;
  impl_->NoteMark(impl_->StateOf(key), false, mark, revision);
}

void Decider::OnMarkGone(const task::TaskKey& key, coordination::Revision revision) {
  impl_->MarkGone(key, false, revision);
}

void Decider::OnNodeMark(const task::TaskKey& key, std::string_view node_id,
                         const coordination::Mark& mark, coordination::Revision revision) {
  if (!impl_->Serves(key) || node_id != impl_->config_.node_id) return;
  impl_->NoteMark(impl_->StateOf(key), true, mark, revision);
}

void Decider::OnNodeMarkGone(const task::TaskKey& key, std::string_view node_id,
                             coordination::Revision revision) {
  if (node_id == impl_->config_.node_id) impl_->MarkGone(key, true, revision);
}

void Decider::OnRunKey(const task::TaskKey& key, const coordination::LiveRun& run,
                       coordination::Revision revision) {
  impl_->RunKey(key, run, revision);
}

void Decider::OnRunKeyGone(const task::TaskKey& key, std::string_view run_id,
                           coordination::Revision revision) {
  impl_->RunKeyGone(key, run_id, revision);
}

void Decider::OnLock(const task::TaskKey& key, std::string_view run_id,
                     coordination::Revision revision) {
  if (!impl_->Serves(key)) return;
  // v1's locks hold nothing.
  impl_->NoteLock(impl_->StateOf(key), run_id.empty() ? coordination::kForeignLock : run_id,
                  revision);
}

void Decider::OnLockGone(const task::TaskKey& key, coordination::Revision revision) {
  if (TaskState* state = impl_->Find(key)) impl_->NoteLock(*state, "", revision);
}

void Decider::OnQueued(const task::TaskKey& key, TickInstant tick,
                       coordination::Revision revision) {
  if (!impl_->Serves(key)) return;
  impl_->Queued(impl_->StateOf(key), tick, revision);
}

void Decider::OnQueuedGone(const task::TaskKey& key, coordination::Revision revision) {
  if (TaskState* state = impl_->Find(key)) impl_->Queued(*state, std::nullopt, revision);
}

void Decider::OnTrigger(const task::TaskKey& key, std::string_view run_id,
                        const coordination::Trigger& trigger, coordination::Revision revision) {
  if (!impl_->Serves(key)) return;
  impl_->TriggerPut(
      impl_->StateOf(key),
      {.run_id = task::RunId(run_id), .trigger = trigger, .revision = revision, .generation = 0});
}

void Decider::OnTriggerGone(const task::TaskKey& key, std::string_view run_id,
                            coordination::Revision revision) {
  if (TaskState* state = impl_->Find(key)) impl_->TriggerGone(*state, run_id, revision);
}

void Decider::OnNode(coordination::LeaseId session, const coordination::Node& node) {
  impl_->peers_[session] = {
      .node = node, .hash = HashNode(node.node_id), .generation = impl_->generation_};
  if (node.at != Instant() && node.node_id != impl_->config_.node_id) {
    impl_->clocks_shown_.emplace_back("node " + node.node_id, node.at);
  }
}

void Decider::OnNodeGone(coordination::LeaseId session) {
  if (impl_->peers_.erase(session) == 0) return;
  impl_->SuspectRunsOf(session);
  impl_->MarkAllDirty();
}

void Decider::OnCommitted(std::uint64_t id, Result<coordination::TxnResult> result) {
  impl_->answers_.emplace_back(id, std::move(result));
}

void Decider::OnRunStarted(std::string_view run_id, Instant at) {
  OwnRun* own = impl_->FindOwn(run_id);
  if (own == nullptr) return;
  own->record.started_at = at;
  impl_->started_.push_back(own->record.run_id);
}

void Decider::OnRunEnded(std::string_view run_id, const RunEnd& end) {
  impl_->ends_.emplace_back(run_id, end);
}

void Decider::OnRecorded(std::uint64_t id) {
  impl_->Recorded(id);
}

void Decider::OnFoundRecorded(const task::RunRecord& run) {
  impl_->found_recorded_.emplace(run.run_id, run.retry_at ? std::optional(run) : std::nullopt);
}

void Decider::OnStraysRemain() {
  impl_->strays_remain_ = true;
}

void Decider::OnHold(std::string why) {
  impl_->hold_ = std::move(why);
  if (impl_->hold_.empty()) impl_->MarkAllDirty();
}

void Decider::OnStraysEnded() {
  impl_->strays_ended_ = true;
  impl_->strays_remain_ = false;
  impl_->MarkAllDirty();
}

void Decider::OnDuty(Duty duty) {
  impl_->TakeDuty(std::move(duty));
}

void Decider::OnClock(const std::string& source, Instant theirs, BootTime at) {
  impl_->clock_guard_.Note(source, theirs, at);
}

void Decider::OnDrain(bool on) {
  if (impl_->draining_ == on) return;
  impl_->draining_ = on;
  if (on) {
    impl_->DropUnsent();
  } else {
    impl_->MarkAllDirty();
  }
}

void Decider::OnStop() {
  impl_->stopping_ = true;
  impl_->DropUnsent();
  impl_->look_at_runs_ = true;
}

void Decider::Decide(const Now& now, Actions& actions) {
  impl_->Decide(now, actions);
}

bool Decider::Idle() const {
  return impl_->Idle();
}

int Decider::RunsAlive() const {
  return static_cast<int>(std::ranges::count_if(impl_->own_, [](const auto& run) {
    return run.second->state == OwnRun::State::kHeld ||
           run.second->state == OwnRun::State::kRunning;
  }));
}

std::string Decider::HoldsWhy() const {
  return impl_->HoldsWhy();
}

std::optional<microseconds> Decider::ClockOffset() const {
  return impl_->clock_.offset;
}

coordination::Revision Decider::TaskRevision(const task::TaskKey& key) const {
  const TaskState* state = impl_->Find(key);
  return state != nullptr && state->task ? state->task_revision : 0;
}

std::vector<OpenTicks> Decider::ListOpenTicks() const {
  std::vector<OpenTicks> open;
  std::vector<std::size_t> place(impl_->slots_.size(), SIZE_MAX);
  const auto add = [&](std::uint32_t slot, TickInstant first, TickInstant last) {
    if (place[slot] == SIZE_MAX) return;
    open[place[slot]].firsts.push_back(first);
    open[place[slot]].lasts.push_back(last);
  };
  for (const auto& state : impl_->slots_) {
    // Ticks of every node are nobody's to guess: each node writes down what it did.
    if (!state || state->of_task.revision == 0 || state->by_node() || state->pending) continue;
    place[state->slot] = open.size();
    open.push_back({.task = state->key,
                    .mark = state->Marked().mark.at,
                    .firsts = {},
                    .lasts = {},
                    .definition = state->task});
    if (state->queued) add(state->slot, *state->queued, *state->queued);
    for (const SeenRun& seen : state->runs) {
      const auto& tick = seen.value->record.tick;
      if (tick) add(state->slot, *tick, *tick);
    }
  }
  for (const auto& [run_id, run] : impl_->own_) {
    if (run->record.tick) add(run->slot, *run->record.tick, *run->record.tick);
  }
  for (const auto& [id, record] : impl_->records_) {
    if (record.ticks) add(record.slot, record.first, record.last);
  }
  return open;
}

std::vector<task::RunRecord> Decider::ListRuns() const {
  std::vector<task::RunRecord> runs;
  for (const auto& [run_id, run] : impl_->own_) {
    if (run->state == OwnRun::State::kHeld || run->state == OwnRun::State::kRunning) {
      runs.push_back(run->record);
    }
  }
  return runs;
}

}  // namespace gophercron::agent
