// `gophercron task`: the list, one task, and what is done with it as a whole.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <string>

#include "base/random.h"
#include "cli/api_commands.h"
#include "cli/outcome_text.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string project;
  std::string task;
  bool yes = false;
};

Cell LastRunCell(const json::object& task, Instant now) {
  const json::array* recent = json::Array(task, "recent_runs");
  if (recent == nullptr || recent->empty() || !recent->front().is_object()) return {};
  const json::object& run = recent->front().get_object();
  const auto outcome = task::ParseOutcome(TextOf(run, "outcome"));
  if (!outcome) return {};
  const OutcomeLook look = LookOf(*outcome);
  const auto ended = InstantOf(run, "ended_at");
  return {fmt::format("{} {}{}", look.sign, look.word, ended ? ", " + Age(*ended, now) : ""),
          look.colour};
}

std::string ScheduleText(const json::object& task) {
  const std::string zone = TextOf(task, "zone");
  return TextOf(task, "cron") + (zone.empty() ? "" : " " + zone);
}

Result<int> List(ServiceSession& session, const Options& options) {
  json::array projects;
  if (options.project.empty()) {
    auto all = session.Projects();
    if (!all) return std::unexpected(std::move(all).error());
    projects = std::move(*all);
  } else {
    const auto found = session.FindProject(options.project);
    if (!found) return std::unexpected(found.error());
    projects.push_back(json::object{{"project_id", found->id}, {"title", found->title}});
  }
  json::array items;
  Table table({"ID", "PROJECT", "NAME", "SCHEDULE", "NEXT", "LAST RUN"});
  const Instant now = SystemClock().Now();
  for (const auto& project : projects) {
    const auto id = TextOf(project.get_object(), "project_id");
    const auto tasks = session.List(fmt::format("/api/v2/projects/{}/tasks?recent_runs=1", id), 0);
    if (!tasks) return std::unexpected(tasks.error());
    for (const auto& item : *tasks) {
      const json::object& task = item.get_object();
      items.push_back(task);
      const bool enabled = json::Bool(task, "enabled").value_or(true);
      const auto next = InstantOf(task, "next");
      Cell state = next ? Cell(Age(*next, now)) : Cell("never", Colour::kYellow);
      if (!enabled) state = Cell("paused", Colour::kDim);
      table.Add({Cell(TextOf(task, "task_id"), Colour::kDim),
                 Cell(TextOf(project.get_object(), "title")), Cell(TextOf(task, "name")),
                 Cell(ScheduleText(task)), std::move(state), LastRunCell(task, now)});
    }
  }
  if (session.json()) {
    session.PrintItems(items);
  } else if (table.empty()) {
    PrintText("There is no task yet. Make one: gophercron task add --help\n");
  } else {
    session.PrintTable(table);
  }
  return kExitOk;
}

std::string MemberText(const json::object& task, std::string_view member) {
  if (member.ends_with("_at") || member == "next" || member.starts_with("valid_") ||
      member == "scheduled_since") {
    if (const auto instant = InstantOf(task, member)) return LocalTime(*instant);
  }
  if (member.ends_with("_s")) {
    const auto number = json::Int(task, member);
    return number ? DurationText(seconds(*number)) : "";
  }
  return TextOf(task, member);
}

void PrintMembers(const json::object& object, std::string_view prefix) {
  for (const auto& [member, value] : object) {
    if (value.is_null() || member == "recent_runs") continue;
    if (value.is_object()) {
      if (value.get_object().empty()) continue;
      PrintMembers(value.get_object(), fmt::format("{}{}.", prefix, std::string_view(member)));
      continue;
    }
    const std::string text = MemberText(object, member);
    if (text.empty() || text == "[]") continue;
    PrintText(
        fmt::format("{:22} {}\n", fmt::format("{}{}", prefix, Printable(member)), Printable(text)));
  }
}

Result<int> Show(ServiceSession& session, const Options& options) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  const auto task = session.Get(ref->Path());
  if (!task) return std::unexpected(task.error());
  if (session.json()) {
    session.PrintJson(task->body);
    return kExitOk;
  }
  PrintText(
      fmt::format("{:22} {} ({})\n", "project", Printable(ref->project.title), ref->project.id));
  PrintMembers(task->body, "");
  return kExitOk;
}

Result<int> SetEnabled(ServiceSession& session, const Options& options, bool enabled) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  const auto saved = session.Call({.method = "POST",
                                   .path = ref->Path() + (enabled ? "/resume" : "/pause"),
                                   .idempotency_key = RandomHex(16)});
  if (!saved) return std::unexpected(saved.error());
  if (session.json()) {
    session.PrintJson(saved->body);
    return kExitOk;
  }
  const auto next = InstantOf(saved->body, "next");
  PrintText(fmt::format("{} {}{}\n", enabled ? "resumed" : "paused", Printable(ref->name),
                        next ? ", next " + LocalTime(*next) : ""));
  return kExitOk;
}

Result<int> Delete(ServiceSession& session, const Options& options) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  if (!options.yes &&
      !Confirm(fmt::format("Delete task {} ({}) of project {}?", Printable(ref->name), ref->id,
                           Printable(ref->project.title)))) {
    return kExitUsage;
  }
  const auto gone = session.Call({.method = "DELETE", .path = ref->Path()});
  if (!gone) return std::unexpected(gone.error());
  if (session.json()) {
    session.PrintJson({{"task_id", ref->id}, {"project_id", ref->project.id}, {"deleted", true}});
  } else {
    PrintText(fmt::format("deleted {} ({})\n", Printable(ref->name), ref->id));
  }
  return kExitOk;
}

using Body = Result<int> (*)(ServiceSession&, const Options&);

// A command on one task that takes no more than its name.
CLI::App* AddOnTask(CLI::App& group, const char* name, const char* help, Body body,
                    const std::shared_ptr<Options>& options, int* exit_code) {
  CLI::App* command = group.add_subcommand(name, help);
  AddSessionOptions(*command, options->session);
  command->add_option("TASK", options->task, "Id or name")->required();
  command->add_option("-p,--project", options->project, "Project of the task, by id or title");
  command->callback([options, body, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return body(session, *options); });
  });
  return command;
}

}  // namespace

void AddTaskCommand(CLI::App& app, int* exit_code) {
  CLI::App* task = app.add_subcommand("task", "Tasks: commands and when they run");
  task->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* list = task->add_subcommand("list", "Tasks, with their next tick and their last run");
  AddSessionOptions(*list, options->session);
  list->add_option("-p,--project", options->project, "Only this project, by id or title");
  list->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return List(session, *options); });
  });

  AddOnTask(*task, "show", "Everything about one task", Show, options, exit_code);
  AddTaskSaveCommands(*task, exit_code);
  AddOnTask(
      *task, "pause", "Stops its schedule; runs that are going go on",
      [](ServiceSession& session, const Options& given) {
        return SetEnabled(session, given, false);
      },
      options, exit_code);
  AddOnTask(
      *task, "resume", "Starts its schedule again, without a backlog",
      [](ServiceSession& session, const Options& given) {
        return SetEnabled(session, given, true);
      },
      options, exit_code);
  AddOnTask(*task, "delete", "Deletes it; what it did stays in the ledger", Delete, options,
            exit_code)
      ->add_flag("-y,--yes", options->yes, "Do not ask");
  AddTaskRunCommand(*task, exit_code);
  AddTaskWhyCommand(*task, exit_code);
  AddTaskLedgerCommand(*task, exit_code);
  task->footer(
      "Examples:\n"
      "  gophercron task list\n"
      "  gophercron task add --name backup --cron '30 3 * * *' --command '/opt/backup.sh'\n"
      "  gophercron task run backup --follow\n"
      "  gophercron task why backup '2026-03-28 03:30:00'\n\n"
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 service not reached, "
      "5 not signed in.");
}

}  // namespace gophercron::cli
