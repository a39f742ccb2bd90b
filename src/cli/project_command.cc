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
  std::string project;
  std::string title;
  std::string remark;
  bool has_remark = false;
  bool yes = false;
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

Result<int> Edit(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  json::object change;
  if (!options.title.empty()) change["title"] = options.title;
  if (options.has_remark) change["remark"] = options.remark;
  const auto saved = session.Call({.method = "PATCH",
                                   .path = fmt::format("/api/v2/projects/{}", project->id),
                                   .body = std::move(change)});
  if (!saved) return std::unexpected(saved.error());
  if (session.json()) {
    session.PrintJson(saved->body);
  } else {
    PrintText(fmt::format("saved project {} ({})\n", Printable(TextOf(saved->body, "title")),
                          project->id));
  }
  return kExitOk;
}

Result<int> Delete(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  if (!options.yes && !Confirm(fmt::format("Delete project {} ({}) with its history?",
                                           Printable(project->title), project->id))) {
    return kExitUsage;
  }
  const auto gone =
      session.Call({.method = "DELETE", .path = fmt::format("/api/v2/projects/{}", project->id)});
  if (!gone) return std::unexpected(gone.error());
  if (session.json()) {
    session.PrintJson({{"project_id", project->id}, {"deleted", true}});
  } else {
    PrintText(fmt::format("deleted project {} ({})\n", Printable(project->title), project->id));
  }
  return kExitOk;
}

void AddEdit(CLI::App& group, const std::shared_ptr<Options>& options, int* exit_code) {
  CLI::App* edit = group.add_subcommand("edit", "Changes its title or its remark");
  AddSessionOptions(*edit, options->session);
  edit->add_option("PROJECT", options->project, "Id or title")->required();
  edit->add_option("--title", options->title, "Its name, which no other project has");
  const CLI::Option* remark = edit->add_option("--remark", options->remark, "What it is for");
  edit->callback([options, remark, exit_code] {
    options->has_remark = remark->count() > 0;
    if (options->title.empty() && !options->has_remark) {
      *exit_code = UsageError("what shall change? Give --title or --remark");
      return;
    }
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Edit(session, *options); });
  });
}

void AddDelete(CLI::App& group, const std::shared_ptr<Options>& options, int* exit_code) {
  CLI::App* remove = group.add_subcommand("delete", "Deletes a project that has no tasks left");
  AddSessionOptions(*remove, options->session);
  remove->add_option("PROJECT", options->project, "Id or title")->required();
  remove->add_flag("-y,--yes", options->yes, "Do not ask");
  remove->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Delete(session, *options); });
  });
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
  AddEdit(*project, options, exit_code);
  AddDelete(*project, options, exit_code);
}

}  // namespace gophercron::cli
