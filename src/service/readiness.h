// Readiness: whether what the use cases stand on can be used now.
#ifndef GOPHERCRON_SERVICE_READINESS_H_
#define GOPHERCRON_SERVICE_READINESS_H_

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "service/ports.h"

namespace gophercron::service {

// Threads: any.
class Readiness {
 public:
  explicit Readiness(const Ports& ports) : ports_(ports) {}

  // Asks the coordinator to write, because one with a full disk still answers reads, and the store
  // to answer; the error says what fails. Waits for the coordinator for two seconds at most.
  // Anybody may ask: what was found out is the answer for the next second, and while one asks
  // others wait.
  Status Check();

 private:
  struct Answer {
    BootTime until = BootTime::min();
    Status status;
  };
  Status Ask() const;

  const Ports ports_;
  Guarded<Answer> last_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_READINESS_H_
