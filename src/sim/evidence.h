// What really happened in a simulated world, written down by the world itself: starts and ends of
// simulated commands, definitions as they were saved, and what was done to the machines. The
// checkers believe this and nothing else.
#ifndef GOPHERCRON_SIM_EVIDENCE_H_
#define GOPHERCRON_SIM_EVIDENCE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/decider.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::sim {

using coordination::LeaseId;
using coordination::Revision;

// One start of a command.
struct Start {
  task::TaskKey task;
  std::optional<TickInstant> tick;
  std::string run_id;
  std::string node;
  std::uint64_t life = 0;    // of the agent on that node
  Instant at{};              // true time
  Instant wall{};            // what the node's clock showed
  LeaseId lease = 0;         // of the agent
  bool lease_alive = false;  // in the coordinator, at that moment
  Revision revision = 0;     // of the definition that was run
  Revision delivered = 0;    // the newest that had reached the node; -1: deleted
  std::int64_t fence = 0;
  int attempt = 1;
  bool may_overlap = false;      // by the definition that was run
  std::optional<Instant> ended;  // true time
  process::End end = process::End::kExited;
  int code = 0;
  bool reported = false;  // the agent that started it was there to see the end
};

// When ticks are expected, in a form that needs no cron library: a tick is a second of UTC whose
// seconds and minutes are in these sets.
struct Pattern {
  std::set<int> seconds;
  std::set<int> minutes;  // empty: all
  std::string Cron() const;
  bool Matches(TickInstant at) const;
};

// One saved definition.
struct Version {
  Instant at{};  // true time of the save
  Revision revision = 0;
  bool deleted = false;
  Pattern pattern;
  task::Task task;
};

struct Happening {
  enum class What { kBoot, kCrash, kPause, kResume, kStep, kCut, kHeal, kSessionEnd, kStop };
  Instant at{};
  What what = What::kBoot;
  std::string node;
};

// A manual run that somebody asked for.
struct Asked {
  task::TaskKey task;
  std::string run_id;
  Instant at{};
};

struct Evidence {
  std::vector<Asked> triggers;
  std::vector<Start> starts;
  std::map<task::TaskKey, std::vector<Version>> versions;
  std::vector<Happening> happenings;
  bool answers_lost = false;  // some node's answers could get lost
  std::uint64_t hash = 0xcbf29ce484222325;
  std::uint64_t decisions = 0;

  // Everything that happens goes through here: the same seed must give the same hash.
  void Trace(std::string_view line);
  bool Happened(Happening::What what, std::string_view node, Instant from, Instant to) const;
  bool AnyHappened(Happening::What what) const;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_EVIDENCE_H_
