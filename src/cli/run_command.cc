// `gophercron run`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/random.h"
#include "cli/api_commands.h"
#include "cli/outcome_text.h"
#include "cli/run_output.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string run;
  std::string project;
  std::string task;
  std::string outcome;
  bool running = false;
  bool follow = false;
  std::size_t number = 50;
};

std::string RunPath(std::string_view run_id) {
  return "/api/v2/runs/" + UrlEncode(run_id);
}

Cell OutcomeCell(const json::object& run) {
  const auto outcome = task::ParseOutcome(TextOf(run, "outcome"));
  if (!outcome) {
    const std::string state = TextOf(run, "state");
    return {state == "waiting" ? "… waiting" : "▶ running", Colour::kBlue};
  }
  const OutcomeLook look = LookOf(*outcome);
  return {fmt::format("{} {}", look.sign, look.word), look.colour};
}

std::string DurationOf(const json::object& run, Instant now) {
  const auto started = InstantOf(run, "started_at");
  if (!started) return "";
  return DurationText(InstantOf(run, "ended_at").value_or(now) - *started);
}

std::string HowItEnded(const json::object& run) {
  const auto number = [&](std::string_view member) -> std::optional<int> {
    const auto found = json::Int(run, member);
    return found ? std::optional<int>(static_cast<int>(*found)) : std::nullopt;
  };
  std::string text = EndText(number("exit_code"), number("signal"),
                             json::Bool(run, "core_dumped").value_or(false));
  for (const std::string_view member : {"reason", "detail"}) {
    const std::string part = TextOf(run, member);
    if (part.empty() || part == "none") continue;
    text += (text.empty() ? "" : ", ") + part;
  }
  if (const std::string by = TextOf(run, "killed_by"); !by.empty()) {
    text += fmt::format("{}by {}", text.empty() ? "" : ", ", by);
  }
  return text;
}

Result<std::string> ListPath(ServiceSession& session, const Options& options) {
  std::string path = "/api/v2/runs";
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    path += fmt::format("{}{}={}", separator, name, UrlEncode(value));
    separator = '&';
  };
  if (!options.task.empty()) {
    const auto task = session.FindTask(options.project, options.task);
    if (!task) return std::unexpected(task.error());
    add("project", fmt::format("{}", task->project.id));
    add("task", task->id);
  } else if (!options.project.empty()) {
    const auto project = session.FindProject(options.project);
    if (!project) return std::unexpected(project.error());
    add("project", fmt::format("{}", project->id));
  }
  if (!options.outcome.empty()) add("outcome", options.outcome);
  if (options.running) add("live", "true");
  return path;
}

Result<int> List(ServiceSession& session, const Options& options) {
  const auto path = ListPath(session, options);
  if (!path) return std::unexpected(path.error());
  const auto runs = session.List(*path, options.number);
  if (!runs) return std::unexpected(runs.error());
  if (session.json()) {
    session.PrintItems(*runs);
    return kExitOk;
  }
  if (runs->empty()) {
    PrintText("No run is known.\n");
    return kExitOk;
  }
  const Instant now = SystemClock().Now();
  Table table({"RUN", "TASK", "STARTED", "TOOK", "OUTCOME", "WHY"});
  for (const auto& item : *runs) {
    const json::object& run = item.get_object();
    const auto started = InstantOf(run, "started_at");
    table.Add({Cell(TextOf(run, "run_id"), Colour::kDim), Cell(TextOf(run, "task_name")),
               Cell(started ? LocalTime(*started) : ""), Cell(DurationOf(run, now)),
               OutcomeCell(run), Cell(HowItEnded(run))});
  }
  session.PrintTable(table);
  return kExitOk;
}

std::string ShownText(const json::object& run, std::string_view member) {
  if (const auto instant = InstantOf(run, member)) return LocalTime(*instant);
  if (member.ends_with("_bytes")) return BytesText(json::Int(run, member).value_or(0));
  if (member == "cpu_us") return DurationText(microseconds(json::Int(run, member).value_or(0)));
  return TextOf(run, member);
}

// The run that is meant: one by its id, or the newest one of a task. Which one that was is told.
Result<std::string> MeantRun(ServiceSession& session, const Options& options) {
  constexpr std::size_t kRunIdBytes = 26;
  const std::string& given = options.run;
  const bool run_id =
      given.size() == kRunIdBytes &&
      given.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (run_id) return given;
  const auto task = session.FindTask(options.project, given);
  if (!task && task.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("\"{}\" is neither the id of a run nor a task that you may see; "
                            "`gophercron run list` shows the runs",
                            Printable(given)));
  }
  if (!task) return std::unexpected(task.error());
  const auto runs = session.List(task->Path() + "/runs", 1);
  if (!runs) return std::unexpected(runs.error());
  if (runs->empty()) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("no run of task {} is known", Printable(task->name)));
  }
  std::string newest = TextOf(runs->front().get_object(), "run_id");
  std::fputs(fmt::format("gophercron: the newest run of {} is {}\n", Printable(task->name), newest)
                 .c_str(),
             stderr);
  return newest;
}

Result<int> Show(ServiceSession& session, const Options& options) {
  const auto meant = MeantRun(session, options);
  if (!meant) return std::unexpected(meant.error());
  const auto run = session.Get(RunPath(*meant));
  if (!run) return std::unexpected(run.error());
  if (session.json()) {
    session.PrintJson(run->body);
    return kExitOk;
  }
  const Cell outcome = OutcomeCell(run->body);
  PrintText(fmt::format("{:18} {}\n", "outcome",
                        Paint(outcome.text, outcome.colour, StdoutUsesColour())));
  for (const auto& [member, value] : run->body) {
    const std::string text = ShownText(run->body, member);
    if (value.is_null() || text.empty() || member == "outcome" || text == "false") continue;
    PrintText(fmt::format("{:18} {}\n", Printable(member), Printable(text)));
  }
  return kExitOk;
}

Result<int> Kill(ServiceSession& session, const Options& options) {
  const auto run = session.Call(
      {.method = "POST", .path = RunPath(options.run) + "/kill", .idempotency_key = RandomHex(16)});
  if (!run) return std::unexpected(run.error());
  if (session.json()) {
    session.PrintJson(run->body);
  } else {
    PrintText(fmt::format("asked {} to end; `gophercron run show {}` says when it has\n",
                          Printable(options.run), Printable(options.run)));
  }
  return kExitOk;
}

Result<int> Log(ServiceSession& session, const Options& options) {
  const auto meant = MeantRun(session, options);
  if (!meant) return std::unexpected(meant.error());
  if (!options.follow) {
    const Status printed = PrintOutput(session, *meant);
    if (!printed) return std::unexpected(printed.error());
    return kExitOk;
  }
  const auto run = FollowOutput(session, *meant);
  if (!run) return std::unexpected(run.error());
  PrintEnd(*run);
  return ExitCodeOfRun(*run);
}

using Body = Result<int> (*)(ServiceSession&, const Options&);

CLI::App* AddBody(CLI::App* command, Body body, const std::shared_ptr<Options>& options,
                  int* exit_code) {
  AddSessionOptions(*command, options->session);
  command->callback([options, body, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return body(session, *options); });
  });
  return command;
}

}  // namespace

void AddRunCommand(CLI::App& app, int* exit_code) {
  CLI::App* run = app.add_subcommand("run", "Runs: what was executed, and what it said");
  run->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* list =
      AddBody(run->add_subcommand("list", "Runs, newest first, those that wait and go among them"),
              List, options, exit_code);
  list->add_option("-p,--project", options->project, "Only this project, by id or title");
  list->add_option("-t,--task", options->task, "Only this task, by id or name");
  list->add_option("--outcome", options->outcome,
                   "Only those that ended so: succeeded, failed, timed_out, killed, lost, ...");
  list->add_flag("--running", options->running, "Only those that are going");
  list->add_option("-n,--number", options->number, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));

  CLI::App* show =
      AddBody(run->add_subcommand("show", "Everything about one run"), Show, options, exit_code);
  CLI::App* kill =
      AddBody(run->add_subcommand("kill", "Ends a run: asks it to, and after its grace makes it"),
              Kill, options, exit_code);
  CLI::App* log = AddBody(run->add_subcommand("log", "What a run wrote, as it wrote it"), Log,
                          options, exit_code);
  log->add_flag("-f,--follow", options->follow,
                "Go on until the run has ended, and exit with its result");
  kill->add_option("RUN", options->run, "Id of the run")->required();
  for (CLI::App* command : {show, log}) {
    command->add_option("RUN", options->run, "Id of the run, or a task, whose newest one is meant")
        ->required();
    command->add_option("-p,--project", options->project, "Project of the task, by id or title");
  }
  run->footer(
      "Examples:\n"
      "  gophercron run list --outcome failed -n 20\n"
      "  gophercron run log -f 01kaq3v8w2h5x7\n"
      "  gophercron run log backup                 the newest run of that task\n\n"
      "`run log -f` exits with the run's own result: its exit code, 128 + signal, 124 timed out, "
      "137 killed,\n126 failed to start, 1 without a result.");
}

}  // namespace gophercron::cli
