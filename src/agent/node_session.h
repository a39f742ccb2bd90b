// NodeSession: this node as the others see it, a key on a lease of its own. It is written when the
// session opens, when what it says of the node's claims changes, and every ten seconds with what is
// there to be looked at: counts, load, this node's clock. A lost lease is followed by another.
//
// Threads: the coordinator's loop. Destroying it drops what is pending.
#ifndef GOPHERCRON_AGENT_NODE_SESSION_H_
#define GOPHERCRON_AGENT_NODE_SESSION_H_

#include <functional>
#include <memory>

#include "base/loop.h"
#include "base/time.h"
#include "coordination/claim.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::agent {

class NodeSession {
 public:
  struct Hooks {
    // The key is there: others see this node.
    std::function<void(coordination::LeaseId, BootTime trusted_until)> opened;
    std::function<void(coordination::LeaseId)> lost;
    // Fills in what changes by itself.
    std::function<void(coordination::Node&)> look;
  };

  // `coordinator` and `keys` outlive this.
  NodeSession(Loop& loop, coordination::Coordinator& coordinator, const coordination::Keys& keys,
              seconds time_to_live, coordination::Node node, Hooks hooks);
  // Gives the lease back.
  ~NodeSession();
  NodeSession(const NodeSession&) = delete;
  NodeSession& operator=(const NodeSession&) = delete;

  void Open();
  // Null while there is none.
  const coordination::Lease* lease() const;
  // What the key says; Publish writes it.
  coordination::Node& node();
  void Publish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_NODE_SESSION_H_
