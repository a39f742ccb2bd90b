// ReplaceSchedule: ends a task's schedule, and leaves none of its ticks without an outcome.
#ifndef GOPHERCRON_SERVICE_REPLACE_SCHEDULE_H_
#define GOPHERCRON_SERVICE_REPLACE_SCHEDULE_H_

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "cron/zone.h"
#include "service/ports.h"
#include "task/task.h"

namespace gophercron::service {

// Who accounts for ticks here, as marks and the ledger name it.
inline constexpr std::string_view kServiceNode = "service";

// Commits `txn`, which saves or deletes the definition `before`, so that its schedule ends now. Its
// ticks up to now that nobody has accounted for, because no agent was there, are accounted for here
// as an agent would: the mark moves past them in the same transaction, and they are `superseded`
// (`edited` or else paused). Not succeeded: the task or its mark have changed meanwhile; read
// again.
Result<coordination::TxnResult> ReplaceSchedule(const Ports& ports, cron::Zone cluster_zone,
                                                const task::Task& before, bool edited, Instant now,
                                                coordination::Txn txn);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_REPLACE_SCHEDULE_H_
