// LedgerAudit: asks the store where the ledger has holes, and says with which rows they are to be
// filled. Who asks makes sure that nothing is on its way any more.
//
// Threads: one at a time; a call waits for the store.
#ifndef GOPHERCRON_AGENT_LEDGER_AUDIT_H_
#define GOPHERCRON_AGENT_LEDGER_AUDIT_H_

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "agent/auditor.h"
#include "agent/decider.h"
#include "base/result.h"
#include "storage/store.h"
#include "task/run.h"

namespace gophercron::agent {

class LedgerAudit {
 public:
  // `store` outlives this.
  LedgerAudit(storage::Store& store, AuditConfig config)
      : store_(store), config_(std::move(config)) {}

  // `asked` as it was before the store is asked, at `now`. Gaps in which the schedule has no tick
  // are closed.
  Result<std::vector<task::OutcomeSpan>> Answer(std::span<const OpenTicks> asked, Instant now);

 private:
  storage::Store& store_;
  const AuditConfig config_;
  // Up to where the last look at gaps came; none: to the end.
  std::optional<storage::LedgerGap> looked_at_;
  // The mark up to which a task's ledger was found complete: only tasks that moved on are asked
  // about.
  std::map<task::TaskKey, TickInstant> complete_until_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_LEDGER_AUDIT_H_
