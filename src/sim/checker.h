// The checkers: whether what the ledger says and what the evidence shows keep the promises. They
// know nothing of the decider, and expand schedules by a rule of their own.
#ifndef GOPHERCRON_SIM_CHECKER_H_
#define GOPHERCRON_SIM_CHECKER_H_

#include <string>
#include <vector>

#include "sim/world.h"

namespace gophercron::sim {

struct Verdict {
  std::vector<std::string> violations;  // sentences; empty: all promises kept
  std::int64_t expected = 0;            // ticks
  std::int64_t started = 0;
  std::int64_t tolerated = 0;  // ticks of a replaced definition that no agent was there to see
};

// Requires a settled world.
Verdict Check(World& world);

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_CHECKER_H_
