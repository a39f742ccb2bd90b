// Many small worlds, each with other troubles. One broken promise in one of them is a failure, and
// the line that is printed repeats it.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/sim/simulate.h"

namespace gophercron::sim {
namespace {

constexpr std::uint64_t kSeeds = 10;
constexpr seconds kTime{360};

TEST(Swarm, KeepsEveryPromise) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Simulated simulated = Simulate(WorldOptions::FromSeed(seed), kTime);
    std::printf("%s\n", simulated.line.c_str());
    for (const auto& violation : simulated.verdict.violations) {
      ADD_FAILURE() << violation << "\n  repeat with: ./dev sim --seed " << seed << " --hours 0.1";
    }
    EXPECT_GT(simulated.verdict.started, 0) << "seed " << seed << " started nothing";
  }
}

TEST(Swarm, TheSameSeedGivesTheSameHistory) {
  const WorldOptions options = WorldOptions::FromSeed(5);
  EXPECT_EQ(Simulate(options, seconds(200)).hash, Simulate(options, seconds(200)).hash);
  EXPECT_NE(Simulate(options, seconds(200)).hash,
            Simulate(WorldOptions::FromSeed(6), seconds(200)).hash);
}

}  // namespace
}  // namespace gophercron::sim
