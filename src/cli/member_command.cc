// `gophercron member`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/service_session.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string project;
  std::string account;
  std::string role;
};

std::string PathOf(const ProjectRef& project, const Options& options) {
  return fmt::format("/api/v2/projects/{}/members/{}", project.id, UrlEncode(options.account));
}

Result<int> List(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  const auto members = session.List(fmt::format("/api/v2/projects/{}/members", project->id), 0);
  if (!members) return std::unexpected(members.error());
  if (session.json()) {
    session.PrintItems(*members);
    return kExitOk;
  }
  Table table({"ACCOUNT", "NAME", "ROLE"});
  for (const auto& item : *members) {
    const json::object& member = item.get_object();
    table.Add({Cell(TextOf(member, "account")), Cell(TextOf(member, "name")),
               Cell(TextOf(member, "role"))});
  }
  session.PrintTable(table);
  return kExitOk;
}

Result<int> Put(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  json::object body;
  if (!options.role.empty()) body["role"] = options.role;
  const auto put =
      session.Call({.method = "PUT", .path = PathOf(*project, options), .body = std::move(body)});
  if (!put) return std::unexpected(put.error());
  if (session.json()) {
    session.PrintJson({{"project_id", project->id}, {"account", options.account}});
  } else {
    PrintText(fmt::format("{} is a member of {}{}\n", Printable(options.account),
                          Printable(project->title),
                          options.role.empty() ? "" : " as " + options.role));
  }
  return kExitOk;
}

Result<int> Remove(ServiceSession& session, const Options& options) {
  const auto project = session.FindProject(options.project);
  if (!project) return std::unexpected(project.error());
  const auto gone = session.Call({.method = "DELETE", .path = PathOf(*project, options)});
  if (!gone) return std::unexpected(gone.error());
  if (session.json()) {
    session.PrintJson(
        {{"project_id", project->id}, {"account", options.account}, {"deleted", true}});
  } else {
    PrintText(fmt::format("{} is no member of {} any more\n", Printable(options.account),
                          Printable(project->title)));
  }
  return kExitOk;
}

using Body = Result<int> (*)(ServiceSession&, const Options&);

CLI::App* AddOnProject(CLI::App& group, const char* name, const char* help, Body body,
                       const std::shared_ptr<Options>& options, int* exit_code) {
  CLI::App* command = group.add_subcommand(name, help);
  AddSessionOptions(*command, options->session);
  command->add_option("-p,--project", options->project, "The project, by id or title")->required();
  command->callback([options, body, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return body(session, *options); });
  });
  return command;
}

}  // namespace

void AddMemberCommand(CLI::App& app, int* exit_code) {
  CLI::App* member = app.add_subcommand("member", "Members of a project, and what they may do");
  member->require_subcommand(1);
  auto options = std::make_shared<Options>();
  AddOnProject(*member, "list", "Who belongs to it", List, options, exit_code);
  CLI::App* add =
      AddOnProject(*member, "add", "Adds an account, or changes its role", Put, options, exit_code);
  add->add_option("ACCOUNT", options->account, "Account")->required();
  add->add_option("--role", options->role,
                  "viewer, operator, editor or owner; who is new is an editor unless you say so")
      ->check(CLI::IsMember({"viewer", "operator", "editor", "owner"}));
  AddOnProject(*member, "remove", "Takes an account out; its last owner stays", Remove, options,
               exit_code)
      ->add_option("ACCOUNT", options->account, "Account")
      ->required();
  member->footer(
      "Examples:\n"
      "  gophercron member list --project backups\n"
      "  gophercron member add ana --project backups --role operator");
}

}  // namespace gophercron::cli
