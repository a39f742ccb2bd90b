#include "service/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gophercron::service {

using storage::Role;

Result<std::vector<MemberView>> Members::List(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  auto members = ports_.store.ListMembers(grant.project());
  if (!members) return std::unexpected(std::move(members).error());
  auto users = ports_.store.ListUsers();
  if (!users) return std::unexpected(std::move(users).error());
  std::map<storage::UserId, Role> roles;
  for (const storage::Member& member : *members) roles[member.user_id] = member.role;
  std::vector<MemberView> views;
  for (storage::User& user : *users) {
    const auto role = roles.find(user.id);
    if (role == roles.end()) continue;
    user.password_hash.clear();
    user.salt.clear();
    views.push_back({.user = std::move(user), .role = role->second});
  }
  std::ranges::sort(views, {}, [](const MemberView& view) { return view.user.id; });
  return views;
}

Status Members::KeepAnOwner(const Grant& grant, storage::UserId without) const {
  auto members = ports_.store.ListMembers(grant.project());
  if (!members) return std::unexpected(std::move(members).error());
  const auto is_owner = [](const storage::Member& member) { return member.role == Role::kOwner; };
  const auto one = std::ranges::find(*members, without, &storage::Member::user_id);
  if (one == members->end() || !is_owner(*one)) return {};
  if (std::ranges::count_if(*members, is_owner) > 1) return {};
  return Fail(ErrorCode::kConflict,
              "this is the project's only owner; make somebody else its owner first");
}

Status Members::Put(const Grant& grant, std::string_view account, std::optional<Role> role) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  auto user = ports_.store.UserByAccount(account);
  if (!user) {
    if (user.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(user).error());
    return Fail(ErrorCode::kNotFound, fmt::format("there is no account \"{}\"", account));
  }
  auto members = ports_.store.ListMembers(grant.project());
  if (!members) return std::unexpected(std::move(members).error());
  const auto present = std::ranges::find(*members, user->id, &storage::Member::user_id);
  if (present != members->end()) {
    if (!role || present->role == *role) return {};
    if (*role != Role::kOwner) {
      if (const Status kept = KeepAnOwner(grant, user->id); !kept) return kept;
    }
  }
  return ports_.store.PutMember({.project_id = grant.project(),
                                 .user_id = user->id,
                                 .role = role.value_or(Role::kEditor),
                                 .created_at = ports_.clock.Now()});
}

Status Members::Remove(const Grant& grant, storage::UserId user) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  if (const Status kept = KeepAnOwner(grant, user); !kept) return kept;
  const Status gone = ports_.store.DeleteMember(grant.project(), user);
  if (!gone && gone.error().code == ErrorCode::kNotFound) return {};
  return gone;
}

}  // namespace gophercron::service
