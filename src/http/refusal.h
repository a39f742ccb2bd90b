// The answer that refuses a request, in the form of the API that it was for.
#ifndef GOPHERCRON_HTTP_REFUSAL_H_
#define GOPHERCRON_HTTP_REFUSAL_H_

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace gophercron::http {

Response Refusal(const Request& request, const Error& error);
Response Refusal(const Request& request, int status, std::string_view code,
                 std::string_view detail);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_REFUSAL_H_
