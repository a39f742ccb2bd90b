// Projects and their members.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/v1/envelope.h"
#include "http/v1/routes.h"
#include "http/v1/views.h"

namespace gophercron::http::v1 {
namespace {

Response ListProjects(Context& context) {
  const auto projects = context.services.projects().List(*context.caller);
  if (!projects) return Refuse(context.request, projects.error());
  std::vector<task::ProjectId> ids;
  for (const storage::Project& project : *projects) ids.push_back(project.id);
  const auto counts = context.services.tasks().Count(ids);
  if (!counts) return Refuse(context.request, counts.error());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const storage::Project& project = (*projects)[i];
    texts.push_back(fmt::format(
        R"({{"project_id":{},"uid":{},"title":{},"remark":{},"task_count":{}}})", project.id,
        project.owner_id, Quoted(project.title), Quoted(project.remark), (*counts)[i]));
  }
  return Answer(context.request, fmt::format(R"({{"list":[{}]}})", fmt::join(texts, ",")));
}

Response Saved(const Context& context, const Result<storage::Project>& project) {
  if (project) {
    return Answer(context.request, fmt::format(R"({{"project_id":{}}})", project->id));
  }
  if (project.error().code == ErrorCode::kConflict) return Refuse(context.request, kTitleTaken);
  return Refuse(context.request, project.error());
}

Response CreateProject(Context& context) {
  const Arguments& in = *context.arguments;
  std::string title = in.RequiredText("title");
  std::string remark = in.Text("remark");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  return Saved(context, context.services.projects().Create(*context.caller, std::move(title),
                                                           std::move(remark)));
}

Response UpdateProject(Context& context) {
  const Arguments& in = *context.arguments;
  std::string title = in.RequiredText("title");
  std::string remark = in.Text("remark");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  return Saved(context, context.services.projects().Update(*context.grant, std::move(title),
                                                           std::move(remark)));
}

Response DeleteProject(Context& context) {
  const Status gone =
      context.services.projects().DeleteWithTasks(*context.grant, context.services.tasks());
  return gone ? Done(context.request) : Refuse(context.request, gone.error());
}

Response ListMembers(Context& context) {
  const auto members = context.services.members().List(*context.grant);
  if (!members) return Refuse(context.request, members.error());
  // One that an administrator sees and nobody belongs to.
  if (members->empty()) return Refuse(context.request, kNoSuchProject);
  std::vector<std::string> texts;
  for (const service::MemberView& member : *members) texts.push_back(TextOf(member.user));
  return Answer(context.request, fmt::format(R"({{"list":[{}]}})", fmt::join(texts, ",")));
}

Response AddMember(Context& context) {
  const std::string account = context.arguments->RequiredText("user_account");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const Status put = context.services.members().Put(*context.grant, account, std::nullopt);
  if (put) return Done(context.request);
  if (put.error().code == ErrorCode::kNotFound) return Refuse(context.request, kNoSuchUser);
  return Refuse(context.request, put.error());
}

Response RemoveMember(Context& context) {
  const storage::UserId user = context.arguments->RequiredInt("user_id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  if (user == context.caller->user_id) return Refuse(context.request, kOwnerStays);
  const Status gone = context.services.members().Remove(*context.grant, user);
  if (gone) return Done(context.request);
  if (gone.error().code == ErrorCode::kConflict) {
    return Refuse(context.request, kOwnerStays, gone.error().message);
  }
  return Refuse(context.request, gone.error());
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v1/project/list", kMember, ListProjects},
    {"POST", "/api/v1/project/create", kMember, CreateProject},
    {"POST", "/api/v1/project/update", kOwn, UpdateProject},
    {"POST", "/api/v1/project/delete", kOwn, DeleteProject},
    {"GET", "/api/v1/project/users", kView, ListMembers},
    {"POST", "/api/v1/project/add_user", kOwn, AddMember},
    {"POST", "/api/v1/project/remove_user", kOwn, RemoveMember},
});

}  // namespace

std::span<const Route> ProjectRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http::v1
