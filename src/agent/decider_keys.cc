// What the coordinator holds, as the decider has been told.
#include <fmt/format.h>

#include <algorithm>

#include "agent/decider_impl.h"
#include "agent/rank.h"

namespace gophercron::agent {

TaskState* Decider::Impl::Find(const task::TaskKey& key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : slots_[found->second].get();
}

TaskState& Decider::Impl::StateOf(const task::TaskKey& key) {
  if (TaskState* state = Find(key)) return *state;
  std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot] = std::make_unique<TaskState>();
  slots_[slot]->key = key;
  slots_[slot]->slot = slot;
  by_key_.emplace(key, slot);
  return *slots_[slot];
}

void Decider::Impl::MarkDirty(TaskState& state) {
  if (state.dirty) return;
  state.dirty = true;
  dirty_.push_back(state.slot);
}

void Decider::Impl::MarkAllDirty() {
  for (const auto& state : slots_) {
    if (state) MarkDirty(*state);
  }
}

void Decider::Impl::ForgetIfEmpty(TaskState& state) {
  if (state.task || state.of_task.revision != 0 || state.pending || state.dirty || state.in_line ||
      !state.runs.empty() || !state.triggers.empty() || !state.own.empty() || state.queued ||
      !state.lock_holder.empty() || !state.former.empty() || listing_) {
    return;
  }
  for (const auto& [id, run] : own_) {
    if (run->slot == state.slot) return;
  }
  for (const auto& [id, record] : records_) {
    if (record.slot == state.slot) return;
  }
  for (const Upkeep& upkeep : upkeep_out_) {
    if (upkeep.slot == state.slot) return;
  }
  for (const auto& [id, pending] : pending_) {
    for (const Upkeep& upkeep : pending.upkeep) {
      if (upkeep.slot == state.slot) return;
    }
  }
  const std::uint32_t slot = state.slot;
  due_.Cancel(slot);
  std::erase_if(retries_, [slot](const auto& retry) { return retry.second == slot; });
  std::erase_if(orphans_, [slot](const auto& orphan) { return orphan.second.slot == slot; });
  by_key_.erase(state.key);
  slots_[slot].reset();
  free_slots_.push_back(slot);
}

// Keys of runs are noted for every project: whoever finds one whose owner is gone concludes it.
void Decider::Impl::TakeDuty(Duty duty) {
  config_.duty = std::move(duty);
  for (const auto& state : slots_) {
    if (!state) continue;
    MarkDirty(*state);
    if (Serves(state->key)) continue;
    state->task.reset();
    state->plan.reset();
    state->task_revision = 0;
    state->of_task = {};
    state->of_node.reset();
    state->queued.reset();
    state->queued_revision = 0;
    state->lock_holder.clear();
    state->lock_revision = 0;
    state->triggers.clear();
    state->former.clear();
    state->waiting.reset();
  }
}

void Decider::Impl::TaskPut(std::shared_ptr<const task::Task> task) {
  TaskState& state = StateOf(task->key);
  state.task_generation = generation_;
  if (task->revision <= state.task_revision) return;
  if (state.task && state.plan && !task::SameSchedule(*state.task, *task)) {
    if (state.former.size() >= kFormerMax) state.former.erase(state.former.begin());
    state.former.push_back(
        {.task = state.task,
         .plan = *state.plan,
         .until = std::chrono::floor<seconds>(task->scheduled_since),
         .reason = task->enabled ? task::Reason::kEdited : task::Reason::kPaused});
  }
  // What the one mark left open is not the other's to account for.
  if (state.task && state.task->broadcast != task->broadcast) state.former.clear();
  if (task->broadcast && !state.of_node) state.of_node = std::make_unique<SeenMark>();
  state.task = std::move(task);
  state.task_revision = state.task->revision;
  state.waiting.reset();
  auto plan = schedule::Plan::Make(*state.task, config_.zone);
  state.plan.reset();
  if (plan) {
    state.plan = *plan;
  } else {
    alarms_.push_back(
        {.kind = Alarm::Kind::kBadDefinition, .task = state.key, .sentence = plan.error().message});
  }
  MarkDirty(state);
}

void Decider::Impl::TaskGone(const task::TaskKey& key, Revision revision) {
  TaskState& state = StateOf(key);
  if (revision <= state.task_revision) return;
  state.task_revision = revision;
  if (state.task && state.plan) {
    if (state.former.size() >= kFormerMax) state.former.erase(state.former.begin());
    state.former.push_back({.task = state.task,
                            .plan = *state.plan,
                            .until = TickInstant::max(),
                            .reason = task::Reason::kPaused});
  }
  state.task.reset();
  state.plan.reset();
  state.waiting.reset();
  MarkDirty(state);
}

void Decider::Impl::NoteMark(TaskState& state, bool of_node,
                             const std::optional<coordination::Mark>& mark, Revision revision) {
  if (of_node && !state.of_node) state.of_node = std::make_unique<SeenMark>();
  SeenMark& seen = of_node ? *state.of_node : state.of_task;
  seen.generation = generation_;
  if (revision <= seen.revision || !mark) return;
  seen.mark = *mark;
  seen.revision = revision;
  if (state.waiting && state.Marked().mark.at >= state.waiting->since) state.waiting.reset();
  MarkDirty(state);
}

void Decider::Impl::MarkGone(const task::TaskKey& key, bool of_node, Revision revision) {
  TaskState* state = Find(key);
  if (state == nullptr || (of_node && !state->of_node)) return;
  SeenMark& seen = of_node ? *state->of_node : state->of_task;
  if (revision <= seen.revision) return;
  seen.revision = 0;
  MarkDirty(*state);
}

void Decider::Impl::RunKey(const task::TaskKey& key, const coordination::LiveRun& run,
                           Revision revision) {
  TaskState& state = StateOf(key);
  const task::RunId& run_id = run.record.run_id;
  auto seen = std::ranges::find_if(
      state.runs, [&](const SeenRun& one) { return one.value->record.run_id == run_id; });
  if (seen == state.runs.end()) {
    state.runs.emplace_back();
    seen = state.runs.end() - 1;
    seen->had_lock = state.lock_holder == run_id;
  }
  seen->generation = generation_;
  if (revision <= seen->revision) return;
  const bool moved = !seen->value || seen->value->session != run.session;
  // A wish to end the run came too late, and says nothing about its next attempt.
  if (run.record.retry_at && seen->value && !seen->value->record.retry_at) seen->kill_sent = false;
  seen->value = std::make_shared<const coordination::LiveRun>(run);
  seen->revision = revision;
  seen->refused = false;
  MarkDirty(state);

  if (OwnRun* own = FindOwn(run_id)) {
    own->key_revision = std::max(own->key_revision, revision);
    own->key_gone = false;
    if (run.kill_requested && !own->kill_wanted) {
      own->kill_wanted = true;
      look_at_runs_ = true;
      own->kill_by = run.kill_by;
      own->kill_why = run.kill_why;
    }
    return;
  }
  // A run elsewhere that appears while one of ours lives, where that is not allowed: a session was
  // lost. Both sides say so.
  if (moved && run.record.node_id != config_.node_id && !run.record.ended_at) {
    for (OwnRun* own : state.own) {
      if (own->took_lock && own->state == OwnRun::State::kRunning && own->record.detail.empty()) {
        own->record.detail = "overlapped with run " + run_id;
      }
    }
  }
  orphans_.try_emplace(run_id, Orphan{.slot = state.slot, .since = std::nullopt});
}

void Decider::Impl::RunKeyGone(const task::TaskKey& key, std::string_view run_id,
                               Revision revision) {
  TaskState* state = Find(key);
  if (state == nullptr) return;
  std::erase_if(state->runs, [&](const SeenRun& one) {
    return one.value->record.run_id == run_id && one.revision <= revision;
  });
  if (const auto orphan = orphans_.find(task::RunId(run_id)); orphan != orphans_.end()) {
    orphans_.erase(orphan);
  }
  MarkDirty(*state);
  OwnRun* own = FindOwn(run_id);
  if (own == nullptr || own->key_revision > revision) return;
  own->key_gone = own->was_gone = true;
  look_at_runs_ = true;
  if (own->state == OwnRun::State::kConcluded) DropOwn(run_id);
}

void Decider::Impl::NoteLock(TaskState& state, std::string_view run_id, Revision revision) {
  state.lock_generation = generation_;
  if (revision <= state.lock_revision) return;
  state.lock_revision = revision;
  state.lock_holder = run_id;
  for (SeenRun& seen : state.runs) {
    if (seen.value->record.run_id == run_id) seen.had_lock = true;
  }
  if (run_id.empty()) state.free_since = now_.wall;
  MarkDirty(state);
}

void Decider::Impl::Queued(TaskState& state, std::optional<TickInstant> tick, Revision revision) {
  state.queued_generation = generation_;
  if (revision <= state.queued_revision) return;
  state.queued_revision = revision;
  state.queued = tick;
  MarkDirty(state);
}

void Decider::Impl::TriggerPut(TaskState& state, SeenTrigger trigger) {
  trigger.generation = generation_;
  for (SeenTrigger& known : state.triggers) {
    if (known.run_id == trigger.run_id) {
      known = std::move(trigger);
      return;
    }
  }
  state.triggers.push_back(std::move(trigger));
  MarkDirty(state);
}

void Decider::Impl::TriggerGone(TaskState& state, std::string_view run_id, Revision revision) {
  std::erase_if(state.triggers, [&](const SeenTrigger& known) {
    return known.run_id == run_id && known.revision < revision;
  });
}

void Decider::Impl::SuspectRunsOf(LeaseId session) {
  for (const auto& state : slots_) {
    if (!state) continue;
    for (const SeenRun& seen : state->runs) {
      if (seen.value->session != session) continue;
      orphans_.try_emplace(seen.value->record.run_id,
                           Orphan{.slot = state->slot, .since = std::nullopt});
      MarkDirty(*state);
    }
  }
}

void Decider::Impl::SweepTask(TaskState& state, Revision revision) {
  const auto old = [&](std::uint32_t generation, Revision written) {
    return generation != generation_ && written <= revision;
  };
  if (state.task && old(state.task_generation, state.task_revision)) {
    TaskGone(state.key, std::max(revision, state.task_revision + 1));
  }
  const auto sweep_mark = [&](const SeenMark& seen, bool of_node) {
    if (seen.revision == 0 || !old(seen.generation, seen.revision)) return;
    MarkGone(state.key, of_node, std::max(revision, seen.revision + 1));
  };
  sweep_mark(state.of_task, false);
  if (state.of_node) sweep_mark(*state.of_node, true);
  if (!state.lock_holder.empty() && old(state.lock_generation, state.lock_revision)) {
    NoteLock(state, "", std::max(revision, state.lock_revision + 1));
  }
  if (state.queued && old(state.queued_generation, state.queued_revision)) {
    Queued(state, std::nullopt, std::max(revision, state.queued_revision + 1));
  }
  std::vector<task::RunId> gone;
  for (const SeenRun& seen : state.runs) {
    if (old(seen.generation, seen.revision)) gone.push_back(seen.value->record.run_id);
  }
  for (const task::RunId& run_id : gone) RunKeyGone(state.key, run_id, revision);
  std::erase_if(state.triggers,
                [&](const SeenTrigger& known) { return old(known.generation, known.revision); });
}

void Decider::Impl::ListComplete(Revision revision) {
  if (!listing_) return;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot]) SweepTask(*slots_[slot], revision);
  }
  std::vector<LeaseId> gone;
  for (const auto& [lease, peer] : peers_) {
    if (peer.generation != generation_) gone.push_back(lease);
  }
  for (const LeaseId lease : gone) {
    peers_.erase(lease);
    SuspectRunsOf(lease);
  }
  // Keys that were put and removed between two lists were never seen.
  std::vector<task::RunId> concluded;
  for (const auto& [run_id, run] : own_) {
    if (run->state != OwnRun::State::kConcluded || run->concluded_revision > revision) continue;
    const TaskState& state = *slots_[run->slot];
    if (std::ranges::none_of(
            state.runs, [&](const SeenRun& seen) { return seen.value->record.run_id == run_id; })) {
      concluded.push_back(run_id);
    }
  }
  for (const task::RunId& run_id : concluded) DropOwn(run_id);
  listing_ = false;
  listed_ = true;
  MarkAllDirty();
}

}  // namespace gophercron::agent
