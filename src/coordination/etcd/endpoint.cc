#include "coordination/etcd/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gophercron::coordination::etcd {
namespace {

constexpr milliseconds kDelayFirst{100};
constexpr milliseconds kDelayMax{5'000};

bool ValidPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65'536;
}

}  // namespace

Result<Endpoint> ParseEndpoint(std::string_view text) {
  const std::string_view whole = text;
  Endpoint endpoint;
  if (text.starts_with("https://")) {
    endpoint.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto wrong = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the etcd endpoint \"{}\" {}: 10.0.0.1:2379 or https://etcd-1:2379 "
                            "are right",
                            whole, why));
  };
  if (text.find_first_of("/ ,@") != std::string_view::npos) {
    return wrong("is not a host and a port");
  }
  // The colons of an IPv6 address stand in brackets.
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.empty()) return wrong("names no host");
  if (host.find(':') != std::string_view::npos && !(host.front() == '[' && host.back() == ']')) {
    return wrong("has an IPv6 address without brackets");
  }
  if (has_port && !ValidPort(text.substr(colon + 1))) return wrong("has no valid port");
  endpoint.host_port = has_port ? std::string(text) : fmt::format("{}:2379", text);
  return endpoint;
}

milliseconds ReconnectDelay(std::size_t failures, std::size_t endpoints, Random& random) {
  if (failures < endpoints) return milliseconds(0);
  const std::size_t doublings = std::min<std::size_t>(failures - endpoints, 10);
  const milliseconds whole = std::min(kDelayMax, kDelayFirst * (1 << doublings));
  const auto half = static_cast<std::uint64_t>(whole.count() / 2);
  return milliseconds(half + random.Below(half + 1));
}

}  // namespace gophercron::coordination::etcd
