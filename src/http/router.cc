#include "http/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "http/refusal.h"
#include "http/v1/envelope.h"
#include "link/seal.h"

namespace gophercron::http {
namespace {

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty() && path.front() == '/') {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

bool IsParameter(std::string_view segment) {
  return segment.starts_with('{');
}

// "{file...}" at a pattern's end: one segment or more.
bool IsRest(std::string_view segment) {
  return segment.ends_with("...}");
}

bool Fits(std::span<const std::string_view> pattern, std::span<const std::string_view> path) {
  const bool rest = !pattern.empty() && IsRest(pattern.back());
  if (rest ? path.size() < pattern.size() : pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!IsParameter(pattern[i]) && pattern[i] != path[i]) return false;
  }
  return true;
}

std::optional<task::ProjectId> ParseProject(std::string_view text) {
  task::ProjectId id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure != std::errc() || end != text.data() + text.size() || id < 1) return std::nullopt;
  return id;
}

std::string_view Cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = header.find(';');
    std::string_view part = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
  }
  return {};
}

// "localhost:6306" → "localhost", "[::1]:80" → "[::1]".
std::string_view HostName(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsAddress(std::string_view name) {
  return name.starts_with('[') || name.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<service::Right> RightOf(Permission permission) {
  switch (permission) {
    case Permission::kView:
      return service::Right::kView;
    case Permission::kOperate:
      return service::Right::kOperate;
    case Permission::kEdit:
      return service::Right::kEdit;
    case Permission::kOwn:
      return service::Right::kOwn;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view Name(Permission permission) {
  switch (permission) {
    case Permission::kUnset:
      return "unset";
    case Permission::kPublic:
      return "public";
    case Permission::kSignedIn:
      return "signed_in";
    case Permission::kMember:
      return "member";
    case Permission::kInPerson:
      return "in_person";
    case Permission::kView:
      return "view";
    case Permission::kOperate:
      return "operate";
    case Permission::kEdit:
      return "edit";
    case Permission::kOwn:
      return "own";
    case Permission::kAdministrator:
      return "administrator";
    case Permission::kAdministratorInPerson:
      return "administrator_in_person";
    case Permission::kCluster:
      return "cluster";
  }
  return "unset";
}

Router::Router(std::span<const Route> routes, service::Services& services, RouterOptions options)
    : routes_(routes),
      services_(services),
      options_(std::move(options)),
      view_(StaticFolder::Open(options_.view_path)) {
  for (const Route& route : routes_) {
    CHECK(route.permission != Permission::kUnset);
    CHECK(route.handler != nullptr);
    // Nobody else proves by a header alone that a large body is welcome.
    CHECK(route.body_bytes_max == 0 || route.permission == Permission::kCluster);
    CHECK(!route.quick || route.permission == Permission::kPublic);
    if (route.pattern.find('{') == std::string_view::npos) exact_[route.pattern].push_back(&route);
  }
}

Router::Match Router::Find(const Request& request) const {
  Match match;
  // A HEAD is a GET whose body is not sent.
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  if (const auto exact = exact_.find(request.path); exact != exact_.end()) {
    const auto route = std::ranges::find(exact->second, method, &Route::method);
    if (route != exact->second.end()) {
      match.route = *route;
      return match;
    }
  }
  const std::vector<std::string_view> path = Split(request.path);
  std::set<std::string_view> methods;
  for (const Route& route : routes_) {
    const std::vector<std::string_view> pattern = Split(route.pattern);
    if (!Fits(pattern, path)) continue;
    methods.insert(route.method);
    if (route.method != method) continue;
    match.route = &route;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (!IsParameter(pattern[i])) continue;
      if (IsRest(pattern[i])) {
        match.path[std::string(pattern[i].substr(1, pattern[i].size() - 5))] =
            std::string(path[i].data(), request.path.data() + request.path.size());
        continue;
      }
      auto value = PercentDecoded(path[i], false);
      if (!value) {
        match.route = nullptr;
        match.refusal = 400;
        return match;
      }
      match.path[std::string(pattern[i].substr(1, pattern[i].size() - 2))] = *std::move(value);
    }
    return match;
  }
  if (!methods.empty()) {
    match.refusal = 405;
    match.allow = fmt::format("{}", fmt::join(methods, ", "));
  }
  return match;
}

std::optional<Response> Router::RefuseForgery(const Request& request) const {
  const auto refuse = [&](std::string_view why) {
    return ProblemResponse(403, "permission_denied", why, request.request_id);
  };
  const std::string_view host = request.Header("host");
  const std::string_view name = HostName(host);
  const bool known =
      IsAddress(name) || name == "localhost" ||
      std::ranges::find(options_.allowed_hosts, name) != options_.allowed_hosts.end() ||
      (options_.allowed_hosts.empty() && !options_.loopback);
  if (!known) return refuse("this service is not known under that host name");
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  const std::string_view origin = request.Header("origin");
  if (!origin.empty() && origin != fmt::format("http://{}", host) &&
      origin != fmt::format("https://{}", host)) {
    return refuse("changes are taken only from this service's own pages");
  }
  if (request.Header(kForgeryHeader).empty()) {
    return refuse("a browser session must send the header X-Gophercron with every change");
  }
  return std::nullopt;
}

std::size_t Router::BodyBytesMax(const Request& head, const Match& match, std::size_t usual) const {
  if (match.route == nullptr || match.route->body_bytes_max <= usual) return usual;
  const service::Intake* const intake = services_.intake();
  const bool known = intake != nullptr &&
                     intake->CheckHead(head.Header(link::kSealHeader), head.method, head.path);
  return known ? match.route->body_bytes_max : usual;
}

// The answer is the same for a stranger and where there is no cluster.
std::optional<Response> Router::AuthoriseCluster(const Request& request) const {
  service::Intake* const intake = services_.intake();
  const Status known =
      intake == nullptr
          ? Fail(ErrorCode::kUnauthenticated, "this service takes nothing from other processes")
          : intake->Check(request.Header(link::kSealHeader), request.method, request.path,
                          request.body);
  if (known) return std::nullopt;
  return ProblemResponse(known.error(), request.request_id);
}

std::optional<Response> Router::Identify(const Route& route, Context* context) const {
  const Request& request = context->request;
  const bool v1 = context->arguments.has_value();
  if (context->by_cookie) {
    if (auto refused = RefuseForgery(request)) return refused;
  }
  auto caller = services_.accounts().Authenticate(context->token);
  if (!caller) return Refusal(request, caller.error());
  context->caller = *std::move(caller);
  if (context->caller->must_change_password && route.permission != Permission::kSignedIn) {
    return Refusal(request, {.code = ErrorCode::kPermissionDenied,
                             .message = fmt::format("first set a password of your own: {}",
                                                    v1 ? "POST /api/v1/user/change_password"
                                                       : "PUT /api/v2/session/password")});
  }
  const bool administrators = route.permission == Permission::kAdministrator ||
                              route.permission == Permission::kAdministratorInPerson;
  if (administrators && !context->caller->administrator) {
    return Refusal(request, {.code = ErrorCode::kPermissionDenied,
                             .message = context->caller->scope
                                            ? "this API token is good for a role in projects, not "
                                              "for what administrators do"
                                            : "only an administrator may do this"});
  }
  if (route.permission == Permission::kInPerson ||
      route.permission == Permission::kAdministratorInPerson) {
    if (const Status may = service::RequireInPerson(*context->caller); !may) {
      return Refusal(request, may.error());
    }
  }
  return std::nullopt;
}

std::optional<Response> Router::Enter(const Route& route, Context* context) const {
  const Request& request = context->request;
  const auto right = RightOf(route.permission);
  std::optional<task::ProjectId> id;
  if (context->arguments) {
    if (!right) return std::nullopt;
    id = context->arguments->RequiredInt("project_id");
    if (const Status fine = context->arguments->Check(); !fine) {
      return Refusal(request, fine.error());
    }
  } else {
    const auto project = context->path.find("project");
    if (project == context->path.end()) return std::nullopt;
    // A path with a project and a permission that is not about projects would be a hole.
    CHECK(right.has_value());
    id = ParseProject(project->second);
  }
  auto grant = id ? services_.access().Enter(*context->caller, *id)
                  : std::unexpected(service::Access::NoSuchProject());
  if (!grant) {
    const bool absent = grant.error().code == ErrorCode::kNotFound;
    if (absent && context->arguments) return v1::Refuse(request, v1::kNoSuchProject);
    return Refusal(request, grant.error());
  }
  if (const Status may = grant->Require(*right); !may) return Refusal(request, may.error());
  context->grant = *std::move(grant);
  return std::nullopt;
}

std::optional<Response> Router::Authorise(const Route& route, Context* context) const {
  const Request& request = context->request;
  const bool v1 = v1::IsV1(route.pattern);
  const std::string_view authorization = request.Header("authorization");
  if (v1) {
    // No cookie here: v1's front end keeps its token where a foreign page can not make use of it.
    context->token = request.Header("access-token");
  } else if (authorization.starts_with("Bearer ")) {
    context->token = authorization.substr(7);
  } else {
    context->token = Cookie(request.Header("cookie"), kSessionCookie);
    context->by_cookie = !context->token.empty();
  }
  if (route.permission == Permission::kCluster) return AuthoriseCluster(request);
  if (v1) context->arguments.emplace();
  if (route.permission != Permission::kPublic) {
    if (auto refused = Identify(route, context)) return refused;
  }
  if (v1) {
    auto arguments = v1::Arguments::Read(request);
    if (!arguments) return Refusal(request, arguments.error());
    context->arguments = *std::move(arguments);
  }
  if (route.permission == Permission::kPublic) return std::nullopt;
  return Enter(route, context);
}

Response Router::RefuseUnmatched(const Request& request, const Match& match) const {
  const bool v1 = v1::IsV1(request.path);
  if (v1 && request.method == "OPTIONS") return v1::Preflight();
  if (v1 && request.path.ends_with('/')) {
    Request other;
    other.method = request.method;
    other.path = request.path.substr(0, request.path.size() - 1);
    if (Find(other).route != nullptr) {
      Response response;
      response.status = request.method == "GET" ? 301 : 307;
      response.headers.emplace_back("Location",
                                    other.path + request.target.substr(request.path.size()));
      return response;
    }
  }
  if (match.refusal == 405) {
    Response response =
        Refusal(request, 405, "invalid_argument", "this resource does not know that method");
    response.headers.emplace_back("Allow", match.allow);
    return response;
  }
  if (match.refusal == 400) {
    return Refusal(request, 400, "invalid_argument", "the path is not well encoded");
  }
  return Refusal(request, 404, "not_found", "there is no such resource");
}

Response Router::Serve(const Request& request, const Match& match) const {
  // Memory may run out anywhere below; that must cost one answer, not the service.
  try {
    if (view_ && StaticFolder::IsFor(request.path)) return view_->Serve(request);
    if (match.route == nullptr) return RefuseUnmatched(request, match);
    Context context{.request = request,
                    .services = services_,
                    .path = match.path,
                    .caller = {},
                    .grant = {},
                    .arguments = {},
                    .task_texts = task_texts_,
                    .token = {},
                    .by_cookie = false};
    if (auto refused = Authorise(*match.route, &context)) return *std::move(refused);
    return match.route->handler(context);
  } catch (const std::exception& failure) {
    log::LogError("request {} failed: {}", request.request_id, failure.what());
    return Refusal(request, 500, "internal",
                   "something broke here; the log of the service says more under this request id");
  }
}

}  // namespace gophercron::http
