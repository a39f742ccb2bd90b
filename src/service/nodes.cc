#include "service/nodes.h"

#include <algorithm>
#include <utility>

namespace gophercron::service {

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

}  // namespace gophercron::service
