// Auditor: writes down what the agents of a cluster could not: ticks that a mark has passed and of
// which the ledger says nothing, and runs whose node is gone.
//
// What it writes are guesses (storage/span.h): an agent that comes back with the truth in its spool
// replaces them. So that it does not guess about what is still on its way, it only writes what it
// has missed in two looks, a minute apart.
//
// Threads: one at a time; a look waits for coordinator and store. Of several services one looks
// (coordination/office.h); two at once do no harm.
#ifndef GOPHERCRON_SERVICE_AUDITOR_H_
#define GOPHERCRON_SERVICE_AUDITOR_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent/decider.h"
#include "agent/ledger_audit.h"
#include "agent/live.h"
#include "base/result.h"
#include "coordination/coordinator.h"
#include "cron/zone.h"
#include "service/ports.h"

namespace gophercron::service {

class Auditor {
 public:
  // `listener` hears what is written down; outlives this.
  Auditor(const Ports& ports, cron::Zone zone, agent::LiveSink& listener);

  struct Look {
    std::int64_t lost_runs = 0;
    std::int64_t missed_spans = 0;
  };
  // To be called about once a minute.
  Result<Look> LookOnce();

 private:
  struct LiveRunKey {
    coordination::KeyValue item;
    coordination::LiveRun run;
  };
  struct Snapshot {
    std::vector<agent::OpenTicks> open;
    std::vector<LiveRunKey> runs;
    std::set<coordination::LeaseId> sessions;
  };
  using SpanName = std::tuple<task::TaskKey, TickInstant, TickInstant>;

  Result<Snapshot> Read() const;
  Status EndOrphans(const Snapshot& snapshot, std::int64_t* lost);
  Status RecordLost(const LiveRunKey& orphan, const task::Task* definition);

  const Ports ports_;
  agent::LiveSink& listener_;
  agent::LedgerAudit audit_;
  // Of the last look.
  std::set<std::string> orphans_;
  std::set<SpanName> suspected_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_AUDITOR_H_
