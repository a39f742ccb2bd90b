// What agents of the cluster hand in. Not part of the API for people and programs.
#ifndef GOPHERCRON_HTTP_CLUSTER_ROUTES_H_
#define GOPHERCRON_HTTP_CLUSTER_ROUTES_H_

#include "http/router.h"

namespace gophercron::http {

Response TakeResults(Context& context);
Response TakeNews(Context& context);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_CLUSTER_ROUTES_H_
