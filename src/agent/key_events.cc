#include "agent/key_events.h"

#include <fmt/format.h>

#include <memory>

#include "coordination/task_value.h"

namespace gophercron::agent {

namespace {

using coordination::Keys;
using Family = Keys::Parsed::Family;

std::unexpected<Error> Unreadable(std::string_view key, const Error& error) {
  return Fail(ErrorCode::kCorrupt, fmt::format("key {}: {}", key, error.message));
}

Status DeliverTask(const Keys::Parsed& parsed, const coordination::KeyValue& item,
                   Decider& decider) {
  auto task = coordination::ParseTask(parsed.task, item);
  if (!task) return Unreadable(item.key, task.error());
  decider.OnTaskPut(std::make_shared<const task::Task>(*std::move(task)));
  return {};
}

}  // namespace

Status DeliverPut(const Keys& keys, const coordination::KeyValue& item, Decider& decider) {
  const auto parsed = keys.Parse(item.key);
  if (!parsed) return {};
  switch (parsed->family) {
    case Family::kTask:
      return DeliverTask(*parsed, item, decider);
    case Family::kMark: {
      const auto mark = coordination::ParseMark(item.value);
      if (!mark) return Unreadable(item.key, mark.error());
      decider.OnMark(parsed->task, *mark, item.mod_revision);
      return {};
    }
    case Family::kNodeMark: {
      const auto mark = coordination::ParseMark(item.value);
      if (!mark) return Unreadable(item.key, mark.error());
      decider.OnNodeMark(parsed->task, parsed->rest, *mark, item.mod_revision);
      return {};
    }
    case Family::kLock:
      decider.OnLock(parsed->task, item.value, item.mod_revision);
      return {};
    case Family::kQueued: {
      const auto queued = coordination::ParseQueuedTick(item.value);
      if (!queued) return Unreadable(item.key, queued.error());
      decider.OnQueued(parsed->task, queued->at, item.mod_revision);
      return {};
    }
    case Family::kRun: {
      auto run = coordination::ParseLiveRun(item.value);
      if (!run) return Unreadable(item.key, run.error());
      // The claim's revision is the fence; its own transaction could not write it down.
      run->record.fence = item.create_revision;
      decider.OnRunKey(parsed->task, *run, item.mod_revision);
      return {};
    }
    case Family::kTrigger: {
      const auto trigger = coordination::ParseTrigger(item.value);
      if (!trigger) return Unreadable(item.key, trigger.error());
      decider.OnTrigger(parsed->task, parsed->rest, *trigger, item.mod_revision);
      return {};
    }
    case Family::kSession: {
      const auto lease = coordination::ParseLease(parsed->rest);
      const auto node = coordination::ParseNode(item.value);
      if (!node) return Unreadable(item.key, node.error());
      if (lease) decider.OnNode(*lease, *node);
      return {};
    }
    case Family::kDeleted:
    case Family::kService:
    case Family::kFollow:
    case Family::kSetting:
      return {};
  }
  return {};
}

void DeliverDelete(const Keys& keys, std::string_view key, coordination::Revision revision,
                   Decider& decider) {
  const auto parsed = keys.Parse(key);
  if (!parsed) return;
  switch (parsed->family) {
    case Family::kTask:
      return decider.OnTaskGone(parsed->task, revision);
    case Family::kMark:
      return decider.OnMarkGone(parsed->task, revision);
    case Family::kNodeMark:
      return decider.OnNodeMarkGone(parsed->task, parsed->rest, revision);
    case Family::kLock:
      return decider.OnLockGone(parsed->task, revision);
    case Family::kQueued:
      return decider.OnQueuedGone(parsed->task, revision);
    case Family::kRun:
      return decider.OnRunKeyGone(parsed->task, parsed->rest, revision);
    case Family::kTrigger:
      return decider.OnTriggerGone(parsed->task, parsed->rest, revision);
    case Family::kSession:
      if (const auto lease = coordination::ParseLease(parsed->rest)) decider.OnNodeGone(*lease);
      return;
    case Family::kDeleted:
    case Family::kService:
    case Family::kFollow:
    case Family::kSetting:
      return;
  }
}

std::vector<Keys::Span> DeciderSpans(const Keys& keys) {
  // Sessions first: a run key is judged by them. Locks before runs: a lock says which run has it.
  return {keys.AllSessions(), keys.AllMarks(), keys.AllLocks(),   keys.AllRuns(),
          keys.AllQueued(),   keys.AllTasks(), keys.AllTriggers()};
}

}  // namespace gophercron::agent
