// What a browser asks for: the page and its files; and the health of the process and its contract.
#include <openssl/crypto.h>

#include <array>
#include <string_view>
#include <utility>

#include "http/assets.h"
#include "http/routes.h"

namespace gophercron::http {
namespace {

Response Healthz(Context&) {
  Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = "ok\n";
  return response;
}

Response Readyz(Context& context) {
  const bool ready = context.services.readiness().Check().has_value();
  Response response;
  response.status = ready ? 200 : 503;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = ready ? "ready\n" : "not ready\n";
  return response;
}

// Whether somebody on this very machine asks, and not through a proxy on it.
bool FromThisMachine(const Request& request) {
  const std::string_view from = request.remote_address;
  const bool loopback = from == "::1" || from.starts_with("127.");
  return loopback && request.Header("x-forwarded-for").empty() &&
         request.Header("forwarded").empty();
}

// Compares in a time that does not tell how much of it is right.
bool SameSecret(std::string_view given, std::string_view secret) {
  return given.size() == secret.size() &&
         CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

Response Metrics(Context& context) {
  const auto& metrics = context.services.metrics();
  if (!metrics.text) {
    return ProblemResponse(404, "not_found", "there is nothing here", context.request.request_id);
  }
  const std::string_view given = context.request.Header("authorization");
  const bool known = !metrics.token.empty() && given.starts_with("Bearer ") &&
                     SameSecret(given.substr(7), metrics.token);
  if (!known && !FromThisMachine(context.request)) {
    return ProblemResponse(401, "unauthenticated",
                           "metrics are for this machine, or with the token of [metrics]",
                           context.request.request_id);
  }
  Response response;
  response.headers = {{"Content-Type", metrics.content_type}};
  response.body = metrics.text();
  return response;
}

// Not for strangers: it tells too well what there is to try.
Response Contract(Context& context) {
  if (!FromThisMachine(context.request)) {
    const auto caller = context.services.accounts().Authenticate(context.token);
    if (!caller) return ProblemResponse(caller.error(), context.request.request_id);
  }
  const Asset& document = OpenApiDocument();
  return AssetResponse({&document, 1}, document.path, context.request);
}

Response Console(Context& context) {
  const auto file = context.path.find("file");
  return AssetResponse(ConsoleAssets(), file == context.path.end() ? "" : file->second,
                       context.request);
}

// A clock at five past twelve.
Response Favicon(Context&) {
  Response response;
  response.headers = {{"Content-Type", "image/svg+xml"}, {"Cache-Control", "no-cache"}};
  response.body =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\" fill=\"none\" "
      "stroke=\"#3274d9\" stroke-width=\"2\" stroke-linecap=\"round\">"
      "<circle cx=\"8\" cy=\"8\" r=\"6\"/><path d=\"M8 5v3l1.5-2.6\"/></svg>\n";
  return response;
}

Response ToAdmin(Context&) {
  Response response;
  response.status = 302;
  response.headers = {{"Location", "/admin/"}};
  return response;
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/healthz", kPublic, Healthz},
    {"GET", "/readyz", kPublic, Readyz},
    {"GET", "/metrics", kPublic, Metrics},
    {"GET", "/api/v2/openapi.json", kPublic, Contract},
    {"GET", "/favicon.ico", kPublic, Favicon},
    {"GET", "/", kPublic, ToAdmin},
    {"GET", "/admin", kPublic, ToAdmin},
    {"GET", "/admin/{file...}", kPublic, Console},
});

}  // namespace

std::span<const Route> PageRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
