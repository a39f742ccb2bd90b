// The value of a service's key: where agents and other services find it.
#ifndef GOPHERCRON_COORDINATION_SERVICE_KEY_H_
#define GOPHERCRON_COORDINATION_SERVICE_KEY_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::coordination {

struct ServiceEntry {
  std::string url;  // "http://10.0.0.5:6306", as agents reach it
  std::string hostname;
  std::string version;
  Instant started_at{};
  bool operator==(const ServiceEntry&) const = default;
};
std::string FormatService(const ServiceEntry& service);
Result<ServiceEntry> ParseService(std::string_view value);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_SERVICE_KEY_H_
