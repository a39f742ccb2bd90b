// Housekeeping: what removes old things. Called from time to time by whoever owns a thread for it.
#ifndef GOPHERCRON_SERVICE_HOUSEKEEPING_H_
#define GOPHERCRON_SERVICE_HOUSEKEEPING_H_

#include <cstdint>

#include "base/result.h"
#include "service/ports.h"
#include "storage/store.h"

namespace gophercron::service {

// Writes down what an expiry of triggers left behind (stale_triggers.h). Removes rows that
// `retention` does not keep, at most `rows_max`; idempotency keys that are a day old; and mark and
// history of tasks that were deleted a day ago. Gives how many rows went: as many as `rows_max`
// means that there may be more. Short transactions; any thread.
Result<std::int64_t> KeepHouse(const Ports& ports, const storage::Retention& retention,
                               std::int64_t rows_max);

// Removes the marks that broadcast tasks have of nodes that have been gone for a day. Reads every
// mark: not to be called every minute.
Status ForgetGoneNodes(const Ports& ports);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_HOUSEKEEPING_H_
