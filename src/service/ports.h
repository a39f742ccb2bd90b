// What the use cases stand on. All of it outlives them.
#ifndef GOPHERCRON_SERVICE_PORTS_H_
#define GOPHERCRON_SERVICE_PORTS_H_

#include "base/random.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "storage/store.h"

namespace gophercron::service {

struct Ports {
  coordination::Coordinator& coordinator;
  coordination::Keys keys;
  storage::Store& store;
  const Clock& clock;
  Random& random;  // any thread, as SystemRandom is
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_PORTS_H_
