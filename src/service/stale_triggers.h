// Manual runs that nobody took. An agent that is there takes one or writes down why not; these are
// for the time when none is. Called every few seconds by whoever owns a thread for it.
#ifndef GOPHERCRON_SERVICE_STALE_TRIGGERS_H_
#define GOPHERCRON_SERVICE_STALE_TRIGGERS_H_

#include <cstdint>

#include "base/result.h"
#include "service/ports.h"

namespace gophercron::service {

// How long an agent has to take a manual run or to say why it does not: its own 60 s, and a little.
inline constexpr seconds kTriggerLife{65};

// Writes down every trigger older than kTriggerLife as `missed (no_agent)` and removes it. The key
// becomes a run key that says so before the ledger does, so an agent that comes back meanwhile does
// not run it, and one that finds such a key later writes it down as it stands. Gives how many. Any
// thread, several services at once.
Result<std::int64_t> ExpireTriggers(const Ports& ports);

// Writes down what an ExpireTriggers that was cut short had taken. Reads every run key.
Status RecordExpired(const Ports& ports);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_STALE_TRIGGERS_H_
