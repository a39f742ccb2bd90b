// The routes of GopherCron v1's API, by resource. They translate; the use cases are those of
// /api/v2.
//
// A route whose permission is about a project finds the project in the argument `project_id`, and
// the router enters it before the handler is called.
#ifndef GOPHERCRON_HTTP_V1_ROUTES_H_
#define GOPHERCRON_HTTP_V1_ROUTES_H_

#include <span>

#include "http/router.h"

namespace gophercron::http::v1 {

std::span<const Route> UserRoutes();
std::span<const Route> ProjectRoutes();
std::span<const Route> TaskRoutes();
std::span<const Route> LogRoutes();
std::span<const Route> NodeRoutes();

}  // namespace gophercron::http::v1

#endif  // GOPHERCRON_HTTP_V1_ROUTES_H_
