#include "service/nodes.h"

#include <algorithm>
#include <utility>

namespace gophercron::service {
namespace {
constexpr int kChangeAttempts = 5;
}  // namespace

Result<std::vector<coordination::Node>> Nodes::All() const {
  const auto [begin, end] = ports_.keys.AllSessions();
  auto read = coordination::RangeAndWait(ports_.coordinator, {.begin = begin, .end = end});
  if (!read) return std::unexpected(std::move(read).error());
  std::vector<coordination::Node> nodes;
  for (const coordination::KeyValue& item : read->items) {
    if (auto node = coordination::ParseNode(item.value)) nodes.push_back(*std::move(node));
  }
  std::ranges::sort(nodes, {}, &coordination::Node::node_id);
  return nodes;
}

Result<std::vector<coordination::Node>> Nodes::Serving(task::ProjectId project) const {
  auto nodes = All();
  if (!nodes) return nodes;
  std::erase_if(*nodes, [&](const coordination::Node& node) {
    return !node.all_projects && std::ranges::find(node.projects, project) == node.projects.end();
  });
  return nodes;
}

Result<std::vector<coordination::Node>> Nodes::List(const Caller& caller) const {
  auto visible = access_.Visible(caller);
  if (!visible) return std::unexpected(std::move(visible).error());
  auto nodes = All();
  if (!nodes || !*visible) return nodes;
  const std::vector<task::ProjectId>& mine = **visible;
  if (mine.empty()) return std::vector<coordination::Node>();
  for (coordination::Node& node : *nodes) {
    std::erase_if(node.projects, [&](task::ProjectId project) {
      return !std::ranges::binary_search(mine, project);
    });
  }
  std::erase_if(*nodes, [](const coordination::Node& node) {
    return !node.all_projects && node.projects.empty();
  });
  return nodes;
}

Status Nodes::ChangeOrders(std::string_view node_id,
                           const std::function<void(coordination::NodeOrders&)>& change) {
  const std::string key = ports_.keys.NodeOrders(node_id);
  for (int attempt = 0; attempt < kChangeAttempts; ++attempt) {
    const auto found = coordination::RangeAndWait(ports_.coordinator, {.begin = key, .end = {}});
    if (!found) return std::unexpected(found.error());
    coordination::NodeOrders orders;
    coordination::Revision revision = 0;
    if (!found->items.empty()) {
      auto read = coordination::ParseNodeOrders(found->items.front().value);
      if (!read) return std::unexpected(read.error());
      orders = *std::move(read);
      revision = found->items.front().mod_revision;
    } else {
      const auto nodes = All();
      if (!nodes) return std::unexpected(nodes.error());
      if (std::ranges::find(*nodes, node_id, &coordination::Node::node_id) == nodes->end()) {
        return Fail(ErrorCode::kNotFound,
                    "there is no such node; GET /api/v2/nodes lists those that are alive");
      }
    }
    change(orders);
    coordination::Txn txn;
    txn.when.push_back(coordination::ModRevisionIs(key, revision));
    txn.then.push_back(coordination::Put(key, coordination::FormatNodeOrders(orders)));
    const auto written = coordination::CommitAndWait(ports_.coordinator, std::move(txn));
    if (!written) return std::unexpected(written.error());
    if (written->succeeded) return {};
  }
  return Fail(ErrorCode::kConflict,
              "others change the orders of this node all the time; try again");
}

Status Nodes::Drain(const Caller& caller, std::string_view node_id, bool on) {
  return ChangeOrders(node_id, [&](coordination::NodeOrders& orders) {
    if (orders.drain == on) return;
    orders.drain = on;
    orders.drain_by = on ? caller.account : "";
    orders.drain_at = on ? ports_.clock.Now() : Instant();
  });
}

Status Nodes::Reload(std::string_view node_id) {
  return ChangeOrders(node_id, [&](coordination::NodeOrders& orders) {
    orders.reload_at = std::max(ports_.clock.Now(), orders.reload_at + microseconds(1));
  });
}

Status Nodes::ReloadAt(const Grant& grant, std::string_view address) {
  if (const Status may = grant.Require(Right::kOperate); !may) return may;
  auto nodes = Serving(grant.project());
  if (!nodes) return std::unexpected(std::move(nodes).error());
  bool found = false;
  for (const coordination::Node& node : *nodes) {
    if (node.address != address) continue;
    found = true;
    if (const Status told = Reload(node.node_id); !told) return told;
  }
  if (found) return {};
  return Fail(ErrorCode::kNotFound, "no node serves this project from that address");
}

}  // namespace gophercron::service
