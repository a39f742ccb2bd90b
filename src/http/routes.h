// The routes of each resource, and what their handlers share. A handler translates and calls one
// use case; what it may do is written in its route.
#ifndef GOPHERCRON_HTTP_ROUTES_H_
#define GOPHERCRON_HTTP_ROUTES_H_

#include <expected>
#include <optional>
#include <span>

#include "base/json.h"
#include "base/result.h"
#include "http/router.h"

namespace gophercron::http {

std::span<const Route> PageRoutes();
std::span<const Route> SessionRoutes();
std::span<const Route> ProjectRoutes();
std::span<const Route> MemberRoutes();
std::span<const Route> TaskRoutes();
std::span<const Route> LedgerRoutes();
std::span<const Route> RunRoutes();
std::span<const Route> CrontabRoutes();
std::span<const Route> ClusterRoutes();

Response Problem(const Context& context, const Error& error);

// The body, or the answer that refuses it: 415 when it does not say that it is JSON, 400 when it is
// none.
std::expected<json::object, Response> Body(const Context& context, bool may_be_absent = false);

// For requests that make something which can not be told from its like afterwards: 400 when they
// come with an Idempotency-Key, because a repeat would make a second one.
std::optional<Response> RefuseIdempotencyKey(const Context& context);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_ROUTES_H_
