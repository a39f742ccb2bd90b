// Rank: in which order the agents of a project try to claim a tick, without a message between them.
// Weighted rendezvous hashing: all who see the same agents see the same order, load follows the
// weights, and an agent that comes or goes moves only its own share.
#ifndef GOPHERCRON_AGENT_RANK_H_
#define GOPHERCRON_AGENT_RANK_H_

#include <cstdint>
#include <string_view>

#include "task/task.h"

namespace gophercron::agent {

// What is to be decided: a tick, or a run without one.
std::uint64_t TopicOf(const task::TaskKey& task, TickInstant tick);
std::uint64_t TopicOf(std::string_view run_id);
std::uint64_t HashNode(std::string_view node_id);

// The agent with the lowest score comes first. `weight` > 0.
double RankScore(std::uint64_t topic, std::uint64_t node_hash, int weight);

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_RANK_H_
