// Nodes: where commands run, as their session keys say. Threads: any.
#ifndef GOPHERCRON_SERVICE_NODES_H_
#define GOPHERCRON_SERVICE_NODES_H_

#include <vector>

#include "base/result.h"
#include "coordination/claim.h"
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

 private:
  Result<std::vector<coordination::Node>> All() const;

  Ports ports_;
  Access access_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_NODES_H_
