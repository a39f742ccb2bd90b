#include "task/run.h"

#include <algorithm>
#include <array>

#include "task/json_members.h"

namespace gophercron::task {
namespace {

constexpr std::array<std::string_view, 9> kOutcomes = {"succeeded", "failed", "failed_to_start",
                                                       "timed_out", "killed", "skipped",
                                                       "missed",    "lost",   "superseded"};
constexpr std::array<std::string_view, 13> kReasons = {
    "",         "overlap",      "queued",     "run_limit", "deadline", "catch_up",  "overtaken",
    "no_agent", "not_recorded", "agent_died", "edited",    "paused",   "store_held"};
constexpr std::array<std::string_view, 5> kCauses = {"tick", "catch_up", "queue", "manual",
                                                     "retry"};

template <class Enum, std::size_t N>
std::optional<Enum> Find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

void PutText(json::object* out, std::string_view name, const std::string& text) {
  if (!text.empty()) (*out)[name] = text;
}
void PutNumber(json::object* out, std::string_view name, std::int64_t number, std::int64_t usual) {
  if (number != usual) (*out)[name] = number;
}
template <class T>
void PutTime(json::object* out, std::string_view name, const std::optional<T>& at) {
  if (at) (*out)[name] = FormatRfc3339(*at);
}

void PutKey(json::object* out, const TaskKey& key) {
  (*out)["project_id"] = key.project_id;
  (*out)["task_id"] = key.task_id;
}

void ReadKey(MemberReader* reader, TaskKey* into) {
  reader->Read("project_id", &into->project_id);
  reader->Read("task_id", &into->task_id);
  if (into->project_id < 1) reader->Refuse("project_id");
  if (into->task_id.empty()) reader->Refuse("task_id");
}

}  // namespace

std::string_view Name(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}
std::string_view Name(Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}
std::string_view Name(Cause cause) {
  return kCauses[static_cast<std::size_t>(cause)];
}

std::optional<Outcome> ParseOutcome(std::string_view name) {
  return Find<Outcome>(kOutcomes, name);
}
std::optional<Reason> ParseReason(std::string_view name) {
  return Find<Reason>(kReasons, name);
}
std::optional<Cause> ParseCause(std::string_view name) {
  return Find<Cause>(kCauses, name);
}

bool IsRunOutcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
    case Outcome::kFailed:
    case Outcome::kFailedToStart:
    case Outcome::kTimedOut:
    case Outcome::kKilled:
      return true;
    case Outcome::kSkipped:
    case Outcome::kMissed:
    case Outcome::kLost:
    case Outcome::kSuperseded:
      return false;
  }
  return false;
}

json::object ToJson(const RunRecord& run) {
  const RunRecord usual;
  json::object out;
  out["run_id"] = run.run_id;
  PutKey(&out, run.task);
  PutTime(&out, "tick", run.tick);
  PutTime(&out, "after", run.after);
  if (run.cause != usual.cause) out["cause"] = Name(run.cause);
  PutNumber(&out, "attempt", run.attempt, usual.attempt);
  PutText(&out, "task_name", run.task_name);
  PutText(&out, "command", run.command);
  PutNumber(&out, "task_revision", run.task_revision, 0);
  PutText(&out, "node_id", run.node_id);
  PutText(&out, "node_address", run.node_address);
  PutNumber(&out, "fence", run.fence, 0);
  if (run.claimed_at != usual.claimed_at) out["claimed_at"] = FormatRfc3339(run.claimed_at);
  PutTime(&out, "started_at", run.started_at);
  PutTime(&out, "ended_at", run.ended_at);
  PutTime(&out, "retry_at", run.retry_at);
  if (run.outcome != usual.outcome) out["outcome"] = Name(run.outcome);
  if (run.reason != usual.reason) out["reason"] = Name(run.reason);
  PutText(&out, "detail", run.detail);
  if (run.exit_code) out["exit_code"] = *run.exit_code;
  if (run.signal) out["signal"] = *run.signal;
  if (run.core_dumped) out["core_dumped"] = true;
  PutText(&out, "requested_by", run.requested_by);
  PutText(&out, "killed_by", run.killed_by);
  PutNumber(&out, "output_bytes", run.output_bytes, 0);
  PutNumber(&out, "dropped_bytes", run.dropped_bytes, 0);
  PutNumber(&out, "cpu_us", run.cpu_us, 0);
  PutNumber(&out, "memory_max_kib", run.memory_max_kib, 0);
  return out;
}

Result<RunRecord> RunRecordFromJson(const json::object& from) {
  RunRecord run;
  MemberReader reader(from);
  reader.Read("run_id", &run.run_id);
  if (run.run_id.empty()) reader.Refuse("run_id");
  ReadKey(&reader, &run.task);
  reader.Read("tick", &run.tick);
  reader.Read("after", &run.after);
  reader.ReadNamed("cause", &run.cause, ParseCause);
  reader.Read("attempt", &run.attempt);
  reader.Read("task_name", &run.task_name);
  reader.Read("command", &run.command);
  reader.Read("task_revision", &run.task_revision);
  reader.Read("node_id", &run.node_id);
  reader.Read("node_address", &run.node_address);
  reader.Read("fence", &run.fence);
  reader.Read("claimed_at", &run.claimed_at);
  reader.Read("started_at", &run.started_at);
  reader.Read("ended_at", &run.ended_at);
  reader.Read("retry_at", &run.retry_at);
  reader.ReadNamed("outcome", &run.outcome, ParseOutcome);
  reader.ReadNamed("reason", &run.reason, ParseReason);
  reader.Read("detail", &run.detail);
  reader.Read("exit_code", &run.exit_code);
  reader.Read("signal", &run.signal);
  reader.Read("core_dumped", &run.core_dumped);
  reader.Read("requested_by", &run.requested_by);
  reader.Read("killed_by", &run.killed_by);
  reader.Read("output_bytes", &run.output_bytes);
  reader.Read("dropped_bytes", &run.dropped_bytes);
  reader.Read("cpu_us", &run.cpu_us);
  reader.Read("memory_max_kib", &run.memory_max_kib);
  if (auto read = reader.Finish("run"); !read) return std::unexpected(std::move(read).error());
  return run;
}

json::object ToJson(const OutcomeSpan& span) {
  const OutcomeSpan usual;
  json::object out;
  PutKey(&out, span.task);
  out["first"] = FormatRfc3339(span.first);
  out["last"] = FormatRfc3339(span.last);
  PutNumber(&out, "count", span.count, usual.count);
  PutTime(&out, "after", span.after);
  if (span.outcome != usual.outcome) out["outcome"] = Name(span.outcome);
  if (span.reason != usual.reason) out["reason"] = Name(span.reason);
  PutText(&out, "detail", span.detail);
  PutText(&out, "node_id", span.node_id);
  if (span.recorded_at != usual.recorded_at) out["recorded_at"] = FormatRfc3339(span.recorded_at);
  return out;
}

Result<OutcomeSpan> OutcomeSpanFromJson(const json::object& from) {
  OutcomeSpan span;
  MemberReader reader(from);
  ReadKey(&reader, &span.task);
  if (!reader.Has("first")) reader.Refuse("first");
  if (!reader.Has("last")) reader.Refuse("last");
  reader.Read("first", &span.first);
  reader.Read("last", &span.last);
  reader.Read("count", &span.count);
  reader.Read("after", &span.after);
  reader.ReadNamed("outcome", &span.outcome, ParseOutcome);
  reader.ReadNamed("reason", &span.reason, ParseReason);
  reader.Read("detail", &span.detail);
  reader.Read("node_id", &span.node_id);
  reader.Read("recorded_at", &span.recorded_at);
  if (auto read = reader.Finish("span of outcomes"); !read) {
    return std::unexpected(std::move(read).error());
  }
  return span;
}

}  // namespace gophercron::task
