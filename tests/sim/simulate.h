// One world from beginning to verdict.
#ifndef GOPHERCRON_TESTS_SIM_SIMULATE_H_
#define GOPHERCRON_TESTS_SIM_SIMULATE_H_

#include <string>

#include "sim/checker.h"
#include "sim/world.h"

namespace gophercron::sim {

struct Simulated {
  Verdict verdict;
  std::uint64_t hash = 0;
  std::string line;  // what it was, for people
};

Simulated Simulate(const WorldOptions& options, seconds time);

}  // namespace gophercron::sim

#endif  // GOPHERCRON_TESTS_SIM_SIMULATE_H_
