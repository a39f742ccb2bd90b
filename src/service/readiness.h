// Readiness: whether what the use cases stand on can be used now.
#ifndef GOPHERCRON_SERVICE_READINESS_H_
#define GOPHERCRON_SERVICE_READINESS_H_

#include "base/result.h"
#include "service/ports.h"

namespace gophercron::service {

// Asks the coordinator to write, because one with a full disk still answers reads, and the store to
// answer. The error says what fails. Any thread; waits for two seconds at most for the coordinator.
Status CheckReadiness(const Ports& ports);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_READINESS_H_
