// KeyFollower: keeps a decider told of what the coordinator holds. Each range that concerns it is
// listed, then watched; all is read anew when a watch is lost. Once a minute the keys are compared
// with what was told, without their values: a watch that silently lost something would be noticed
// by nobody else. A difference that stands unchanged in two compares is such a loss, and everything
// is read again.
//
// Threads: the coordinator's loop. It may be destroyed at any time, but not from its own hooks.
// The decider's lists are begun and completed here; single keys go through the owner's hook.
#ifndef GOPHERCRON_AGENT_KEY_FOLLOWER_H_
#define GOPHERCRON_AGENT_KEY_FOLLOWER_H_

#include <functional>
#include <memory>

#include "agent/decider.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::agent {

class KeyFollower {
 public:
  struct Hooks {
    // One key as it now stands, or that it is gone.
    std::function<void(const coordination::WatchEvent&)> tell;
    // After all that came together.
    std::function<void()> told;
    // Calls back once, so much later. A further request replaces the one before.
    std::function<void(microseconds, std::function<void()>)> wake_after;
  };

  // All outlive the follower.
  KeyFollower(coordination::Coordinator& coordinator, const coordination::Keys& keys,
              Decider& decider, Hooks hooks);
  ~KeyFollower();
  KeyFollower(const KeyFollower&) = delete;
  KeyFollower& operator=(const KeyFollower&) = delete;

  void Start();
  // Everything was read, and the watches of it stand.
  bool Listed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_KEY_FOLLOWER_H_
