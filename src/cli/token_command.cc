// `gophercron token`
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/api_commands.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string name;
  std::string expires;
  std::string role;
  std::vector<std::string> projects;
  std::string id;
};

std::string ScopeOf(const json::object& token) {
  const std::string role = TextOf(token, "role");
  if (role.empty()) return "all that you may";
  const json::array* const projects = json::Array(token, "projects");
  if (projects == nullptr) return role;
  std::vector<std::string> ids;
  for (const auto& id : *projects) ids.push_back(json::serialize(id));
  return fmt::format("{} in project {}", role, fmt::join(ids, ", "));
}

Result<int> List(ServiceSession& session) {
  const auto tokens = session.List("/api/v2/session/tokens", 0);
  if (!tokens) return std::unexpected(tokens.error());
  if (session.json()) {
    session.PrintItems(*tokens);
    return kExitOk;
  }
  Table table({"ID", "NAME", "MADE", "EXPIRES", "GOOD FOR"});
  for (const auto& item : *tokens) {
    const json::object& token = item.get_object();
    const auto made = InstantOf(token, "created_at");
    const auto expires = InstantOf(token, "expires_at");
    table.Add({Cell(TextOf(token, "token_id"), Colour::kDim), Cell(TextOf(token, "name")),
               Cell(made ? LocalTime(*made) : ""), Cell(expires ? LocalTime(*expires) : "never"),
               Cell(ScopeOf(token))});
  }
  session.PrintTable(table);
  return kExitOk;
}

// Only the token itself goes to stdout, so that it can be taken into a variable or a file.
Result<int> Add(ServiceSession& session, const Options& options) {
  json::object body{{"name", options.name}};
  if (!options.expires.empty()) {
    const auto expires = ParseDuration(options.expires);
    if (!expires) return std::unexpected(expires.error());
    body["expires_in_s"] = expires->count();
  }
  if (!options.role.empty()) body["role"] = options.role;
  if (!options.projects.empty()) {
    json::array ids;
    for (const std::string& name : options.projects) {
      const auto project = session.FindProject(name);
      if (!project) return std::unexpected(project.error());
      ids.emplace_back(project->id);
    }
    body["projects"] = std::move(ids);
  }
  const auto made =
      session.Call({.method = "POST", .path = "/api/v2/session/tokens", .body = std::move(body)});
  if (!made) return std::unexpected(made.error());
  if (session.json()) {
    session.PrintJson(made->body);
  } else {
    PrintText(TextOf(made->body, "token") + "\n");
  }
  return kExitOk;
}

Result<int> Delete(ServiceSession& session, const Options& options) {
  const auto gone =
      session.Call({.method = "DELETE", .path = "/api/v2/session/tokens/" + UrlEncode(options.id)});
  if (!gone) return std::unexpected(gone.error());
  if (session.json()) {
    session.PrintJson({{"token_id", options.id}, {"deleted", true}});
  } else {
    PrintText(fmt::format("{} counts no more\n", Printable(options.id)));
  }
  return kExitOk;
}

}  // namespace

void AddTokenCommand(CLI::App& app, int* exit_code) {
  CLI::App* token = app.add_subcommand("token", "API tokens, with which programs act as you");
  token->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* list = token->add_subcommand("list", "Yours, without the secrets");
  AddSessionOptions(*list, options->session);
  list->callback([options, exit_code] { *exit_code = RunCommand(options->session, List); });

  CLI::App* add = token->add_subcommand("add", "Makes one and prints it, this once");
  AddSessionOptions(*add, options->session);
  add->add_option("NAME", options->name, "What it is for")->required();
  add->add_option("--expires", options->expires, "In how long, as 90d; never unless said");
  add->add_option("--role", options->role,
                  "At most this: viewer, operator, editor or owner, and never an administrator");
  add->add_option("-p,--project", options->projects,
                  "Only this project, by id or title; may be given more than once")
      ->allow_extra_args(false);
  add->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Add(session, *options); });
  });

  CLI::App* remove = token->add_subcommand("delete", "Takes one back, at once");
  AddSessionOptions(*remove, options->session);
  remove->add_option("ID", options->id, "Its id, as `token list` says")->required();
  remove->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Delete(session, *options); });
  });
  token->footer(
      "Example:\n"
      "  TOKEN=$(gophercron token add deploys --expires 90d --role operator -p backups)");
}

}  // namespace gophercron::cli
