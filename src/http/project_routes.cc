// Projects, and the nodes that serve them.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/routes.h"
#include "http/views.h"

namespace gophercron::http {
namespace {

Response ListProjects(Context& context) {
  auto projects = context.services.projects().List(*context.caller);
  if (!projects) return Problem(context, projects.error());
  json::array items;
  for (const storage::Project& project : *projects) items.push_back(ProjectJson(project));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response CreateProject(Context& context) {
  if (auto refused = RefuseIdempotencyKey(context)) return *std::move(refused);
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string title;
  std::string remark;
  BodyReader reader(*body);
  reader.Require("title");
  reader.Read("title", &title);
  reader.Read("remark", &remark);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto project =
      context.services.projects().Create(*context.caller, std::move(title), std::move(remark));
  if (!project) return Problem(context, project.error());
  Response response = JsonResponse(201, ProjectJson(*project));
  response.headers.emplace_back("Location", fmt::format("/api/v2/projects/{}", project->id));
  return response;
}

Response ShowProject(Context& context) {
  auto project = context.services.projects().Show(*context.grant);
  if (!project) return Problem(context, project.error());
  return JsonResponse(200, ProjectJson(*project));
}

Response UpdateProject(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string title;
  std::string remark;
  BodyReader reader(*body);
  const bool has_title = reader.Read("title", &title);
  const bool has_remark = reader.Read("remark", &remark);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto project = context.services.projects().Update(
      *context.grant, has_title ? std::optional(std::move(title)) : std::nullopt,
      has_remark ? std::optional(std::move(remark)) : std::nullopt);
  if (!project) return Problem(context, project.error());
  return JsonResponse(200, ProjectJson(*project));
}

Response DeleteProject(Context& context) {
  const Status gone = context.services.projects().Delete(*context.grant);
  return gone ? NoContent() : Problem(context, gone.error());
}

Response ListNodes(Context& context) {
  auto nodes = context.services.nodes().List(*context.caller);
  if (!nodes) return Problem(context, nodes.error());
  json::array items;
  for (const coordination::Node& node : *nodes) items.push_back(NodeJson(node));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response DrainNode(Context& context) {
  const Status done =
      context.services.nodes().Drain(*context.caller, context.path.at("node"), true);
  return done ? NoContent() : Problem(context, done.error());
}

Response ResumeNode(Context& context) {
  const Status done =
      context.services.nodes().Drain(*context.caller, context.path.at("node"), false);
  return done ? NoContent() : Problem(context, done.error());
}

Response ReloadNode(Context& context) {
  const Status done = context.services.nodes().Reload(context.path.at("node"));
  return done ? NoContent() : Problem(context, done.error());
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v2/projects", kMember, ListProjects},
    {"POST", "/api/v2/projects", kMember, CreateProject},
    {"GET", "/api/v2/projects/{project}", kView, ShowProject},
    {"PATCH", "/api/v2/projects/{project}", kOwn, UpdateProject},
    {"DELETE", "/api/v2/projects/{project}", kOwn, DeleteProject},
    {"GET", "/api/v2/nodes", kMember, ListNodes},
    {"POST", "/api/v2/nodes/{node}/drain", kAdministrator, DrainNode},
    {"POST", "/api/v2/nodes/{node}/resume", kAdministrator, ResumeNode},
    {"POST", "/api/v2/nodes/{node}/reload", kAdministrator, ReloadNode},
});

}  // namespace

std::span<const Route> ProjectRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
