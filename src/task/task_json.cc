#include "task/task_json.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "task/json_members.h"

namespace gophercron::task {
namespace {

// Every member that the two functions below read and write. What is not named here is kept as it
// is.
constexpr std::array<std::string_view, 32> kKnown = {"task_id",
                                                     "name",
                                                     "project_id",
                                                     "command",
                                                     "cron",
                                                     "remark",
                                                     "timeout",
                                                     "create_time",
                                                     "status",
                                                     "noseize",
                                                     "argv",
                                                     "zone",
                                                     "valid_from",
                                                     "valid_until",
                                                     "jitter_s",
                                                     "start_deadline_s",
                                                     "kill_grace_s",
                                                     "overlap",
                                                     "catch_up",
                                                     "on_lost",
                                                     "retry",
                                                     "exclusive_group",
                                                     "agent_selector",
                                                     "environment",
                                                     "cwd",
                                                     "run_as",
                                                     "output_limit",
                                                     "labels",
                                                     "created_by",
                                                     "updated_by",
                                                     "created_at",
                                                     "scheduled_since"};

std::int64_t UnixSeconds(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

// Writes members of ours, each only while it differs from the default.
class Writer {
 public:
  explicit Writer(json::object* out) : out_(*out) {}

  template <class T>
  void Put(std::string_view name, const T& value, const T& usual) {
    if (value != usual) out_[name] = Json(value);
  }
  void Put(std::string_view name, const std::optional<Instant>& value) {
    if (value) out_[name] = FormatRfc3339(*value);
  }

 private:
  static json::value Json(const std::string& text) { return json::value(text); }
  static json::value Json(std::int64_t number) { return number; }
  static json::value Json(seconds duration) { return duration.count(); }
  static json::value Json(Instant at) { return json::value(FormatRfc3339(at)); }
  static json::value Json(Overlap overlap) { return json::value(Name(overlap)); }
  static json::value Json(OnLost on_lost) { return json::value(Name(on_lost)); }
  static json::value Json(const std::map<std::string, std::string>& map) {
    return ToJsonObject(map);
  }
  static json::value Json(const std::vector<std::string>& words) {
    return json::array(words.begin(), words.end());
  }
  static json::value Json(const CatchUp& catch_up) {
    return {{"mode", Name(catch_up.mode)},
            {"max_age_s", catch_up.max_age.count()},
            {"max_number", catch_up.max_number}};
  }
  static json::value Json(const Retry& retry) {
    return {{"max_number", retry.max_number},
            {"delay_s", retry.delay.count()},
            {"backoff", retry.backoff}};
  }

  json::object& out_;
};

void ReadCatchUp(MemberReader* reader, const json::object& stored, CatchUp* into) {
  if (!reader->Has("catch_up")) return;
  const json::object* members = json::Object(stored, "catch_up");
  if (members == nullptr) return reader->Refuse("catch_up");
  MemberReader inner(*members);
  inner.ReadNamed("mode", &into->mode, ParseCatchUpMode);
  inner.Read("max_age_s", &into->max_age);
  inner.Read("max_number", &into->max_number);
  if (!inner.Finish("task")) reader->Refuse("catch_up");
}

void ReadRetry(MemberReader* reader, const json::object& stored, Retry* into) {
  if (!reader->Has("retry")) return;
  const json::object* members = json::Object(stored, "retry");
  if (members == nullptr) return reader->Refuse("retry");
  MemberReader inner(*members);
  inner.Read("max_number", &into->max_number);
  inner.Read("delay_s", &into->delay);
  inner.Read("backoff", &into->backoff);
  if (!inner.Finish("task")) reader->Refuse("retry");
}

void ReadOurMembers(MemberReader* reader, const json::object& stored, Task* into) {
  reader->Read("argv", &into->argv);
  reader->Read("zone", &into->zone);
  reader->Read("valid_from", &into->valid_from);
  reader->Read("valid_until", &into->valid_until);
  reader->Read("jitter_s", &into->jitter);
  reader->Read("start_deadline_s", &into->start_deadline);
  reader->Read("kill_grace_s", &into->kill_grace);
  reader->ReadNamed("overlap", &into->overlap, ParseOverlap);
  ReadCatchUp(reader, stored, &into->catch_up);
  reader->ReadNamed("on_lost", &into->on_lost, ParseOnLost);
  ReadRetry(reader, stored, &into->retry);
  reader->Read("exclusive_group", &into->exclusive_group);
  reader->Read("agent_selector", &into->agent_selector);
  reader->Read("environment", &into->environment);
  reader->Read("cwd", &into->cwd);
  reader->Read("run_as", &into->run_as);
  reader->Read("output_limit", &into->output_limit);
  reader->Read("labels", &into->labels);
  reader->Read("created_by", &into->created_by);
  reader->Read("updated_by", &into->updated_by);
  reader->Read("created_at", &into->created_at);
  reader->Read("scheduled_since", &into->scheduled_since);
}

}  // namespace

json::object ToStoredJson(const Task& task) {
  const Task usual;
  json::object out;
  // v1's members in v1's order, all of them always. An argument vector stands there as the command
  // line that does the same in a shell.
  out["task_id"] = task.key.task_id;
  out["name"] = task.name;
  out["project_id"] = task.key.project_id;
  out["command"] = CommandLine(task);
  out["cron"] = task.cron;
  out["remark"] = task.remark;
  out["timeout"] = task.timeout.count();
  out["create_time"] = UnixSeconds(task.updated_at);
  out["status"] = task.enabled ? 1 : 0;
  out["noseize"] = task.broadcast ? 1 : 0;
  for (const auto& member : task.unknown) out[member.key()] = member.value();

  Writer writer(&out);
  writer.Put("argv", task.argv, usual.argv);
  writer.Put("zone", task.zone, usual.zone);
  writer.Put("valid_from", task.valid_from);
  writer.Put("valid_until", task.valid_until);
  writer.Put("jitter_s", task.jitter, usual.jitter);
  writer.Put("start_deadline_s", task.start_deadline, usual.start_deadline);
  writer.Put("kill_grace_s", task.kill_grace, usual.kill_grace);
  writer.Put("overlap", task.overlap, usual.overlap);
  writer.Put("catch_up", task.catch_up, usual.catch_up);
  writer.Put("on_lost", task.on_lost, usual.on_lost);
  writer.Put("retry", task.retry, usual.retry);
  writer.Put("exclusive_group", task.exclusive_group, usual.exclusive_group);
  writer.Put("agent_selector", task.agent_selector, usual.agent_selector);
  writer.Put("environment", task.environment, usual.environment);
  writer.Put("cwd", task.cwd, usual.cwd);
  writer.Put("run_as", task.run_as, usual.run_as);
  writer.Put("output_limit", task.output_limit, usual.output_limit);
  writer.Put("labels", task.labels, usual.labels);
  writer.Put("created_by", task.created_by, usual.created_by);
  writer.Put("updated_by", task.updated_by, usual.updated_by);
  writer.Put("created_at", task.created_at, usual.created_at);
  // Absent means "since the last save", so it is written unless it is exactly that.
  if (task.scheduled_since != std::chrono::floor<seconds>(task.updated_at)) {
    out["scheduled_since"] = FormatRfc3339(task.scheduled_since);
  }
  return out;
}

Result<Task> FromStoredJson(const json::object& stored) {
  Task task;
  MemberReader reader(stored);
  reader.Read("task_id", &task.key.task_id);
  reader.Read("project_id", &task.key.project_id);
  if (task.key.task_id.empty()) reader.Refuse("task_id");
  if (task.key.project_id < 1) reader.Refuse("project_id");
  reader.Read("name", &task.name);
  reader.Read("command", &task.command);
  reader.Read("cron", &task.cron);
  reader.Read("remark", &task.remark);
  reader.Read("timeout", &task.timeout);

  std::int64_t saved_at = 0;
  std::int64_t status = 0;  // v1 reads a missing one as paused
  std::int64_t noseize = 0;
  reader.Read("create_time", &saved_at);
  reader.Read("status", &status);
  reader.Read("noseize", &noseize);
  task.updated_at = Instant(seconds(saved_at));
  task.scheduled_since = task.updated_at;
  task.enabled = status == 1;
  task.broadcast = noseize == 1;

  ReadOurMembers(&reader, stored, &task);
  if (!task.argv.empty()) task.command.clear();
  for (const auto& member : stored) {
    if (std::ranges::find(kKnown, std::string_view(member.key())) == kKnown.end()) {
      task.unknown[member.key()] = member.value();
    }
  }
  if (auto read = reader.Finish("task"); !read) return std::unexpected(std::move(read).error());
  return task;
}

}  // namespace gophercron::task
