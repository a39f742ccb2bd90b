// Accounts, for administrators, and the members of projects.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/parameters.h"
#include "http/routes.h"
#include "service/password.h"

namespace gophercron::http {
namespace {

constexpr std::int64_t kUsersMax = 100'000;

json::object UserJson(const storage::User& user) {
  return {{"user_id", user.id},
          {"account", Utf8(user.account)},
          {"name", Utf8(user.name)},
          {"administrator", service::IsAdministrator(user)},
          {"must_change_password", user.must_change_password},
          {"created_at", FormatRfc3339(user.created_at)}};
}

Response List(json::array items) {
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response ListUsers(Context& context) {
  service::UserFilter filter;
  filter.name = context.request.Query("name").value_or("");
  filter.limit = kUsersMax;
  const auto users = context.services.users().List(*context.caller, filter);
  if (!users) return Problem(context, users.error());
  json::array items;
  for (const storage::User& user : users->items) items.push_back(UserJson(user));
  return List(std::move(items));
}

Response CreateUser(Context& context) {
  if (auto refused = RefuseIdempotencyKey(context)) return *std::move(refused);
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string account;
  std::string name;
  std::string password;
  BodyReader reader(*body);
  for (const char* member : {"account", "password"}) reader.Require(member);
  reader.Read("account", &account);
  reader.Read("name", &name);
  reader.Read("password", &password);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  if (name.empty()) name = account;
  const auto user = context.services.users().Create(*context.caller, std::move(account),
                                                    std::move(name), password);
  if (!user) return Problem(context, user.error());
  return JsonResponse(201, UserJson(*user));
}

Result<storage::User> UserOfPath(const Context& context) {
  service::UserFilter filter;
  filter.account = context.path.at("account");
  auto users = context.services.users().List(*context.caller, filter);
  if (!users) return std::unexpected(std::move(users).error());
  if (users->items.empty()) return Fail(ErrorCode::kNotFound, "there is no such account");
  return std::move(users->items.front());
}

constexpr std::size_t kTagDigits = 16;

// Of what an administrator edits.
std::string TagOf(const storage::User& user) {
  const std::string text = user.name + (service::IsAdministrator(user) ? "\nadministrator" : "\n");
  return fmt::format("\"{}\"", service::Sha256Hex(text).substr(0, kTagDigits));
}

Response UserResponse(const storage::User& user) {
  Response response = JsonResponse(200, UserJson(user));
  response.headers.emplace_back("ETag", TagOf(user));
  return response;
}

Response ShowUser(Context& context) {
  const auto user = UserOfPath(context);
  if (!user) return Problem(context, user.error());
  Response response = UserResponse(*user);
  if (context.request.Header("if-none-match") == TagOf(*user)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

Response UpdateUser(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string name;
  bool administrator = false;
  BodyReader reader(*body);
  service::UserChange change;
  if (reader.Read("name", &name)) change.name = name;
  if (reader.Read("administrator", &administrator)) change.administrator = administrator;
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  const auto before = UserOfPath(context);
  if (!before) return Problem(context, before.error());
  const std::string_view wanted = context.request.Header("if-match");
  bool changed = false;
  const auto demand = [&](const storage::User& now) -> Status {
    changed = !wanted.empty() && wanted != "*" && wanted != TagOf(now);
    if (!changed) return {};
    return Fail(ErrorCode::kConflict,
                "somebody has changed this account since you read it: read it again");
  };
  const auto user = context.services.users().Edit(*context.caller, before->id, change, demand);
  if (user) return UserResponse(*user);
  if (!changed) return Problem(context, user.error());
  return ProblemResponse(412, Name(user.error().code), user.error().message,
                         context.request.request_id);
}

Response DeleteUser(Context& context) {
  const auto user = UserOfPath(context);
  if (!user) return Problem(context, user.error());
  const Status gone = context.services.users().Delete(*context.caller, user->id);
  return gone ? NoContent() : Problem(context, gone.error());
}

std::string TagOf(const std::vector<storage::Member>& members) {
  std::string text;
  for (const storage::Member& member : members) {
    text += fmt::format("{} {}\n", member.user_id, storage::Name(member.role));
  }
  return fmt::format("\"{}\"", service::Sha256Hex(text).substr(0, kTagDigits));
}

// Makes `change` with the demand of If-Match, and the answer of what came of it.
template <class Change>
Response ChangeMembers(const Context& context, Change change) {
  const std::string_view wanted = context.request.Header("if-match");
  bool others = false;
  const Status done = change([&](const std::vector<storage::Member>& now) -> Status {
    others = !wanted.empty() && wanted != "*" && wanted != TagOf(now);
    if (!others) return {};
    return Fail(ErrorCode::kConflict,
                "somebody has changed the members since you read them: read them again");
  });
  if (done) return NoContent();
  if (!others) return Problem(context, done.error());
  return ProblemResponse(412, Name(done.error().code), done.error().message,
                         context.request.request_id);
}

Response ListMembers(Context& context) {
  // First, so that it is never newer than what it stands for.
  const auto rows = context.services.ports().store.ListMembers(context.grant->project());
  if (!rows) return Problem(context, rows.error());
  const auto members = context.services.members().List(*context.grant);
  if (!members) return Problem(context, members.error());
  json::array items;
  for (const service::MemberView& member : *members) {
    items.push_back(json::object{{"user_id", member.user.id},
                                 {"account", Utf8(member.user.account)},
                                 {"name", Utf8(member.user.name)},
                                 {"role", storage::Name(member.role)}});
  }
  Response response = List(std::move(items));
  response.headers.emplace_back("ETag", TagOf(*rows));
  return response;
}

Response PutMember(Context& context) {
  auto body = Body(context, true);
  if (!body) return std::move(body).error();
  std::string name;
  BodyReader reader(*body);
  const bool given = reader.Read("role", &name);
  const auto role = storage::ParseRole(name);
  if (given && !role) reader.Refuse("role", "it must be viewer, operator, editor or owner");
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  return ChangeMembers(context, [&](const service::Members::Demand& demand) {
    return context.services.members().Put(*context.grant, context.path.at("account"), role, demand);
  });
}

Response DeleteMember(Context& context) {
  const auto members = context.services.members().List(*context.grant);
  if (!members) return Problem(context, members.error());
  const auto member =
      std::ranges::find(*members, context.path.at("account"),
                        [](const service::MemberView& view) { return view.user.account; });
  if (member == members->end()) {
    return Problem(context, {.code = ErrorCode::kNotFound, .message = "there is no such member"});
  }
  return ChangeMembers(context, [&](const service::Members::Demand& demand) {
    return context.services.members().Remove(*context.grant, member->user.id, demand);
  });
}

constexpr bool kSlow = true;
using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v2/users", kAdministrator, ListUsers},
    {"POST", "/api/v2/users", kAdministrator, CreateUser, kSlow},
    {"GET", "/api/v2/users/{account}", kAdministrator, ShowUser},
    {"PATCH", "/api/v2/users/{account}", kAdministrator, UpdateUser},
    {"DELETE", "/api/v2/users/{account}", kAdministrator, DeleteUser},
    {"GET", "/api/v2/projects/{project}/members", kView, ListMembers},
    {"PUT", "/api/v2/projects/{project}/members/{account}", kOwn, PutMember},
    {"DELETE", "/api/v2/projects/{project}/members/{account}", kOwn, DeleteMember},
});

}  // namespace

std::span<const Route> MemberRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
