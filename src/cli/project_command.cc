// `gophercron project`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string title;
  std::string remark;
};

Result<int> List(ServiceSession& session) {
  const auto projects = session.Projects();
  if (!projects) return std::unexpected(projects.error());
  if (session.json()) {
    session.PrintItems(*projects);
    return kExitOk;
  }
  if (projects->empty()) {
    PrintText("There is no project yet. Make one: gophercron project add TITLE\n");
    return kExitOk;
  }
  Table table({"ID", "TITLE", "REMARK"});
  for (const auto& item : *projects) {
    const json::object& project = item.get_object();
    table.Add({Cell(TextOf(project, "project_id"), Colour::kDim), Cell(TextOf(project, "title")),
               Cell(TextOf(project, "remark"))});
  }
  session.PrintTable(table);
  return kExitOk;
}

Result<int> Add(ServiceSession& session, const Options& options) {
  json::object project = {{"title", options.title}};
  if (!options.remark.empty()) project["remark"] = options.remark;
  const auto made = session.Call({.method = "POST", .path = "/api/v2/projects", .body = project});
  if (!made) return std::unexpected(made.error());
  if (session.json()) {
    session.PrintJson(made->body);
  } else {
    PrintText(fmt::format("made project {} ({})\n", Printable(TextOf(made->body, "title")),
                          TextOf(made->body, "project_id")));
  }
  return kExitOk;
}

}  // namespace

void AddProjectCommand(CLI::App& app, int* exit_code) {
  CLI::App* project = app.add_subcommand("project", "Projects: tasks that belong together");
  project->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* list = project->add_subcommand("list", "The projects that you may see");
  AddSessionOptions(*list, options->session);
  list->callback([options, exit_code] { *exit_code = RunCommand(options->session, List); });

  CLI::App* add = project->add_subcommand("add", "Makes a project");
  AddSessionOptions(*add, options->session);
  add->add_option("TITLE", options->title, "Its name, which no other project has")->required();
  add->add_option("--remark", options->remark, "What it is for");
  add->footer(
      "Example:\n"
      "  gophercron project add backups --remark 'What runs at night'");
  add->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Add(session, *options); });
  });
}

}  // namespace gophercron::cli
