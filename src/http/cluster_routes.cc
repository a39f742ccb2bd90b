// What agents of the cluster hand in. Not part of the API for people and programs.
#include <array>

#include "http/routes.h"
#include "link/wire.h"

namespace gophercron::http {
namespace {

Response Answer(const Context& context, const Status& taken) {
  return taken ? NoContent() : ProblemResponse(taken.error(), context.request.request_id);
}

Response TakeResults(Context& context) {
  return Answer(context, context.services.intake()->TakeResults(context.request.body));
}

Response TakeNews(Context& context) {
  return Answer(context, context.services.intake()->TakeNews(context.request.body));
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", link::kLedgerPath, kCluster, TakeResults, false, link::kBodyBytesMax},
    {"POST", link::kLivePath, kCluster, TakeNews, false, link::kBodyBytesMax},
});

}  // namespace

std::span<const Route> ClusterRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
