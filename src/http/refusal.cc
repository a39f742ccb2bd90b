#include "http/refusal.h"

#include "http/v1/envelope.h"

namespace gophercron::http {

Response Refusal(const Request& request, const Error& error) {
  if (v1::IsV1(request.path)) return v1::Refuse(request, error);
  return ProblemResponse(error, request.request_id);
}

Response Refusal(const Request& request, int status, std::string_view code,
                 std::string_view detail) {
  if (v1::IsV1(request.path)) return v1::Refuse(request, status, detail);
  return ProblemResponse(status, code, detail, request.request_id);
}

}  // namespace gophercron::http
