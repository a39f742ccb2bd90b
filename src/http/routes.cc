#include "http/routes.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "http/v1/routes.h"

namespace gophercron::http {
namespace {

// Whether a Content-Type is that of JSON, whatever its letters' case and its parameters.
bool IsJson(std::string_view field) {
  constexpr std::string_view kJson = "application/json";
  std::string_view type = field.substr(0, field.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  return std::ranges::equal(type, kJson, [](char given, char wanted) {
    return (given >= 'A' && given <= 'Z' ? given - 'A' + 'a' : given) == wanted;
  });
}

}  // namespace

Response Problem(const Context& context, const Error& error) {
  return ProblemResponse(error, context.request.request_id);
}

std::expected<json::object, Response> Body(const Context& context, bool may_be_absent) {
  if (context.request.body.empty() && may_be_absent) return json::object();
  if (!IsJson(context.request.Header("content-type"))) {
    return std::unexpected(ProblemResponse(
        415, "invalid_argument", "the body must be JSON and say so: Content-Type: application/json",
        context.request.request_id));
  }
  auto body = json::ParseObject(context.request.body);
  if (!body) return std::unexpected(Problem(context, body.error()));
  return *std::move(body);
}

std::optional<Response> RefuseIdempotencyKey(const Context& context) {
  if (context.request.Header("idempotency-key").empty()) return std::nullopt;
  return ProblemResponse(400, "invalid_argument",
                         "Idempotency-Key is not supported here: a repeat would make a second one. "
                         "Leave it out, and after a lost answer look at the list first",
                         context.request.request_id);
}

std::span<const Route> Routes() {
  static const std::vector<Route>& all = *[] {
    auto* routes = new std::vector<Route>();
    for (const auto part :
         {PageRoutes(), SessionRoutes(), ProjectRoutes(), MemberRoutes(), TaskRoutes(),
          LedgerRoutes(), RunRoutes(), CrontabRoutes(), ClusterRoutes(), v1::UserRoutes(),
          v1::ProjectRoutes(), v1::TaskRoutes(), v1::LogRoutes(), v1::NodeRoutes()}) {
      routes->insert(routes->end(), part.begin(), part.end());
    }
    return routes;
  }();
  return all;
}

}  // namespace gophercron::http
