// Housekeeper: what one process does for all, from time to time, on a thread of its own: writes
// down what nobody else did, removes what is old, lets the coordinator forget its history.
#ifndef GOPHERCRON_CLI_HOUSEKEEPER_H_
#define GOPHERCRON_CLI_HOUSEKEEPER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/live.h"
#include "coordination/upkeep.h"
#include "cron/zone.h"
#include "service/auditor.h"
#include "service/ports.h"
#include "storage/store.h"

namespace gophercron::cli {

struct Chores {
  storage::Retention retention;
  // Asked before each round: whether this process is the one. May wait for the coordinator.
  std::function<bool()> in_office = [] { return true; };
  // Set: looks for what the agents of a cluster did not write down, in this zone, and tells
  // `listener`, which is not null then and outlives the housekeeper.
  std::optional<cron::Zone> audit_in = std::nullopt;
  agent::LiveSink* listener = nullptr;
  // Not null: compacts the history of this coordinator. Outlives the housekeeper.
  coordination::StoreUpkeep* upkeep = nullptr;
};

class Housekeeper {
 public:
  // What `ports` names outlives this, and the coordinator's loop runs as long as this lives.
  Housekeeper(const service::Ports& ports, Chores chores);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

 private:
  void Run();
  void EveryMinute();
  void EveryHour();
  std::int64_t RemoveSome();
  void Compact();
  bool Stopping();

  const service::Ports ports_;
  const Chores chores_;
  std::optional<service::Auditor> auditor_;
  coordination::CompactionPlan compaction_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_HOUSEKEEPER_H_
