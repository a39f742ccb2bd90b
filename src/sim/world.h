// World: a simulated cluster with everything in it, and what a person or a bad day does to it. The
// same options and the same seed give the same history, to the last microsecond.
#ifndef GOPHERCRON_SIM_WORLD_H_
#define GOPHERCRON_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordination/keys.h"
#include "sim/evidence.h"
#include "sim/node.h"
#include "sim/scheduler.h"
#include "sim/sim_coordinator.h"
#include "sim/sim_store.h"

namespace gophercron::sim {

// What a seed is made into: each run of a swarm has some kinds of trouble and not others, because
// all of them at once would hide each other.
struct WorldOptions {
  std::uint64_t seed = 1;
  int nodes = 1;
  int tasks = 6;
  int run_limit = 256;
  // Of the first nodes, those that do not serve every project.
  std::vector<std::vector<task::ProjectId>> only_projects;
  bool crashes = false;
  bool pauses = false;
  bool partitions = false;
  bool losses = false;  // of requests and answers
  bool slow_network = false;
  bool clock_steps = false;
  bool store_outages = false;  // of coordinator and ledger
  bool edits = false;
  bool deletes = false;
  bool triggers = false;
  bool kills = false;
  Mutant mutant;

  static WorldOptions FromSeed(std::uint64_t seed);
  std::string Text() const;
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();

  // Lets time pass, with everything that the options allow happening at random.
  void Run(seconds time);
  // Ends all trouble, lets every agent come to rest, and everything be written down.
  void Settle();

  // The small vocabulary of scenarios.
  task::TaskKey Create(const Pattern& pattern, const task::Task& policies);
  void Edit(const task::TaskKey& key, const std::function<void(task::Task&)>& change,
            const Pattern* pattern = nullptr);
  void Delete(const task::TaskKey& key);
  std::string Trigger(const task::TaskKey& key, bool ignore_overlap = false);
  void Kill(std::string_view run_id);
  SimNode& node(std::size_t index) { return *nodes_[index]; }
  std::size_t nodes() const { return nodes_.size(); }
  Scheduler& scheduler() { return scheduler_; }
  SimCluster& cluster() { return cluster_; }
  SimStore& ledger() { return ledger_; }
  const coordination::Keys& keys() const { return keys_; }
  Evidence& evidence() { return evidence_; }
  const WorldOptions& options() const { return options_; }
  Instant Now() const { return scheduler_.Now(); }

 private:
  void RandomTask();
  void RandomTrouble();
  void RandomPerson();
  void CrashSomebody();
  void RandomEdit(const task::TaskKey& key);
  const task::TaskKey* SomeTask();

  WorldOptions options_;
  Scheduler scheduler_;
  SimCluster cluster_;
  SimStore ledger_;
  coordination::Keys keys_;
  Evidence evidence_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<task::TaskKey> living_;
  int next_task_ = 1;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_WORLD_H_
