// Auditor: turns holes of the ledger into rows that say so. Pure.
//
// The order of the questions matters: first Decider::ListOpenTicks (what may still be written down,
// and how far the marks had come), then the store. A tick at or before a mark of that moment is
// either open at that moment, or recorded, or was never written down and never will be: its agent
// died.
#ifndef GOPHERCRON_AGENT_AUDITOR_H_
#define GOPHERCRON_AGENT_AUDITOR_H_

#include <optional>
#include <span>
#include <vector>

#include "agent/decider.h"
#include "base/time.h"
#include "cron/zone.h"
#include "storage/store.h"
#include "task/run.h"

namespace gophercron::agent {

struct AuditConfig {
  task::NodeId node_id;
  cron::Zone zone;  // the cluster's
};

// Spans `missed (not_recorded)` for the ticks in `gap` that are not open. Empty when the gap may
// still be filled, or lies beyond the mark of `open`.
std::vector<task::OutcomeSpan> AuditGap(const AuditConfig& config, const storage::LedgerGap& gap,
                                        const OpenTicks& open, Instant now);

// The same for the end of a task's ledger: from its last accounted tick to its mark. nullopt: the
// ledger has no row of the task, and nothing is known to be missing.
std::vector<task::OutcomeSpan> AuditTail(const AuditConfig& config,
                                         std::optional<TickInstant> last_accounted,
                                         const OpenTicks& open, Instant now);

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_AUDITOR_H_
