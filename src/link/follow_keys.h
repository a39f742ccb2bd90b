// FollowKeys: how a service asks for the output of a run that goes on some agent: by a key on its
// own lease, which agents watch (LiveUplink).
//
// Threads: any. Nothing is waited for: a key that could not be put means that the reader gets the
// output when the run has ended.
#ifndef GOPHERCRON_LINK_FOLLOW_KEYS_H_
#define GOPHERCRON_LINK_FOLLOW_KEYS_H_

#include <string_view>
#include <utility>

#include "agent/live.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "coordination/presence.h"

namespace gophercron::link {

class FollowKeys final : public agent::LiveSource {
 public:
  // All outlive this.
  FollowKeys(coordination::Coordinator& coordinator, coordination::Keys keys,
             const coordination::Presence& presence)
      : coordinator_(coordinator), keys_(std::move(keys)), presence_(presence) {}

  void Follow(std::string_view run_id, bool on) override;

 private:
  coordination::Coordinator& coordinator_;
  const coordination::Keys keys_;
  const coordination::Presence& presence_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_FOLLOW_KEYS_H_
