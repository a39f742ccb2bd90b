#include "service/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gophercron::service {
namespace {

constexpr std::string_view kRightNames[] = {"see it", "run, kill and pause tasks", "edit tasks",
                                            "change the project"};

}  // namespace

Status Grant::Require(Right right) const {
  // Viewer, operator, editor, owner: in the same order as the rights.
  if (caller_.administrator || static_cast<int>(role_) >= static_cast<int>(right)) return {};
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
  if (caller.administrator) {
    auto found = ports_.store.ProjectById(project);
    if (found) return Grant(caller, project, storage::Role::kOwner);
    if (found.error().code != ErrorCode::kNotFound) {
      return std::unexpected(std::move(found).error());
    }
    return std::unexpected(NoSuchProject());
  }
  auto memberships = ports_.store.MembershipsOf(caller.user_id);
  if (!memberships) return std::unexpected(std::move(memberships).error());
  const auto member = std::ranges::find(*memberships, project, &storage::Member::project_id);
  if (member == memberships->end()) return std::unexpected(NoSuchProject());
  return Grant(caller, project, member->role);
}

Result<std::optional<std::vector<task::ProjectId>>> Access::Visible(const Caller& caller) const {
  if (caller.administrator) return std::optional<std::vector<task::ProjectId>>();
  auto memberships = ports_.store.MembershipsOf(caller.user_id);
  if (!memberships) return std::unexpected(std::move(memberships).error());
  std::vector<task::ProjectId> projects;
  for (const storage::Member& member : *memberships) projects.push_back(member.project_id);
  std::ranges::sort(projects);
  return std::optional(std::move(projects));
}

}  // namespace gophercron::service
