// Projects, and the nodes that serve them.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/routes.h"
#include "http/views.h"
#include "service/password.h"

namespace gophercron::http {
namespace {

// Of what an owner edits; the rest never changes.
std::string TagOf(const storage::Project& project) {
  constexpr std::size_t kDigits = 16;
  // A title has no line's end.
  return fmt::format("\"{}\"",
                     service::Sha256Hex(project.title + "\n" + project.remark).substr(0, kDigits));
}

Response ProjectResponse(int status, const storage::Project& project) {
  Response response = JsonResponse(status, ProjectJson(project));
  response.headers.emplace_back("ETag", TagOf(project));
  return response;
}

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
  Response response = ProjectResponse(201, *project);
  response.headers.emplace_back("Location", fmt::format("/api/v2/projects/{}", project->id));
  return response;
}

Response ShowProject(Context& context) {
  auto project = context.services.projects().Show(*context.grant);
  if (!project) return Problem(context, project.error());
  Response response = ProjectResponse(200, *project);
  if (context.request.Header("if-none-match") == TagOf(*project)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
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
  const std::string_view wanted = context.request.Header("if-match");
  bool changed = false;
  const auto demand = [&](const storage::Project& now) -> Status {
    changed = !wanted.empty() && wanted != "*" && wanted != TagOf(now);
    if (!changed) return {};
    return Fail(ErrorCode::kConflict,
                "somebody has changed this project since you read it: read it again");
  };
  const auto project = context.services.projects().Update(
      *context.grant, has_title ? std::optional(std::move(title)) : std::nullopt,
      has_remark ? std::optional(std::move(remark)) : std::nullopt, demand);
  if (project) return ProjectResponse(200, *project);
  if (!changed) return Problem(context, project.error());
  return ProblemResponse(412, Name(project.error().code), project.error().message,
                         context.request.request_id);
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
