#include "agent/rank.h"

#include <cmath>

namespace gophercron::agent {

namespace {

std::uint64_t HashBytes(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::uint64_t Mix(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

}  // namespace

std::uint64_t TopicOf(const task::TaskKey& task, TickInstant tick) {
  const std::uint64_t hash = HashBytes(task.task_id) + static_cast<std::uint64_t>(task.project_id);
  return Mix(Mix(hash) ^ static_cast<std::uint64_t>(tick.time_since_epoch().count()));
}

std::uint64_t TopicOf(std::string_view run_id) {
  return Mix(HashBytes(run_id));
}

std::uint64_t HashNode(std::string_view node_id) {
  return Mix(HashBytes(node_id));
}

double RankScore(std::uint64_t topic, std::uint64_t node_hash, int weight) {
  // Uniform in (0, 1]: 53 bits, the zero left out because its logarithm is none.
  const double uniform = (static_cast<double>(Mix(topic ^ node_hash) >> 11) + 1) * 0x1.0p-53;
  return -std::log(uniform) / weight;
}

}  // namespace gophercron::agent
