// Nodes ("clients"). v1 names one by its address.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "http/v1/envelope.h"
#include "http/v1/routes.h"
#include "http/v1/views.h"

namespace gophercron::http::v1 {
namespace {

std::string VersionText(const coordination::Node& node) {
  if (node.version.empty()) return "unknow";  // as v1 spells it
  return node.version.starts_with('v') ? node.version : "v" + node.version;
}

Response ListOfProject(Context& context) {
  const auto nodes = context.services.nodes().Serving(context.grant->project());
  if (!nodes) return Refuse(context.request, nodes.error());
  std::set<std::string> texts;
  for (const coordination::Node& node : *nodes) {
    texts.insert(Quoted(fmt::format("{}:{}", node.address, VersionText(node))));
  }
  return Answer(context.request, fmt::format(R"({{"list":[{}]}})", fmt::join(texts, ",")));
}

// Each address once, under the first of the caller's projects that it serves.
Response ListNodes(Context& context) {
  const auto projects = context.services.projects().List(*context.caller);
  if (!projects) return Refuse(context.request, projects.error());
  const auto nodes = context.services.nodes().List(*context.caller);
  if (!nodes) return Refuse(context.request, nodes.error());
  std::set<std::string> told;
  std::vector<std::string> texts;
  for (const storage::Project& project : *projects) {
    for (const coordination::Node& node : *nodes) {
      const bool serves =
          node.all_projects || std::ranges::find(node.projects, project.id) != node.projects.end();
      if (!serves || !told.insert(node.address).second) continue;
      texts.push_back(fmt::format(R"({{"project_id":{},"client_ip":{},"version":{}}})", project.id,
                                  Quoted(node.address), Quoted(VersionText(node))));
    }
  }
  return Answer(context.request,
                texts.empty() ? "null" : fmt::format("[{}]", fmt::join(texts, ",")));
}

Response Reload(Context& context) {
  const std::string address = context.arguments->RequiredText("client_ip");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const Status asked = context.services.nodes().ReloadAt(*context.grant, address);
  if (asked) return Done(context.request);
  if (asked.error().code == ErrorCode::kNotFound) {
    return Refuse(context.request, kNotPermitted, asked.error().message);
  }
  return Refuse(context.request, asked.error());
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v1/crontab/client_list", kView, ListOfProject},
    // It was to show how busy the nodes are, and never did.
    {"POST", "/api/v1/crontab/monitor", kMember, ListNodes},
    {"GET", "/api/v1/client/list", kMember, ListNodes},
    {"POST", "/api/v1/client/reload/config", kOperate, Reload},
});

}  // namespace

std::span<const Route> NodeRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http::v1
