// `gophercron node`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

std::string ProjectsText(const json::object& node) {
  if (json::Bool(node, "all_projects").value_or(false)) return "all";
  const json::array* ids = json::Array(node, "projects");
  if (ids == nullptr) return "";
  std::string text;
  for (const auto& id : *ids) text += (text.empty() ? "" : ", ") + json::serialize(id);
  return text;
}

Result<int> List(ServiceSession& session) {
  const auto nodes = session.List("/api/v2/nodes", 0);
  if (!nodes) return std::unexpected(nodes.error());
  if (session.json()) {
    session.PrintItems(*nodes);
    return kExitOk;
  }
  const Instant now = SystemClock().Now();
  Table table({"ID", "ADDRESS", "VERSION", "PROJECTS", "STATE", "SINCE"});
  for (const auto& item : *nodes) {
    const json::object& node = item.get_object();
    const auto since = InstantOf(node, "started_at");
    table.Add({Cell(TextOf(node, "node_id"), Colour::kDim), Cell(TextOf(node, "address")),
               Cell(TextOf(node, "version")), Cell(ProjectsText(node)),
               Cell(json::Bool(node, "claims").value_or(true) ? "claims" : "holds"),
               Cell(since ? Age(*since, now) : "")});
  }
  session.PrintTable(table);
  return kExitOk;
}

}  // namespace

void AddNodeCommand(CLI::App& app, int* exit_code) {
  CLI::App* node = app.add_subcommand("node", "Nodes: where commands run");
  node->require_subcommand(1);
  auto options = std::make_shared<SessionOptions>();
  CLI::App* list = node->add_subcommand("list", "The nodes that are alive");
  AddSessionOptions(*list, *options);
  list->callback([options, exit_code] { *exit_code = RunCommand(*options, List); });
}

}  // namespace gophercron::cli
