#include "http/cluster_routes.h"

namespace gophercron::http {
namespace {

Response Answer(const Context& context, const Status& taken) {
  return taken ? NoContent() : ProblemResponse(taken.error(), context.request.request_id);
}

}  // namespace

Response TakeResults(Context& context) {
  return Answer(context, context.services.intake()->TakeResults(context.request.body));
}

Response TakeNews(Context& context) {
  return Answer(context, context.services.intake()->TakeNews(context.request.body));
}

}  // namespace gophercron::http
