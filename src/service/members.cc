#include "service/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gophercron::service {

using storage::Member;
using storage::Role;

namespace {

const Member* Find(const std::vector<Member>& members, storage::UserId user) {
  const auto found = std::ranges::find(members, user, &Member::user_id);
  return found == members.end() ? nullptr : &*found;
}

Status KeepAnOwner(const std::vector<Member>& members, storage::UserId without) {
  const Member* const one = Find(members, without);
  if (one == nullptr || one->role != Role::kOwner) return {};
  if (std::ranges::count(members, Role::kOwner, &Member::role) > 1) return {};
  return Fail(ErrorCode::kConflict,
              "this is the project's only owner; make somebody else its owner first");
}

}  // namespace

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

Status Members::Put(const Grant& grant, std::string_view account, std::optional<Role> role,
                    const Demand& demand) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  auto user = ports_.store.UserByAccount(account);
  if (!user) {
    if (user.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(user).error());
    return Fail(ErrorCode::kNotFound, fmt::format("there is no account \"{}\"", account));
  }
  bool already = false;
  const Status put =
      ports_.store.PutMember({.project_id = grant.project(),
                              .user_id = user->id,
                              .role = role.value_or(Role::kEditor),
                              .created_at = ports_.clock.Now()},
                             [&](const std::vector<Member>& now) -> Status {
                               if (demand) {
                                 if (const Status met = demand(now); !met) return met;
                               }
                               const Member* const present = Find(now, user->id);
                               already = present != nullptr && (!role || present->role == *role);
                               if (already)
                                 return Fail(ErrorCode::kConflict, "there is nothing to do");
                               return role == Role::kOwner ? Status() : KeepAnOwner(now, user->id);
                             });
  return already ? Status() : put;
}

Status Members::Remove(const Grant& grant, storage::UserId user, const Demand& demand) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  const Status gone = ports_.store.DeleteMember(grant.project(), user,
                                                [&](const std::vector<Member>& now) -> Status {
                                                  if (demand) {
                                                    if (const Status met = demand(now); !met)
                                                      return met;
                                                  }
                                                  return KeepAnOwner(now, user);
                                                });
  if (!gone && gone.error().code == ErrorCode::kNotFound) return {};
  return gone;
}

}  // namespace gophercron::service
