// Signing in and out, passwords and API tokens.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/parameters.h"
#include "http/routes.h"
#include "http/views.h"

namespace gophercron::http {
namespace {

constexpr std::size_t kTokenProjectsMax = 100;

Response LoginProblem(const Context& context, const service::LoginRefused& refused) {
  if (!refused.retry_after) return Problem(context, refused.error);
  Response response = ProblemResponse(429, Name(refused.error.code), refused.error.message,
                                      context.request.request_id);
  response.headers.emplace_back("Retry-After", std::to_string(refused.retry_after->count()));
  return response;
}

std::string CookieHeader(const Request& request, std::string_view token, std::string_view rest) {
  // Behind a proxy that ends TLS the browser may be told to keep it there.
  const bool secure = request.Header("x-forwarded-proto") == "https";
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kSessionCookie, token,
                     secure ? "; Secure" : "", rest);
}

Response SessionResponse(const Context& context, const service::Session& session, bool cookie) {
  json::object body{{"expires_at", FormatRfc3339(session.expires_at)},
                    {"user", CallerJson(session.caller)}};
  // A page never sees the token: what it can not read can not be stolen from it.
  if (!cookie) body["token"] = session.token;
  Response response = JsonResponse(200, body);
  if (cookie) {
    response.headers.emplace_back("Set-Cookie", CookieHeader(context.request, session.token, ""));
  }
  return response;
}

Response Login(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string account;
  std::string password;
  bool cookie = false;
  BodyReader reader(*body);
  reader.Require("account");
  reader.Require("password");
  reader.Read("account", &account);
  reader.Read("password", &password);
  reader.Read("cookie", &cookie);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session =
      context.services.accounts().Login(account, password, context.request.remote_address);
  if (!session) return LoginProblem(context, session.error());
  return SessionResponse(context, *session, cookie);
}

Response Redeem(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string code;
  bool cookie = false;
  BodyReader reader(*body);
  reader.Require("code");
  reader.Read("code", &code);
  reader.Read("cookie", &cookie);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session = context.services.accounts().Redeem(code, context.request.remote_address);
  if (!session) return LoginProblem(context, session.error());
  return SessionResponse(context, *session, cookie);
}

Response WhoAmI(Context& context) {
  return JsonResponse(200, CallerJson(*context.caller));
}

Response Logout(Context& context) {
  const auto all = FlagParameter(context.request, "all");
  if (!all) return Problem(context, all.error());
  service::Accounts& accounts = context.services.accounts();
  const Status out =
      *all ? accounts.LogoutEverywhere(*context.caller) : accounts.Logout(*context.caller);
  if (!out) return Problem(context, out.error());
  Response response = NoContent();
  response.headers.emplace_back("Set-Cookie", CookieHeader(context.request, "", "; Max-Age=0"));
  return response;
}

Response ChangePassword(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string password;
  std::string new_password;
  BodyReader reader(*body);
  reader.Read("password", &password);
  reader.Require("new_password");
  reader.Read("new_password", &new_password);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session =
      context.services.accounts().ChangePassword(*context.caller, password, new_password);
  if (!session) return Problem(context, session.error());
  return SessionResponse(context, *session, context.by_cookie);
}

Response ListTokens(Context& context) {
  auto tokens = context.services.accounts().ListApiTokens(*context.caller);
  if (!tokens) return Problem(context, tokens.error());
  json::array items;
  for (const storage::ApiToken& token : *tokens) items.push_back(ApiTokenJson(token));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response CreateToken(Context& context) {
  if (auto refused = RefuseIdempotencyKey(context)) return *std::move(refused);
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string name;
  seconds ttl(0);
  BodyReader reader(*body);
  reader.Require("name");
  reader.Read("name", &name);
  const bool limited = reader.Read("expires_in_s", &ttl) && ttl != seconds(0);
  std::string role;
  std::vector<std::int64_t> projects;
  storage::TokenScope scope;
  const bool has_role = reader.Read("role", &role) && !role.empty();
  if (has_role) {
    const auto parsed = storage::ParseRole(role);
    if (!parsed) reader.Refuse("role", "it must be viewer, operator, editor or owner");
    scope.role = parsed.value_or(storage::Role::kViewer);
  }
  const bool has_projects = reader.Read("projects", &projects) && !projects.empty();
  const json::value* const list = body->if_contains("projects");
  if (list != nullptr && list->is_array() && list->get_array().empty()) {
    // Whoever takes the last project out of a list does not mean all of them.
    reader.Refuse("projects", "it names none: leave it out to mean all");
  }
  if (projects.size() > kTokenProjectsMax) {
    reader.Refuse("projects", fmt::format("it may name at most {} projects", kTokenProjectsMax));
  }
  if (has_projects) scope.projects = std::move(projects);
  if (name.size() > 100) reader.Refuse("name", "it may have at most 100 bytes");
  if (ttl < seconds(0) || ttl > std::chrono::hours(24 * 3660)) {
    reader.Refuse("expires_in_s", "it must be a number of seconds up to ten years");
  }
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto made = context.services.accounts().CreateApiToken(
      *context.caller, name, limited ? std::optional(ttl) : std::nullopt,
      has_role || has_projects ? std::optional(std::move(scope)) : std::nullopt);
  if (!made) return Problem(context, made.error());
  json::object out = ApiTokenJson(made->token);
  out["token"] = made->secret;
  return JsonResponse(201, out);
}

Response DeleteToken(Context& context) {
  const Status gone =
      context.services.accounts().DeleteApiToken(*context.caller, context.path.at("token"));
  return gone ? NoContent() : Problem(context, gone.error());
}

Response ResetPassword(Context& context) {
  auto body = Body(context, true);
  if (!body) return std::move(body).error();
  std::string password;
  BodyReader reader(*body);
  const bool given = reader.Read("new_password", &password) && !password.empty();
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto code = context.services.accounts().ResetPassword(
      context.path.at("account"), given ? std::optional<std::string_view>(password) : std::nullopt);
  if (!code) return Problem(context, code.error());
  return JsonResponse(200,
                      json::object{{"code", *code ? json::value(**code) : json::value(nullptr)}});
}

constexpr bool kSlow = true;
using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "/api/v2/session", kPublic, Login, kSlow},
    {"POST", "/api/v2/session/redeem", kPublic, Redeem, kSlow},
    {"GET", "/api/v2/session", kSignedIn, WhoAmI},
    {"DELETE", "/api/v2/session", kSignedIn, Logout},
    {"PUT", "/api/v2/session/password", kSignedIn, ChangePassword, kSlow},
    {"GET", "/api/v2/session/tokens", kMember, ListTokens},
    {"POST", "/api/v2/session/tokens", kInPerson, CreateToken},
    {"DELETE", "/api/v2/session/tokens/{token}", kInPerson, DeleteToken},
    {"POST", "/api/v2/users/{account}/reset-password", kAdministratorInPerson, ResetPassword,
     kSlow},
});

}  // namespace

std::span<const Route> SessionRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
