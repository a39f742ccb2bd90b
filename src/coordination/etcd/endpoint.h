// Endpoints of etcd as people write them, and how long to wait before one is tried again. Pure.
#ifndef GOPHERCRON_COORDINATION_ETCD_ENDPOINT_H_
#define GOPHERCRON_COORDINATION_ETCD_ENDPOINT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::coordination::etcd {

struct Endpoint {
  std::string host_port;  // "10.0.0.1:2379", "etcd-1:2379", "[::1]:2379"
  bool tls = false;
  bool operator==(const Endpoint&) const = default;
};

// "host:port", "http://host:port", "https://host:port"; a path is no part of it. The port may be
// left out: 2379.
Result<Endpoint> ParseEndpoint(std::string_view text);

// The delay before the next attempt after `failures` in a row, among `endpoints` of them: none
// while there is one that has not been tried, then from about 100 ms doubling to at most 5 s, each
// between half and the whole of it.
milliseconds ReconnectDelay(std::size_t failures, std::size_t endpoints, Random& random);

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_ENDPOINT_H_
