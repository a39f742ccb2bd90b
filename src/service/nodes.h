// Nodes: where commands run, as their session keys say. Threads: any.
#ifndef GOPHERCRON_SERVICE_NODES_H_
#define GOPHERCRON_SERVICE_NODES_H_

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordination/claim.h"
#include "coordination/node_orders.h"
#include "service/access.h"
#include "service/ports.h"

namespace gophercron::service {

class Nodes {
 public:
  Nodes(const Ports& ports, const Access& access) : ports_(ports), access_(access) {}

  // Those that serve a project of the caller's; other projects are left out of their lists.
  Result<std::vector<coordination::Node>> List(const Caller& caller) const;
  // Those that serve this project, whether they claim at the moment or not.
  Result<std::vector<coordination::Node>> Serving(task::ProjectId project) const;

  // For administrators; the caller checks. A drained node starts nothing new, until it is told
  // otherwise, and however often it is restarted. kNotFound for a node that is not alive and was
  // never told anything.
  Status Drain(const Caller& caller, std::string_view node_id, bool on);
  // The node reads its configuration again; one that is not alive will anyway.
  Status Reload(std::string_view node_id);
  // The same for those that serve this project from this address. kNotFound: there is none.
  Status ReloadAt(const Grant& grant, std::string_view address);

 private:
  Result<std::vector<coordination::Node>> All() const;
  Status ChangeOrders(std::string_view node_id,
                      const std::function<void(coordination::NodeOrders&)>& change);

  Ports ports_;
  Access access_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_NODES_H_
