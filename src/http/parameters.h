// Parameters of a request's query, read strictly.
#ifndef GOPHERCRON_HTTP_PARAMETERS_H_
#define GOPHERCRON_HTTP_PARAMETERS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "task/task.h"

namespace gophercron::http {

Result<std::int64_t> NumberParameter(const Request& request, std::string_view name,
                                     std::int64_t usual, std::int64_t low, std::int64_t high);
Result<std::optional<Instant>> TimeParameter(const Request& request, std::string_view name);
// "1" and "true", "0" and "false".
Result<bool> FlagParameter(const Request& request, std::string_view name);
// The revision of an If-Match header; nullopt: there is none, or "*".
Result<std::optional<task::Revision>> IfMatch(const Request& request);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_PARAMETERS_H_
