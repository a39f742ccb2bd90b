#include "notify/incidents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gophercron::notify {
namespace {

constexpr std::size_t kTasksMax = 50'000;
constexpr std::size_t kGoingMax = 10'000;
constexpr std::size_t kDueMax = 10'000;
constexpr std::size_t kWaitingMax = 1'000;
constexpr std::size_t kDetailBytesMax = 1'000;

constexpr std::array<std::string_view, 5> kNames{"failed", "missed", "lost", "late", "recovered"};

Notification Of(const task::RunRecord& run) {
  Notification notification;
  notification.task = run.task;
  notification.task_name = run.task_name;
  notification.at = run.ended_at.value_or(run.claimed_at);
  notification.run_id = run.run_id;
  notification.tick = run.tick;
  notification.node_address = run.node_address;
  return notification;
}

std::string DetailOf(const task::RunRecord& run) {
  std::string text;
  if (run.outcome == task::Outcome::kFailed && run.exit_code) {
    text = fmt::format("exit code {}", *run.exit_code);
  } else if (run.outcome == task::Outcome::kFailed && run.signal) {
    text = fmt::format("signal {}{}", *run.signal, run.core_dumped ? " (core dumped)" : "");
  }
  if (run.reason != task::Reason::kNone) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", task::Name(run.reason));
  }
  if (!run.detail.empty()) text += fmt::format("{}{}", text.empty() ? "" : ": ", run.detail);
  return text.substr(0, kDetailBytesMax);
}

std::optional<Kind> KindOf(task::Outcome outcome) {
  switch (outcome) {
    case task::Outcome::kFailed:
    case task::Outcome::kFailedToStart:
    case task::Outcome::kTimedOut:
      return Kind::kFailed;
    case task::Outcome::kMissed:
      return Kind::kMissed;
    case task::Outcome::kLost:
      return Kind::kLost;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view Name(Kind kind) {
  return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<Kind> ParseKind(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Kind>(found - kNames.begin());
}

json::object ToJson(const Notification& of) {
  json::object out{{"kind", Name(of.kind)},      {"project_id", of.task.project_id},
                   {"task_id", of.task.task_id}, {"task_name", of.task_name},
                   {"at", FormatRfc3339(of.at)}, {"since", FormatRfc3339(of.since)},
                   {"troubles", of.troubles},    {"outcome", of.outcome},
                   {"detail", of.detail}};
  if (of.tick) out["tick"] = FormatRfc3339(*of.tick);
  if (!of.run_id.empty()) out["run_id"] = of.run_id;
  if (!of.node_address.empty()) out["node"] = of.node_address;
  if (of.left_out > 0) out["left_out"] = of.left_out;
  return out;
}

void Incidents::Observe(const task::LedgerRecord& record, Instant now) {
  TellOverdue(now);
  if (record.run) ObserveRun(*record.run);
  if (record.span) ObserveSpan(*record.span);
}

Incidents::Attempts Incidents::AttemptsOf(const task::RunRecord& run) {
  return {run.task, run.tick};
}

void Incidents::Started(const task::RunRecord& run) {
  if (run.attempt > 1) due_.erase(AttemptsOf(run));
  if (rules_.late_end == seconds(0) || !run.started_at || !Matches(run.task)) return;
  // One more than can be watched is judged when it ends.
  if (going_.size() < kGoingMax) {
    going_[run.run_id] = {.run = run, .late_at = *run.started_at + rules_.late_end};
  }
}

void Incidents::ObserveRun(const task::RunRecord& run) {
  going_.erase(run.run_id);
  if (run.attempt > 1) due_.erase(AttemptsOf(run));
  if (!Matches(run.task)) return;
  Notification notification = Of(run);
  TaskState* const state = StateOf(run.task, notification.at);
  if (state == nullptr) return;
  notification.outcome = task::Name(run.outcome);
  notification.detail = DetailOf(run);

  const bool planned = run.cause == task::Cause::kTick && run.attempt == 1;
  const bool late_start = rules_.late_start > seconds(0) && planned && run.tick && run.started_at &&
                          *run.started_at - *run.tick > rules_.late_start;
  const bool late_end = rules_.late_end > seconds(0) && run.started_at && run.ended_at &&
                        *run.ended_at - *run.started_at > rules_.late_end;
  if (late_start || late_end) {
    Notification late = notification;
    late.kind = Kind::kLate;
    late.detail =
        late_start
            ? fmt::format("started {} s after its instant",
                          std::chrono::floor<seconds>(*run.started_at - *run.tick).count())
            : fmt::format("took {} s",
                          std::chrono::floor<seconds>(*run.ended_at - *run.started_at).count());
    Bad(state, std::move(late), 1);
  }
  if (run.outcome == task::Outcome::kSucceeded) {
    Good(state, std::move(notification), late_start || late_end);
  } else if (const auto kind = KindOf(run.outcome)) {
    notification.kind = *kind;
    if (run.retry_at && due_.size() < kDueMax) {
      due_[AttemptsOf(run)] = {.failure = std::move(notification),
                               .until = *run.retry_at + kAttemptPatience};
    } else {
      Bad(state, std::move(notification), 1);
    }
  }
}

void Incidents::ObserveSpan(const task::OutcomeSpan& span) {
  const auto kind = KindOf(span.outcome);
  if (!kind || !Matches(span.task)) return;
  TaskState* const state = StateOf(span.task, span.recorded_at);
  if (state == nullptr) return;
  Notification notification;
  notification.kind = *kind;
  notification.task = span.task;
  notification.at = span.recorded_at;
  notification.outcome = task::Name(span.outcome);
  notification.detail = task::Name(span.reason);
  if (!span.detail.empty()) notification.detail += ": " + span.detail.substr(0, kDetailBytesMax);
  notification.tick = span.first;
  notification.troubles = span.count;
  Bad(state, std::move(notification), span.count);
}

bool Incidents::Matches(const task::TaskKey& task) const {
  return (rules_.projects.empty() || rules_.projects.contains(task.project_id)) &&
         (rules_.tasks.empty() || rules_.tasks.contains(task));
}

// Null: something newer of the task, or this very record, is known already.
Incidents::TaskState* Incidents::StateOf(const task::TaskKey& task, Instant at) {
  const auto found = tasks_.find(task);
  if (found != tasks_.end() && at <= found->second.newest) return nullptr;
  if (found == tasks_.end() && tasks_.size() >= kTasksMax) {
    // A task in no trouble loses nothing but its guard against old records.
    const auto calm =
        std::ranges::find_if(tasks_, [](const auto& entry) { return entry.second.open.empty(); });
    tasks_.erase(calm == tasks_.end() ? tasks_.begin() : calm);
  }
  TaskState& state = tasks_[task];
  state.newest = at;
  return &state;
}

void Incidents::Bad(TaskState* state, Notification notification, std::int64_t count) {
  const auto [found, is_new] = state->open.try_emplace(notification.kind);
  Trouble& trouble = found->second;
  trouble.count += count;
  if (!is_new) return;
  trouble.since = notification.since = notification.at;
  trouble.told = Offer(std::move(notification));
}

void Incidents::Good(TaskState* state, Notification notification, bool late) {
  bool told = false;
  std::int64_t count = 0;
  Instant since = notification.at;
  for (const auto& [kind, trouble] : state->open) {
    told = told || trouble.told;
    count += trouble.count;
    since = std::min(since, trouble.since);
  }
  // What was late again has not recovered, whatever else is over.
  if (late) return;
  state->open.clear();
  if (!told) return;
  notification.kind = Kind::kRecovered;
  notification.since = since;
  notification.troubles = count;
  Offer(std::move(notification));
}

bool Incidents::Offer(Notification notification) {
  if (!rules_.on.contains(notification.kind)) return false;
  if (waiting_.size() >= kWaitingMax) {
    ++left_out_;
    return false;
  }
  waiting_.push_back(std::move(notification));
  return true;
}

void Incidents::TellOverdue(Instant now) {
  TellLateEnds(now);
  for (auto it = due_.begin(); it != due_.end();) {
    if (it->second.until > now) {
      ++it;
      continue;
    }
    Notification failure = std::move(it->second.failure);
    failure.detail += "; the next attempt has not begun";
    Bad(&tasks_[failure.task], std::move(failure), 1);
    it = due_.erase(it);
  }
}

void Incidents::TellLateEnds(Instant now) {
  if (going_.empty()) return;
  for (auto it = going_.begin(); it != going_.end();) {
    if (it->second.late_at > now) {
      ++it;
      continue;
    }
    const task::RunRecord& run = it->second.run;
    Notification late = Of(run);
    late.kind = Kind::kLate;
    late.at = it->second.late_at;
    late.detail = fmt::format("still running after {} s", rules_.late_end.count());
    Bad(&tasks_[run.task], std::move(late), 1);
    it = going_.erase(it);
  }
}

std::vector<Notification> Incidents::Take(Instant now) {
  TellOverdue(now);
  if (filled_at_ && now > *filled_at_) {
    const std::chrono::duration<double, std::ratio<60>> minutes = now - *filled_at_;
    tokens_ = std::min(static_cast<double>(rules_.per_minute),
                       tokens_ + minutes.count() * rules_.per_minute);
  }
  filled_at_ = now;
  std::vector<Notification> taken;
  while (!waiting_.empty() && tokens_ >= 1) {
    tokens_ -= 1;
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    taken.back().left_out = std::exchange(left_out_, 0);
  }
  return taken;
}

std::optional<Instant> Incidents::NextWake() const {
  std::optional<Instant> wake;
  for (const auto& [id, going] : going_)
    wake = std::min(wake.value_or(going.late_at), going.late_at);
  for (const auto& [attempts, due] : due_) wake = std::min(wake.value_or(due.until), due.until);
  if (!waiting_.empty() && filled_at_) {
    const std::chrono::duration<double, std::ratio<60>> wait((1 - tokens_) / rules_.per_minute);
    const Instant refilled = *filled_at_ + std::chrono::ceil<microseconds>(wait);
    wake = std::min(wake.value_or(refilled), refilled);
  }
  return wake;
}

}  // namespace gophercron::notify
