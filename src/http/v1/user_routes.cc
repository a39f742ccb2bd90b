// Version, signing in, passwords, accounts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http/v1/envelope.h"
#include "http/v1/routes.h"
#include "http/v1/views.h"

namespace gophercron::http::v1 {
namespace {

constexpr std::int64_t kPageSizeMax = 1'000;

Response Version(Context& context) {
  return Answer(context.request, "\"v" GOPHERCRON_VERSION "\"");
}

std::string CallerText(const service::Caller& caller, std::string_view more) {
  return fmt::format(R"({{"id":{},"name":{},"permission":{}{}}})", caller.user_id,
                     Quoted(caller.name), Quoted(caller.permission), more);
}

Response Login(Context& context) {
  const Arguments& in = *context.arguments;
  const std::string account = in.RequiredText("account");
  const std::string password = in.RequiredText("password");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  auto session =
      context.services.accounts().Login(account, password, context.request.remote_address);
  if (session) {
    return Answer(
        context.request,
        CallerText(session->caller, fmt::format(",\"token\":{}", Quoted(session->token))));
  }
  const service::LoginRefused& refused = session.error();
  // An unknown account is the same answer: v1 told strangers which ones there are.
  if (refused.error.code == ErrorCode::kUnauthenticated) {
    return Refuse(context.request, kWrongPassword);
  }
  Response response = Refuse(context.request, refused.error);
  if (refused.retry_after) {
    response.headers.emplace_back("Retry-After", std::to_string(refused.retry_after->count()));
  }
  return response;
}

Response Info(Context& context) {
  return Answer(context.request, CallerText(*context.caller, ""));
}

Response ChangePassword(Context& context) {
  const Arguments& in = *context.arguments;
  const std::string password = in.RequiredText("password");
  const std::string new_password = in.RequiredText("new_password");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  auto session =
      context.services.accounts().ChangePassword(*context.caller, password, new_password);
  if (!session) {
    const Error& error = session.error();
    const bool wrong = error.code == ErrorCode::kInvalidArgument && !error.fields.empty() &&
                       error.fields.front().field == "password";
    return wrong ? Refuse(context.request, kWrongPassword) : Refuse(context.request, error);
  }
  // All sessions ended with the old password, this one too; v1's front end signs in again.
  return Answer(context.request, fmt::format(R"({{"token":{}}})", Quoted(session->token)));
}

Response CreateUser(Context& context) {
  const Arguments& in = *context.arguments;
  std::string name = in.RequiredText("name");
  std::string account = in.RequiredText("account");
  const std::string password = in.RequiredText("password");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  const auto user = context.services.users().Create(*context.caller, std::move(account),
                                                    std::move(name), password);
  if (user) return Answer(context.request, fmt::format(R"({{"id":{}}})", user->id));
  if (user.error().code == ErrorCode::kConflict) return Refuse(context.request, kAccountTaken);
  return Refuse(context.request, user.error());
}

Response DeleteUser(Context& context) {
  const std::int64_t id = context.arguments->RequiredInt("id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const Status gone = context.services.users().Delete(*context.caller, id);
  if (gone || gone.error().code == ErrorCode::kNotFound) return Done(context.request);
  if (gone.error().code == ErrorCode::kConflict) {
    return Refuse(context.request, kNotPermitted, gone.error().message);
  }
  return Refuse(context.request, gone.error());
}

Response ListUsers(Context& context) {
  const Arguments& in = *context.arguments;
  const std::int64_t page = in.RequiredInt("page");
  const std::int64_t page_size = in.RequiredInt("pagesize");
  service::UserFilter filter;
  filter.id = in.Int("id");
  filter.name = in.Text("name");
  filter.account = in.Text("account");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  // A negative size meant everything.
  filter.limit =
      static_cast<std::size_t>(page_size < 0 ? kPageSizeMax : std::min(page_size, kPageSizeMax));
  filter.offset =
      static_cast<std::size_t>(std::clamp<std::int64_t>(page - 1, 0, 1'000'000)) * filter.limit;
  const auto users = context.services.users().List(*context.caller, filter);
  if (!users) return Refuse(context.request, users.error());
  std::vector<std::string> texts;
  for (const storage::User& user : users->items) texts.push_back(TextOf(user));
  return Answer(context.request,
                fmt::format(R"({{"list":[{}],"total":{}}})", fmt::join(texts, ","), users->total));
}

constexpr bool kSlow = true;
using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v1/version", kPublic, Version, false, 0, true},
    {"POST", "/api/v1/user/login", kPublic, Login, kSlow},
    {"GET", "/api/v1/user/info", kSignedIn, Info},
    {"POST", "/api/v1/user/change_password", kSignedIn, ChangePassword, kSlow},
    {"POST", "/api/v1/user/create", kAdministrator, CreateUser, kSlow},
    {"POST", "/api/v1/user/delete", kAdministrator, DeleteUser},
    {"GET", "/api/v1/user/list", kAdministrator, ListUsers},
});

}  // namespace

std::span<const Route> UserRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http::v1
