#include "agent/orders_inbox.h"

#include <utility>

#include "base/log.h"

namespace gophercron::agent {

using coordination::RangeMirror;

namespace {

coordination::Keys::Span OnlyKey(std::string key) {
  std::string end = key + '\0';
  return {std::move(key), std::move(end)};
}

}  // namespace

OrdersInbox::OrdersInbox(Loop& loop, coordination::Coordinator& coordinator,
                         const coordination::Keys& keys, const task::NodeId& node_id,
                         const std::string& address, Hooks hooks)
    : hooks_(std::move(hooks)),
      own_(loop, coordinator, OnlyKey(keys.NodeOrders(node_id)),
           [this](const RangeMirror::Content& content) { OnOrders(content); }),
      // v1 removes its command after two seconds, by a lease.
      commands_(loop, coordinator, keys.AgentCommands(address),
                [this, wanted = keys.AgentCommands(address).first +
                                "reload_config"](const RangeMirror::Content& content) {
                  if (content.contains(wanted)) hooks_.reload();
                }) {}

void OrdersInbox::OnOrders(const RangeMirror::Content& content) {
  coordination::NodeOrders orders;
  if (!content.empty()) {
    auto read = coordination::ParseNodeOrders(content.begin()->second);
    if (!read) return log::Warning("orders of this node: {}", read.error().message);
    orders = *std::move(read);
  }
  const coordination::NodeOrders before = std::exchange(orders_, orders);
  if (before.drain != orders.drain) hooks_.drain(orders);
  // What was asked of a former life was done by its end.
  if (std::exchange(known_, true) && orders.reload_at > before.reload_at) hooks_.reload();
}

}  // namespace gophercron::agent
