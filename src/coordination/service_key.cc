#include "coordination/service_key.h"

#include <fmt/format.h>

#include "base/json.h"

namespace gophercron::coordination {

std::string FormatService(const ServiceEntry& service) {
  return json::serialize(json::object{{"url", service.url},
                                      {"hostname", service.hostname},
                                      {"version", service.version},
                                      {"started_at", FormatRfc3339(service.started_at)}});
}

Result<ServiceEntry> ParseService(std::string_view value) {
  const auto from = json::ParseObject(value);
  if (!from) return std::unexpected(from.error());
  ServiceEntry service;
  service.url = json::String(*from, "url").value_or("");
  service.hostname = json::String(*from, "hostname").value_or("");
  service.version = json::String(*from, "version").value_or("");
  const auto started_at = ParseRfc3339(json::String(*from, "started_at").value_or(""));
  if (service.url.empty() || !started_at) {
    return Fail(ErrorCode::kCorrupt,
                "a service's key holds an object without url or started_at (RFC 3339)");
  }
  service.started_at = *started_at;
  return service;
}

}  // namespace gophercron::coordination
