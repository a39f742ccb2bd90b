#include "tests/sim/simulate.h"

#include <fmt/format.h>

namespace gophercron::sim {

Simulated Simulate(const WorldOptions& options, seconds time) {
  World world(options);
  world.Run(time);
  world.Settle();
  Simulated simulated;
  simulated.verdict = Check(world);
  simulated.hash = world.evidence().hash;
  simulated.line = fmt::format(
      "{}: {} ticks expected, {} commands started, {} tolerated, {} decisions, hash {:016x}",
      options.Text(), simulated.verdict.expected, simulated.verdict.started,
      simulated.verdict.tolerated, world.evidence().decisions, simulated.hash);
  return simulated;
}

}  // namespace gophercron::sim
