// From keys of the coordinator to events of the decider. Shared by the driver and the simulation.
#ifndef GOPHERCRON_AGENT_KEY_EVENTS_H_
#define GOPHERCRON_AGENT_KEY_EVENTS_H_

#include <string>
#include <vector>

#include "agent/decider.h"
#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::agent {

// Reports one key that was listed or watched. Keys of families that the decider does not read are
// ignored. An error says which key holds what; the decider then knows nothing of it.
Status DeliverPut(const coordination::Keys& keys, const coordination::KeyValue& item,
                  Decider& decider);
void DeliverDelete(const coordination::Keys& keys, std::string_view key,
                   coordination::Revision revision, Decider& decider);

// The ranges that the decider has to be told of.
std::vector<coordination::Keys::Span> DeciderSpans(const coordination::Keys& keys);

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_KEY_EVENTS_H_
