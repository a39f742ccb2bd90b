// OrdersInbox: what people want of this node, as the coordinator's keys say it: our own orders
// (coordination/node_orders.h), and GopherCron v1's reload_config for this address.
//
// Threads: as coordination::RangeMirror; the hooks are called on the coordinator's loop.
#ifndef GOPHERCRON_AGENT_ORDERS_INBOX_H_
#define GOPHERCRON_AGENT_ORDERS_INBOX_H_

#include <functional>
#include <string>

#include "base/loop.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "coordination/node_orders.h"
#include "coordination/range_mirror.h"
#include "task/task.h"

namespace gophercron::agent {

class OrdersInbox {
 public:
  struct Hooks {
    // At the start when it is so, and whenever it changes.
    std::function<void(const coordination::NodeOrders&)> drain;
    std::function<void()> reload;
  };

  OrdersInbox(Loop& loop, coordination::Coordinator& coordinator, const coordination::Keys& keys,
              const task::NodeId& node_id, const std::string& address, Hooks hooks);

 private:
  void OnOrders(const coordination::RangeMirror::Content& content);

  const Hooks hooks_;
  coordination::NodeOrders orders_;
  bool known_ = false;  // they were read once
  coordination::RangeMirror own_;
  coordination::RangeMirror commands_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_ORDERS_INBOX_H_
