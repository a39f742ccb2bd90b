#include "service/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gophercron::service {
namespace {

constexpr std::string_view kRightNames[] = {"see it", "run, kill and pause tasks", "edit tasks",
                                            "change the project"};

bool Covers(const storage::TokenScope& scope, task::ProjectId project) {
  return !scope.projects || std::ranges::binary_search(*scope.projects, project);
}

}  // namespace

Status RequireInPerson(const Caller& caller) {
  if (caller.in_person) return {};
  return Fail(ErrorCode::kPermissionDenied,
              "an API token may not make or take ways to sign in: sign in with the account's "
              "password (`gophercron login`)");
}

Status Grant::Require(Right right) const {
  // Viewer, operator, editor, owner: in the same order as the rights.
  if (static_cast<int>(role_) >= static_cast<int>(right)) return {};
  if (caller_.scope && static_cast<int>(caller_.scope->role) < static_cast<int>(right)) {
    return Fail(ErrorCode::kPermissionDenied,
                fmt::format("this API token does not let you {}: it was made for the role {}",
                            kRightNames[static_cast<std::size_t>(right)],
                            storage::Name(caller_.scope->role)));
  }
  return Fail(
      ErrorCode::kPermissionDenied,
      fmt::format("your role in this project does not let you {}; ask its owner for a higher one",
                  kRightNames[static_cast<std::size_t>(right)]));
}

Error Access::NoSuchProject() {
  return {.code = ErrorCode::kNotFound,
          .message = "there is no such project, or you are not a member of it"};
}

Result<Grant> Access::Enter(const Caller& caller, task::ProjectId project) const {
  storage::Role at_most = storage::Role::kOwner;
  if (caller.scope) {
    if (!Covers(*caller.scope, project)) return std::unexpected(NoSuchProject());
    at_most = caller.scope->role;
  }
  if (caller.in_every_project) {
    auto found = ports_.store.ProjectById(project);
    if (found) return Grant(caller, project, at_most);
    if (found.error().code != ErrorCode::kNotFound) {
      return std::unexpected(std::move(found).error());
    }
    return std::unexpected(NoSuchProject());
  }
  auto memberships = ports_.store.MembershipsOf(caller.user_id);
  if (!memberships) return std::unexpected(std::move(memberships).error());
  const auto member = std::ranges::find(*memberships, project, &storage::Member::project_id);
  if (member == memberships->end()) return std::unexpected(NoSuchProject());
  return Grant(caller, project, std::min(member->role, at_most));
}

Result<std::optional<std::vector<task::ProjectId>>> Access::Visible(const Caller& caller) const {
  if (caller.in_every_project) return caller.scope ? caller.scope->projects : std::nullopt;
  auto memberships = ports_.store.MembershipsOf(caller.user_id);
  if (!memberships) return std::unexpected(std::move(memberships).error());
  std::vector<task::ProjectId> projects;
  for (const storage::Member& member : *memberships) {
    if (!caller.scope || Covers(*caller.scope, member.project_id)) {
      projects.push_back(member.project_id);
    }
  }
  std::ranges::sort(projects);
  return std::optional(std::move(projects));
}

}  // namespace gophercron::service
