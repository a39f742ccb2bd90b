#include "cli/import_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "base/random.h"
#include "cli/service_session.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string file;
  std::string project;
  std::string zone;
  bool system = false;
  bool enabled = false;
  bool dry_run = false;
};

// A crontab is a page or two; what is larger is something else.
constexpr std::size_t kFileBytesMax = 512 << 10;

Result<std::string> ReadText(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("{} can not be read; give a file, or - for standard input", file));
    }
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  if (text.size() > kFileBytesMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has {} bytes; a crontab may have {} at most", file, text.size(),
                            kFileBytesMax));
  }
  return text;
}

// What is said of a line that becomes no task, or beside one that does.
std::string Remarks(const json::object& line) {
  std::string said(TextOf(line, "problem"));
  if (const json::value* notes = line.if_contains("notes"); notes && notes->is_array()) {
    for (const json::value& note : notes->get_array()) {
      if (!said.empty()) said += "; ";
      said += TextOf(note.get_object(), "text");
    }
  }
  return said;
}

struct Sum {
  int made = 0;
  int failed = 0;
};

Result<Sum> Apply(ServiceSession& session, const Options& options, const ProjectRef& project,
                  json::array& lines) {
  Sum sum;
  Table table({"LINE", "TASK", "SCHEDULE", "WHAT BECOMES OF IT"});
  for (json::value& item : lines) {
    json::object& line = item.get_object();
    const json::value* task = line.if_contains("task");
    const bool is_task = task != nullptr && task->is_object();
    std::string said = Remarks(line);
    Colour colour = Colour::kPlain;
    if (!is_task && !TextOf(line, "problem").empty()) {
      ++sum.failed;
      colour = Colour::kYellow;
    } else if (is_task && !options.dry_run) {
      json::object body = task->get_object();
      body["enabled"] = options.enabled;
      const auto made = session.Call({.method = "POST",
                                      .path = fmt::format("/api/v2/projects/{}/tasks", project.id),
                                      .body = body,
                                      .idempotency_key = RandomHex(16)});
      if (made) {
        ++sum.made;
        line["task_id"] = TextOf(made->body, "task_id");
        said = said.empty() ? "made" : "made; " + said;
      } else {
        ++sum.failed;
        colour = Colour::kRed;
        said = made.error().message;
        line["problem"] = said;
      }
    }
    table.Add({Cell(TextOf(line, "line"), Colour::kDim),
               Cell(is_task ? TextOf(task->get_object(), "name") : TextOf(line, "text")),
               Cell(is_task ? TextOf(task->get_object(), "cron") : ""), Cell(said, colour)});
  }
  if (!session.json()) session.PrintTable(table);
  return sum;
}

Result<int> ImportCrontab(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  const auto text = ReadText(options.file);
  if (!text) return std::unexpected(text.error());
  json::object body{{"text", *text}, {"system", options.system}};
  if (!options.zone.empty()) body["zone"] = options.zone;
  auto plan =
      session.Call({.method = "POST", .path = "/api/v2/crontab/preview", .body = std::move(body)});
  if (!plan) return std::unexpected(plan.error());
  json::array lines;
  if (json::value* found = plan->body.if_contains("lines"); found && found->is_array()) {
    lines = std::move(found->get_array());
  }
  const auto sum = Apply(session, options, *project, lines);
  if (!sum) return std::unexpected(sum.error());
  if (session.json()) {
    session.PrintJson({{"lines", std::move(lines)}});
  } else if (options.dry_run) {
    PrintText("Nothing was made: this was a dry run.\n");
  } else {
    PrintText(fmt::format("{} tasks made{}, {} lines not carried over\n", sum->made,
                          options.enabled ? "" : ", paused: resume them when crond has stopped",
                          sum->failed));
  }
  return sum->failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void AddImportCommand(CLI::App& app, int* exit_code) {
  CLI::App* group = app.add_subcommand("import", "Brings over what other programs schedule");
  group->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* crontab = group->add_subcommand("crontab", "Makes a task of each line of a crontab");
  AddSessionOptions(*crontab, options->session);
  crontab->add_option("FILE", options->file, "The crontab, or - for standard input")->required();
  crontab->add_option("-p,--project", options->project, "The project to make them in")->required();
  crontab->add_option("--zone", options->zone, "The time zone of its lines");
  crontab->add_flag("--system", options->system, "It has a user field, as /etc/crontab");
  crontab->add_flag("--enabled", options->enabled,
                    "They run from now on; else they are made paused, because crond still runs "
                    "its own");
  crontab->add_flag("--dry-run", options->dry_run, "Only say what would become of each line");
  crontab->footer(
      "Example:\n"
      "  crontab -l | gophercron import crontab - --project backups --dry-run");
  crontab->callback([options, exit_code] {
    *exit_code = RunCommand(options->session, [&](ServiceSession& session) {
      return ImportCrontab(session, *options);
    });
  });
}

}  // namespace gophercron::cli
