// sim_run: runs the simulated world from a seed and says whether every promise was kept.
//
//   sim_run [--seed N] [--seeds COUNT] [--hours H] [--mutant NAME]
//
// Runs COUNT worlds (default 1), of H simulated hours each (default 1), beginning with seed N
// (default 1). Prints one line for each with the hash of everything that happened: the same seed
// gives the same hash. With --mutant the agents have that planted mistake (sim/mutant.h). Exits
// with 1 when a promise was broken, and prints what repeats that run.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "tests/sim/simulate.h"

namespace {

bool PlantFault(const std::string& name, gophercron::sim::Mutant& faults) {
  using Faults = gophercron::sim::Mutant;
  const std::pair<const char*, bool Faults::*> known[] = {
      {"mark_not_compared", &Faults::mark_not_compared},
      {"start_on_unknown", &Faults::start_on_unknown},
      {"edit_ignored", &Faults::edit_ignored},
      {"jumped_not_accounted", &Faults::jumped_not_accounted},
      {"session_not_checked", &Faults::session_not_checked},
      {"lock_not_taken", &Faults::lock_not_taken},
      {"started_early", &Faults::started_early},
      {"unknown_taken_for_lost", &Faults::unknown_taken_for_lost},
      {"lost_not_recorded", &Faults::lost_not_recorded},
      {"revision_not_compared", &Faults::revision_not_compared},
      {"attempt_not_compared", &Faults::attempt_not_compared}};
  for (const auto& [fault, member] : known) {
    if (name == fault) return faults.*member = true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  using gophercron::sim::WorldOptions;
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  double hours = 1;
  gophercron::sim::Mutant mutant;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seed") {
      seed = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (name == "--seeds") {
      seeds = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (name == "--hours") {
      hours = std::strtod(argv[i + 1], nullptr);
    } else if (name == "--mutant" && PlantFault(argv[i + 1], mutant)) {
      continue;
    } else {
      fmt::print(stderr, "sim_run: no option {}; there are --seed, --seeds, --hours and --mutant\n",
                 name);
      return 2;
    }
  }
  const auto time = gophercron::seconds(static_cast<std::int64_t>(hours * 3600));
  for (std::uint64_t i = 0; i < seeds; ++i) {
    WorldOptions options = WorldOptions::FromSeed(seed + i);
    options.mutant = mutant;
    const auto outcome = gophercron::sim::Simulate(options, time);
    fmt::print("{}\n", outcome.line);
    if (outcome.verdict.violations.empty()) continue;
    for (const auto& violation : outcome.verdict.violations) fmt::print("  {}\n", violation);
    fmt::print("repeat with: ./dev sim --seed {} --hours {}\n", seed + i, hours);
    return 1;
  }
  return 0;
}
