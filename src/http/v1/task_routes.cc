// Tasks ("crontab"): definitions, and what acts on the scheduler.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/v1/envelope.h"
#include "http/v1/routes.h"
#include "http/v1/views.h"
#include "service/tasks.h"

namespace gophercron::http::v1 {
namespace {

// v1's front end gives up after five seconds.
constexpr milliseconds kPatience{2'000};
constexpr int kAttemptsMax = 4;

// What v1's form says of a task. What v1 does not know of it stays as it is.
void Apply(const Arguments& in, task::Task* task) {
  task->name = in.Text("name");
  task->remark = in.Text("remark");
  task->cron = in.Text("cron");
  // An argument vector was shown as a command line: unless that was edited it stays one.
  if (const std::string command = in.Text("command"); command != task::CommandLine(*task)) {
    task->command = command;
    task->argv.clear();
  }
  task->timeout = seconds(in.Int("timeout"));
  task->enabled = in.Int("status") == 1;
  task->broadcast = in.Int("noseize") == 1;
  // v1's front end never sends it; that is no wish to lose it.
  if (in.Has("exclusion")) task->unknown["exclusion"] = in.Int("exclusion");
}

task::Task NewTask(const Arguments& in, std::string task_id) {
  task::Task task;
  task.key.task_id = std::move(task_id);
  task.unknown["is_running"] = -1;
  task.unknown["exclusion"] = 0;
  task.unknown["client_ip"] = "";
  Apply(in, &task);
  return task;
}

Response SaveTask(Context& context) {
  const Arguments& in = *context.arguments;
  const std::string task_id = in.Text("task_id");
  for (const std::string_view name : {"name", "command", "cron"}) in.RequiredText(name);
  for (const std::string_view name : {"timeout", "status", "noseize", "exclusion"}) in.Int(name);
  in.Text("remark");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  const service::Tasks& tasks = context.services.tasks();
  std::optional<task::Task> before;
  const auto change = [&](task::Task& task) -> Status {
    before = task;
    Apply(in, &task);
    return {};
  };
  Error last;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (!task_id.empty()) {
      const auto saved = tasks.Edit(*context.grant, task_id, std::nullopt, change);
      if (saved) return Answer(context.request, TextOf(*before, std::nullopt));
      if (saved.error().code != ErrorCode::kNotFound) {
        return Refuse(context.request, saved.error());
      }
    }
    const auto made = tasks.Create(*context.grant, NewTask(in, task_id));
    if (made) return Answer(context.request, "null");
    last = made.error();
    // Somebody made a task of that id meanwhile: then it is an edit.
    if (last.code != ErrorCode::kConflict) break;
  }
  return Refuse(context.request, last);
}

Response DeleteTask(Context& context) {
  const std::string task_id = context.arguments->RequiredText("task_id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const service::Tasks& tasks = context.services.tasks();
  const auto task = tasks.Show(*context.grant, task_id);
  const Status gone =
      task ? tasks.Delete(*context.grant, task_id, std::nullopt) : std::unexpected(task.error());
  if (gone) return Answer(context.request, TextOf(task->task, std::nullopt));
  // v1 said 500 where the others say 10006.
  if (gone.error().code == ErrorCode::kNotFound) {
    return Refuse(context.request, kBroken, gone.error().message);
  }
  return Refuse(context.request, gone.error());
}

Response ListTasks(Context& context) {
  const auto running = context.services.runs().RunningTasks(*context.grant);
  if (!running) return Refuse(context.request, running.error());
  const auto text = context.task_texts.ListText(context.services.tasks(), *context.grant, *running);
  if (!text) return Refuse(context.request, text.error());
  return Answer(context.request, R"({"list":)" + *text + "}");
}

// Ends what runs, and pauses the schedule, as v1 did.
Response KillTask(Context& context) {
  const std::string task_id = context.arguments->RequiredText("task_id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  // Paused first: nothing new begins while the old one ends.
  const auto paused = context.services.tasks().SetEnabled(*context.grant, task_id, false);
  if (!paused) return Refuse(context.request, paused.error());
  const Status ended = context.services.runs().KillAll(*context.grant, task_id, kPatience);
  return ended ? Done(context.request) : Refuse(context.request, ended.error());
}

Response ExecuteTask(Context& context) {
  const std::string task_id = context.arguments->RequiredText("task_id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const auto nodes = context.services.nodes().Serving(context.grant->project());
  if (!nodes) return Refuse(context.request, nodes.error());
  if (nodes->empty()) return Refuse(context.request, kNoNode);
  const auto triggered = context.services.runs().Trigger(*context.grant, task_id, "", false);
  if (!triggered) return Refuse(context.request, triggered.error());
  return Answer(context.request, fmt::format(R"({{"run_id":{}}})", Quoted(triggered->run_id)));
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "/api/v1/crontab/save", kEdit, SaveTask},
    {"POST", "/api/v1/crontab/delete", kEdit, DeleteTask},
    {"GET", "/api/v1/crontab/list", kView, ListTasks},
    {"POST", "/api/v1/crontab/kill", kOperate, KillTask},
    {"POST", "/api/v1/crontab/execute", kOperate, ExecuteTask},
});

}  // namespace

std::span<const Route> TaskRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http::v1
