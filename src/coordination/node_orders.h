// NodeOrders: what people want of a node. One key for each node that was ever told something; it
// stays when the node goes, so that a drained node is still drained when it comes back.
#ifndef GOPHERCRON_COORDINATION_NODE_ORDERS_H_
#define GOPHERCRON_COORDINATION_NODE_ORDERS_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::coordination {

struct NodeOrders {
  bool drain = false;    // claim nothing
  std::string drain_by;  // account
  Instant drain_at{};
  Instant reload_at{};  // when its configuration was last asked to be read again; zero: never
  bool operator==(const NodeOrders&) const = default;
};

std::string FormatNodeOrders(const NodeOrders& orders);
Result<NodeOrders> ParseNodeOrders(std::string_view value);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_NODE_ORDERS_H_
