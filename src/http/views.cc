#include "http/views.h"

#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/message.h"

namespace gophercron::http {
namespace {

template <class T>
json::value TimeOrNull(const std::optional<T>& at) {
  return at ? json::value(FormatRfc3339(*at)) : json::value(nullptr);
}

json::value TimeUnlessZero(Instant at) {
  return at == Instant() ? json::value(nullptr) : json::value(FormatRfc3339(at));
}

template <class T>
json::value NumberOrNull(const std::optional<T>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::value ReasonOrNull(task::Reason reason) {
  return reason == task::Reason::kNone ? json::value(nullptr) : json::value(task::Name(reason));
}

json::object MapJson(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [name, value] : map) out[Utf8(name)] = Utf8(value);
  return out;
}

json::array WordsJson(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(Utf8(word));
  return out;
}

}  // namespace

json::object CallerJson(const service::Caller& caller) {
  return {{"user_id", caller.user_id},
          {"account", Utf8(caller.account)},
          {"name", Utf8(caller.name)},
          {"administrator", caller.administrator},
          {"must_change_password", caller.must_change_password}};
}

json::object ProjectJson(const storage::Project& project) {
  return {{"project_id", project.id},
          {"title", Utf8(project.title)},
          {"remark", Utf8(project.remark)},
          {"owner_id", project.owner_id},
          {"created_at", TimeUnlessZero(project.created_at)}};
}

json::object TaskJson(const service::TaskView& view) {
  const task::Task& task = view.task;
  json::object out;
  out["task_id"] = Utf8(task.key.task_id);
  out["project_id"] = task.key.project_id;
  out["revision"] = task.revision;
  out["name"] = Utf8(task.name);
  out["remark"] = Utf8(task.remark);
  out["command"] = Utf8(task.command);
  out["argv"] = WordsJson(task.argv);
  out["cron"] = Utf8(task.cron);
  out["zone"] = Utf8(task.zone);
  out["enabled"] = task.enabled;
  out["valid_from"] = TimeOrNull(task.valid_from);
  out["valid_until"] = TimeOrNull(task.valid_until);
  out["jitter_s"] = task.jitter.count();
  out["start_deadline_s"] = task.start_deadline.count();
  out["timeout_s"] = task.timeout.count();
  out["kill_grace_s"] = task.kill_grace.count();
  out["overlap"] = task::Name(task.overlap);
  out["catch_up"] = {{"mode", task::Name(task.catch_up.mode)},
                     {"max_age_s", task.catch_up.max_age.count()},
                     {"max_number", task.catch_up.max_number}};
  out["on_lost"] = task::Name(task.on_lost);
  out["retry"] = {{"max_number", task.retry.max_number},
                  {"delay_s", task.retry.delay.count()},
                  {"backoff", task.retry.backoff}};
  out["broadcast"] = task.broadcast;
  out["exclusive_group"] = Utf8(task.exclusive_group);
  out["agent_selector"] = MapJson(task.agent_selector);
  out["environment"] = MapJson(task.environment);
  out["cwd"] = Utf8(task.cwd);
  out["run_as"] = Utf8(task.run_as);
  out["output_limit"] = task.output_limit;
  out["labels"] = MapJson(task.labels);
  out["created_by"] = Utf8(task.created_by);
  out["updated_by"] = Utf8(task.updated_by);
  out["created_at"] = TimeUnlessZero(task.created_at);
  out["updated_at"] = TimeUnlessZero(task.updated_at);
  out["scheduled_since"] = TimeUnlessZero(task.scheduled_since);
  out["next"] = TimeOrNull(view.next);
  if (!view.recent.empty()) {
    json::array recent;
    for (const task::RunRecord& run : view.recent) {
      json::object entry{{"run_id", run.run_id},
                         {"outcome", task::Name(run.outcome)},
                         {"tick", TimeOrNull(run.tick)},
                         {"started_at", TimeOrNull(run.started_at)},
                         {"ended_at", TimeOrNull(run.ended_at)}};
      if (run.outcome != task::Outcome::kSucceeded) {
        entry["reason"] = ReasonOrNull(run.reason);
        entry["detail"] = Utf8(run.detail);
        entry["exit_code"] = NumberOrNull(run.exit_code);
        entry["signal"] = NumberOrNull(run.signal);
      }
      recent.push_back(std::move(entry));
    }
    out["recent_runs"] = std::move(recent);
  }
  return out;
}

json::object RunRecordJson(const task::RunRecord& run) {
  json::object out;
  out["run_id"] = run.run_id;
  out["project_id"] = run.task.project_id;
  out["task_id"] = Utf8(run.task.task_id);
  out["task_name"] = Utf8(run.task_name);
  out["task_revision"] = run.task_revision;
  out["command"] = Utf8(run.command);
  out["tick"] = TimeOrNull(run.tick);
  out["cause"] = task::Name(run.cause);
  out["attempt"] = run.attempt;
  out["node_id"] = Utf8(run.node_id);
  out["node_address"] = Utf8(run.node_address);
  out["fence"] = run.fence;
  out["claimed_at"] = TimeUnlessZero(run.claimed_at);
  out["started_at"] = TimeOrNull(run.started_at);
  out["ended_at"] = TimeOrNull(run.ended_at);
  out["retry_at"] = TimeOrNull(run.retry_at);
  out["outcome"] = task::Name(run.outcome);
  out["reason"] = ReasonOrNull(run.reason);
  out["detail"] = Utf8(run.detail);
  out["exit_code"] = NumberOrNull(run.exit_code);
  out["signal"] = NumberOrNull(run.signal);
  out["core_dumped"] = run.core_dumped;
  out["requested_by"] = Utf8(run.requested_by);
  out["killed_by"] = Utf8(run.killed_by);
  out["output_bytes"] = run.output_bytes;
  out["dropped_bytes"] = run.dropped_bytes;
  out["cpu_us"] = run.cpu_us;
  out["memory_max_kib"] = run.memory_max_kib;
  return out;
}

json::object RunJson(const service::RunView& view) {
  json::object out = RunRecordJson(view.record);
  out["state"] = service::Name(view.state);
  // Until it has ended nobody knows how it will end.
  if (view.state != service::RunState::kEnded) out["outcome"] = nullptr;
  out["kill_requested"] = view.kill_requested;
  if (view.kill_requested) out["kill_requested_by"] = Utf8(view.kill_by);
  return out;
}

json::object SpanJson(const task::OutcomeSpan& span) {
  return {{"project_id", span.task.project_id},
          {"task_id", Utf8(span.task.task_id)},
          {"first", FormatRfc3339(span.first)},
          {"last", FormatRfc3339(span.last)},
          {"count", span.count},
          {"outcome", task::Name(span.outcome)},
          {"reason", task::Name(span.reason)},
          {"detail", Utf8(span.detail)},
          {"node_id", Utf8(span.node_id)},
          {"recorded_at", TimeUnlessZero(span.recorded_at)}};
}

json::object LedgerRowJson(const storage::LedgerRow& row) {
  json::object out;
  if (row.span) {
    out = SpanJson(*row.span);
    out["runs"] = json::array();
    return out;
  }
  json::array runs;
  for (const task::RunRecord& run : row.runs) runs.push_back(RunRecordJson(run));
  if (!row.runs.empty()) {
    const task::RunRecord& last = row.runs.back();
    out["project_id"] = last.task.project_id;
    out["task_id"] = Utf8(last.task.task_id);
    out["first"] = TimeOrNull(last.tick);
    out["last"] = TimeOrNull(last.tick);
    out["count"] = 1;
    out["outcome"] = task::Name(last.outcome);
    out["reason"] = task::Name(last.reason);
    out["detail"] = Utf8(last.detail);
    out["node_id"] = Utf8(last.node_id);
  }
  out["runs"] = std::move(runs);
  return out;
}

json::object NodeJson(const coordination::Node& node) {
  json::array projects;
  for (const task::ProjectId project : node.projects) projects.emplace_back(project);
  return {{"node_id", Utf8(node.node_id)},
          {"address", Utf8(node.address)},
          {"hostname", Utf8(node.hostname)},
          {"version", Utf8(node.version)},
          {"all_projects", node.all_projects},
          {"projects", std::move(projects)},
          {"weight", node.weight},
          {"run_limit", node.run_limit},
          {"claims", node.claims},
          {"holds_why", Utf8(node.holds_why)},
          {"started_at", TimeUnlessZero(node.started_at)},
          {"seen_at", TimeUnlessZero(node.at)},
          {"running", node.running},
          {"runs_started", node.runs_started},
          {"runs_failed", node.runs_failed},
          {"load", node.load},
          {"processors", node.processors},
          {"clock_offset_us",
           node.clock_offset ? json::value(node.clock_offset->count()) : json::value(nullptr)}};
}

json::object WhyJson(const service::Explanation& why) {
  json::array runs;
  for (const task::RunRecord& run : why.runs) {
    json::object entry = RunRecordJson(run);
    const bool live =
        why.verdict == service::Verdict::kRunning || why.verdict == service::Verdict::kQueued;
    if (live) entry["outcome"] = nullptr;
    runs.emplace_back(std::move(entry));
  }
  json::object out;
  out["instant"] = FormatRfc3339(why.at);
  out["verdict"] = service::Name(why.verdict);
  out["answer"] = Utf8(why.answer);
  out["facts"] = WordsJson(why.facts);
  out["runs"] = std::move(runs);
  out["ledger"] = why.span ? json::value(SpanJson(*why.span)) : json::value(nullptr);
  out["tick_before"] = TimeOrNull(why.tick_before);
  out["tick_after"] = TimeOrNull(why.tick_after);
  return out;
}

json::object ApiTokenJson(const storage::ApiToken& token) {
  json::object out{{"token_id", token.id},
                   {"name", Utf8(token.name)},
                   {"created_at", TimeUnlessZero(token.created_at)},
                   {"expires_at", TimeOrNull(token.expires_at)},
                   {"role", nullptr},
                   {"projects", nullptr}};
  if (token.scope) {
    out["role"] = storage::Name(token.scope->role);
    if (token.scope->projects) {
      out["projects"] = json::array(token.scope->projects->begin(), token.scope->projects->end());
    }
  }
  return out;
}

json::object EventJson(const service::Event& event) {
  json::object out{{"type", service::Name(event.kind)}};
  if (event.kind == service::Event::Kind::kResync) return out;
  out["project_id"] = event.task.project_id;
  out["task_id"] = Utf8(event.task.task_id);
  if (event.revision != 0) out["revision"] = event.revision;
  if (event.run) {
    json::object run = RunRecordJson(*event.run);
    const bool ended = event.kind == service::Event::Kind::kRunEnded;
    run["state"] = ended ? "ended" : "running";
    if (!ended) run["outcome"] = nullptr;
    out["run"] = std::move(run);
  }
  if (event.span) out["ticks"] = SpanJson(*event.span);
  return out;
}

namespace {

template <class T, class Parse>
void ReadNamed(BodyReader* reader, std::string_view name, T* into, T usual, Parse parse,
               const char* choices) {
  std::string text(task::Name(*into));
  if (!reader->Read(name, &text, std::string(task::Name(usual)))) return;
  if (const auto value = parse(text)) {
    *into = *value;
  } else {
    reader->Refuse(name, std::string("it must be one of ") + choices);
  }
}

void ReadCommand(BodyReader* reader, task::Task* task) {
  std::string command;
  std::vector<std::string> argv;
  const bool has_command = reader->Read("command", &command) && !command.empty();
  const bool has_argv = reader->Read("argv", &argv) && !argv.empty();
  if (has_command && has_argv) {
    reader->Refuse("argv", "give either command or argv, not both");
  } else if (has_command) {
    task->command = std::move(command);
    task->argv.clear();
  } else if (has_argv) {
    task->argv = std::move(argv);
    task->command.clear();
  }
}

void ReadNested(BodyReader* reader, task::Task* task) {
  const task::Task usual;
  if (const json::object* body = reader->ReadObject("catch_up")) {
    BodyReader inner(*body, "catch_up.");
    ReadNamed(&inner, "mode", &task->catch_up.mode, usual.catch_up.mode, task::ParseCatchUpMode,
              "skip, latest, all");
    inner.Read("max_age_s", &task->catch_up.max_age, usual.catch_up.max_age);
    inner.Read("max_number", &task->catch_up.max_number, usual.catch_up.max_number);
    reader->Take(std::move(inner));
  }
  if (const json::object* body = reader->ReadObject("retry")) {
    BodyReader inner(*body, "retry.");
    inner.Read("max_number", &task->retry.max_number, usual.retry.max_number);
    inner.Read("delay_s", &task->retry.delay, usual.retry.delay);
    inner.Read("backoff", &task->retry.backoff, usual.retry.backoff);
    reader->Take(std::move(inner));
  }
}

}  // namespace

Status ApplyTaskBody(const json::object& body, task::Task* task) {
  const task::Task usual;
  BodyReader reader(body);
  reader.Read("name", &task->name);
  reader.Read("remark", &task->remark);
  ReadCommand(&reader, task);
  reader.Read("cron", &task->cron);
  reader.Read("zone", &task->zone);
  reader.Read("enabled", &task->enabled, usual.enabled);
  reader.Read("valid_from", &task->valid_from);
  reader.Read("valid_until", &task->valid_until);
  reader.Read("jitter_s", &task->jitter, usual.jitter);
  reader.Read("start_deadline_s", &task->start_deadline, usual.start_deadline);
  reader.Read("timeout_s", &task->timeout, usual.timeout);
  reader.Read("kill_grace_s", &task->kill_grace, usual.kill_grace);
  ReadNamed(&reader, "overlap", &task->overlap, usual.overlap, task::ParseOverlap,
            "skip, queue, replace, allow");
  ReadNamed(&reader, "on_lost", &task->on_lost, usual.on_lost, task::ParseOnLost, "leave, retry");
  ReadNested(&reader, task);
  reader.Read("broadcast", &task->broadcast);
  reader.Read("exclusive_group", &task->exclusive_group);
  reader.Read("agent_selector", &task->agent_selector);
  reader.Read("environment", &task->environment);
  reader.Read("cwd", &task->cwd);
  reader.Read("run_as", &task->run_as);
  reader.Read("output_limit", &task->output_limit);
  reader.Read("labels", &task->labels);
  return reader.Finish();
}

}  // namespace gophercron::http
