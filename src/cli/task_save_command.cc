// `gophercron task add` and `gophercron task edit`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "cli/api_commands.h"
#include "cli/service_session.h"
#include "cli/task_flags.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  TaskFlags flags;
  std::string project;
  std::string task;
  bool paused = false;
  std::int64_t revision = 0;
  CLI::Option* revision_option = nullptr;
};

void PrintSaved(ServiceSession& session, const json::object& task, std::string_view verb) {
  if (session.json()) {
    session.PrintJson(task);
    return;
  }
  std::string next = "paused";
  if (json::Bool(task, "enabled").value_or(true)) {
    const auto at = InstantOf(task, "next");
    next = at ? "next " + LocalTime(*at) : "it never fires again";
  }
  PrintText(fmt::format("{} task {} ({}), revision {}: {}\n", verb, Printable(TextOf(task, "name")),
                        TextOf(task, "task_id"), TextOf(task, "revision"), next));
}

// One project may be left out when there is only one.
Result<ProjectRef> ProjectForNewTask(ServiceSession& session, const std::string& name) {
  if (!name.empty()) return session.FindProject(name);
  auto projects = session.Projects();
  if (!projects) return std::unexpected(std::move(projects).error());
  if (projects->size() != 1) {
    return Fail(ErrorCode::kInvalidArgument,
                projects->empty()
                    ? "there is no project yet; make one with `gophercron project add`"
                    : "there are several projects; say which one with --project");
  }
  const json::object& only = projects->front().get_object();
  return ProjectRef{.id = json::Int(only, "project_id").value_or(0),
                    .title = TextOf(only, "title")};
}

// Names are for people and need not differ; but commands that are given one then ask for the id.
void WarnOfNamesake(ServiceSession& session, const json::object& task) {
  const auto tasks =
      session.List(fmt::format("/api/v2/projects/{}/tasks", TextOf(task, "project_id")), 0);
  if (!tasks) return;  // the task is saved; this is only a hint
  const std::string name = TextOf(task, "name");
  const auto namesakes = std::ranges::count_if(
      *tasks, [&](const auto& item) { return TextOf(item.get_object(), "name") == name; });
  if (namesakes < 2) return;
  std::fputs(fmt::format("gophercron: {} tasks of this project are called \"{}\" now; name them "
                         "by their ids\n",
                         namesakes, Printable(name))
                 .c_str(),
             stderr);
}

Result<int> Add(ServiceSession& session, const Options& options) {
  auto task = options.flags.Changes({});
  if (!task) return std::unexpected(std::move(task).error());
  if (options.paused) (*task)["enabled"] = false;
  const auto project = ProjectForNewTask(session, options.project);
  if (!project) return std::unexpected(project.error());
  const auto made = session.Call({.method = "POST",
                                  .path = fmt::format("/api/v2/projects/{}/tasks", project->id),
                                  .body = std::move(*task),
                                  .idempotency_key = RandomHex(16)});
  if (!made) return std::unexpected(made.error());
  PrintSaved(session, made->body, "made");
  WarnOfNamesake(session, made->body);
  return kExitOk;
}

// What the other one saved, as far as it touches what was to be saved here.
std::string Differences(const json::object& before, const json::object& after) {
  std::string text;
  for (const auto& [member, value] : after) {
    const json::value* old = before.if_contains(member);
    const std::string_view name = member;
    if (name == "revision" || name.starts_with("updated_") || name == "next" ||
        name == "recent_runs") {
      continue;
    }
    if (old != nullptr && *old == value) continue;
    text += fmt::format("\n  {}: {} -> {}", name,
                        old == nullptr ? "(nothing)" : Printable(json::serialize(*old)),
                        Printable(json::serialize(value)));
  }
  return text;
}

Result<int> ExplainConflict(ServiceSession& session, const TaskRef& ref, const json::object& before,
                            const Error& refusal) {
  const auto now = session.Get(ref.Path());
  if (!now) return std::unexpected(now.error());
  if (TextOf(now->body, "revision") == TextOf(before, "revision")) {
    return std::unexpected(refusal);  // some other conflict
  }
  const auto when = InstantOf(now->body, "updated_at");
  return Fail(
      ErrorCode::kConflict,
      fmt::format("nothing was saved: {} changed {} meanwhile ({}), revision {} -> {}. Look at "
                  "it with `gophercron task show {}`, then repeat your edit.{}",
                  Printable(TextOf(now->body, "updated_by")), Printable(ref.name),
                  when ? LocalTime(*when) : "just now", TextOf(before, "revision"),
                  TextOf(now->body, "revision"), ref.id, Differences(before, now->body)));
}

Result<int> Edit(ServiceSession& session, const Options& options) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  const auto before = session.Get(ref->Path());
  if (!before) return std::unexpected(before.error());
  auto changes = options.flags.Changes(before->body);
  if (!changes) return std::unexpected(std::move(changes).error());
  if (changes->empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "nothing to change: name what is to be different, as --cron '0 3 * * *'");
  }
  std::string etag = before->Header("etag");
  if (options.revision_option->count() > 0) etag = fmt::format("\"{}\"", options.revision);
  const auto saved = session.Call(
      {.method = "PATCH", .path = ref->Path(), .body = std::move(*changes), .if_match = etag});
  if (!saved && saved.error().code == ErrorCode::kConflict) {
    json::object seen = before->body;
    if (options.revision_option->count() > 0) seen["revision"] = options.revision;
    return ExplainConflict(session, *ref, seen, saved.error());
  }
  if (!saved) return std::unexpected(saved.error());
  PrintSaved(session, saved->body, "saved");
  if (TextOf(saved->body, "name") != TextOf(before->body, "name")) {
    WarnOfNamesake(session, saved->body);
  }
  return kExitOk;
}

}  // namespace

void AddTaskSaveCommands(CLI::App& task, int* exit_code) {
  auto add_options = std::make_shared<Options>();
  CLI::App* add = task.add_subcommand("add", "Makes a task");
  AddSessionOptions(*add, add_options->session);
  add->add_option("-p,--project", add_options->project,
                  "Project, by id or title; may be left out when there is only one");
  add->add_flag("--paused", add_options->paused, "Do not schedule it yet");
  add_options->flags.AddTo(*add);
  add->footer(
      "Examples:\n"
      "  gophercron task add --name backup --cron '30 3 * * *' --command '/opt/backup.sh' "
      "--timeout 2h\n"
      "  gophercron task add --name beat --cron '*/10 * * * * * *' -- /usr/bin/curl -fsS "
      "http://example/beat");
  add->callback([add_options, exit_code] {
    *exit_code = RunCommand(add_options->session,
                            [&](ServiceSession& session) { return Add(session, *add_options); });
  });

  auto edit_options = std::make_shared<Options>();
  CLI::App* edit = task.add_subcommand("edit", "Changes what is named and leaves the rest");
  AddSessionOptions(*edit, edit_options->session);
  edit->add_option("TASK", edit_options->task, "Id or name")->required();
  edit->add_option("-p,--project", edit_options->project, "Project of the task, by id or title");
  edit_options->revision_option = edit->add_option(
      "--if-revision", edit_options->revision,
      "Save only if this is still its revision (default: the one read just before)");
  edit_options->flags.AddTo(*edit);
  edit->footer(
      "Examples:\n"
      "  gophercron task edit backup --cron '0 4 * * *' --zone Europe/Berlin\n"
      "  gophercron task edit backup --env TARGET=/mnt/b --unset-env DEBUG\n"
      "  gophercron task edit backup --valid-until ''");
  edit->callback([edit_options, exit_code] {
    *exit_code = RunCommand(edit_options->session,
                            [&](ServiceSession& session) { return Edit(session, *edit_options); });
  });
}

}  // namespace gophercron::cli
