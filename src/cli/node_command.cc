// `gophercron node`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

std::string NumberOf(const json::object& node, std::string_view name) {
  return std::to_string(json::Int(node, name).value_or(0));
}

// Of the last minute, and how much the machine can do.
std::string LoadText(const json::object& node) {
  const json::value* load = node.if_contains("load");
  const std::int64_t processors = json::Int(node, "processors").value_or(0);
  if (load == nullptr || !load->is_number() || processors == 0) return "";
  return fmt::format("{:.2f} of {}", load->to_number<double>(), processors);
}

// How far this node's clock is from the others': "+" when it is ahead.
std::string ClockText(const json::object& node) {
  const auto offset = json::Int(node, "clock_offset_us");
  return offset ? fmt::format("{:+.2f} s", -static_cast<double>(*offset) / 1e6) : "";
}

// By id, else by address.
Result<std::string> FindNode(ServiceSession& session, const std::string& name) {
  const auto nodes = session.List("/api/v2/nodes", 0);
  if (!nodes) return std::unexpected(nodes.error());
  std::vector<std::string> found;
  for (const auto& item : *nodes) {
    const json::object& node = item.get_object();
    if (TextOf(node, "node_id") == name) return name;
    if (TextOf(node, "address") == name) found.push_back(TextOf(node, "node_id"));
  }
  if (found.size() > 1) {
    return Fail(
        ErrorCode::kConflict,
        fmt::format("{} nodes have the address {}; give the id of one", found.size(), name));
  }
  // It may be one that is not alive: what it was told holds until it comes back.
  return found.empty() ? name : found.front();
}

Result<int> Tell(ServiceSession& session, const std::string& name, std::string_view what) {
  auto node = FindNode(session, name);
  if (!node) return std::unexpected(std::move(node).error());
  const auto answer = session.Call(
      {.method = "POST", .path = fmt::format("/api/v2/nodes/{}/{}", UrlEncode(*node), what)});
  if (!answer) return std::unexpected(answer.error());
  return kExitOk;
}

Result<int> List(ServiceSession& session) {
  const auto nodes = session.List("/api/v2/nodes", 0);
  if (!nodes) return std::unexpected(nodes.error());
  if (session.json()) {
    session.PrintItems(*nodes);
    return kExitOk;
  }
  const Instant now = SystemClock().Now();
  Table table({"ID", "ADDRESS", "VERSION", "PROJECTS", "RUNNING", "STARTED", "FAILED", "LOAD",
               "SINCE", "SEEN", "CLOCK", "STATE"});
  for (const auto& item : *nodes) {
    const json::object& node = item.get_object();
    const auto since = InstantOf(node, "started_at");
    const auto seen = InstantOf(node, "seen_at");
    const bool claims = json::Bool(node, "claims").value_or(true);
    table.Add(
        {Cell(TextOf(node, "node_id"), Colour::kDim), Cell(TextOf(node, "address")),
         Cell(TextOf(node, "version")), Cell(ProjectsText(node)), Cell(NumberOf(node, "running")),
         Cell(NumberOf(node, "runs_started")), Cell(NumberOf(node, "runs_failed")),
         Cell(LoadText(node)), Cell(since ? Age(*since, now) : ""),
         Cell(seen ? Age(*seen, now) : ""), Cell(ClockText(node)),
         claims ? Cell("claims") : Cell("holds: " + TextOf(node, "holds_why"), Colour::kYellow)});
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

  const auto add = [&](const char* word, const char* about) {
    struct Target {
      SessionOptions options;
      std::string node;
    };
    auto target = std::make_shared<Target>();
    CLI::App* command = node->add_subcommand(word, about);
    AddSessionOptions(*command, target->options);
    command->add_option("NODE", target->node, "its id, or its address")->required();
    command->callback([target, exit_code, what = std::string(word)] {
      *exit_code = RunCommand(target->options, [&](ServiceSession& session) {
        return Tell(session, target->node, what);
      });
    });
  };
  add("drain", "Start nothing new there; runs go on. Holds until `resume`, restarts included");
  add("resume", "End a drain");
  add("reload", "Let a client read its configuration file again");
}

}  // namespace gophercron::cli
