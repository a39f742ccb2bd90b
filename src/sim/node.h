// SimNode: one simulated machine: its two clocks, its disk, its processes, and the agent on it,
// which is the real decider under a driver that does what agent/driver.h does, on simulated ports.
//
// A crash takes everything but the disk and the running commands. A pause is a SIGSTOP of the
// agent: commands go on, time goes on, and the agent sees both when it continues.
//
// Threads: one, the scheduler's.
#ifndef GOPHERCRON_SIM_NODE_H_
#define GOPHERCRON_SIM_NODE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/decider.h"
#include "agent/key_follower.h"
#include "base/random.h"
#include "sim/evidence.h"
#include "sim/mutant.h"
#include "sim/scheduler.h"
#include "sim/sim_coordinator.h"
#include "sim/sim_store.h"

namespace gophercron::sim {

struct NodeOptions {
  std::string id;
  agent::Duty duty;
  microseconds clock_offset{0};
  std::int64_t drift_ppm = 0;
  NetworkFaults network;
  Mutant mutant;
};

class SimNode {
 public:
  SimNode(Scheduler& scheduler, SimCluster& cluster, SimStore& ledger,
          const coordination::Keys& keys, Evidence& evidence, NodeOptions options);
  ~SimNode();
  SimNode(const SimNode&) = delete;
  SimNode& operator=(const SimNode&) = delete;

  const std::string& id() const { return options_.id; }
  bool up() const { return decider_ != nullptr; }
  bool paused() const { return paused_; }
  bool HasSession() const;

  void Boot();
  void Crash();
  void Pause();
  void Resume();
  void StepClock(microseconds by);
  void SetPartitioned(bool partitioned);
  void SetNetwork(const NetworkFaults& network);
  // Stops as the program does at SIGTERM.
  void Stop();

 private:
  struct Process {
    std::uint64_t serial = 0;
    std::size_t start = 0;  // in Evidence::starts
    bool killed = false;
    microseconds kill_delay{0};
  };

  Instant Wall() const;
  BootTime BootNow() const;
  agent::Now Clocks() const {
    return {.wall = Wall() + options_.mutant.Ahead(), .boot = BootNow()};
  }
  // True time until one of this machine's clocks shows that.
  microseconds Until(Instant wall) const { return (wall - Clocks().wall); }

  // Calls `then` if this life of the agent still lasts; while it is paused, when it continues.
  template <class F>
  auto InThisLife(F then);
  void Later(microseconds delay, std::move_only_function<void()> event);

  void Poke();
  void Decide();
  void Perform(agent::Actions& actions);
  void StartRun(const agent::StartAction& start);
  void EndRun(const std::string& run_id, std::uint64_t serial, process::End end, int code);
  void KillRun(const std::string& run_id);
  void RecordRun(agent::RecordAction record);
  void Deliver();
  void Audit();
  void Follow();
  void Told(const coordination::WatchEvent& event);
  void OpenSession();
  void PublishNode();

  Scheduler& scheduler_;
  SimCluster& cluster_;
  SimStore& ledger_;
  const coordination::Keys& keys_;
  Evidence& evidence_;
  NodeOptions options_;
  SeededRandom random_;
  const Instant origin_;

  // The disk.
  std::vector<std::pair<std::uint64_t, task::LedgerRecord>> spool_;
  std::uint64_t next_spool_ = 1;
  // Commands; they outlive the agent.
  std::map<std::string, Process> processes_;
  std::uint64_t next_process_ = 1;

  // The agent; gone when it is down.
  std::unique_ptr<agent::Decider> decider_;
  std::unique_ptr<SimCoordinator> coordinator_;
  std::unique_ptr<coordination::Lease> lease_;
  std::unique_ptr<agent::KeyFollower> follower_;
  std::vector<std::move_only_function<void()>> waiting_;  // for the end of a pause
  std::map<task::TaskKey, Revision> delivered_;           // newest definitions that arrived
  std::uint64_t life_ = 0;
  std::uint64_t wake_ = 0;
  std::uint64_t session_try_ = 0;
  bool claims_ = true;
  std::uint64_t follow_wake_ = 0;
  std::uint64_t publish_wake_ = 0;
  bool poked_ = false;
  bool paused_ = false;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_NODE_H_
