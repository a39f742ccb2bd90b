#include "sim/sim_coordinator.h"
#include "coordinator_conformance.h"
#include "sim/scheduler.h"

namespace gophercron::coordination {
namespace {

constexpr std::uint64_t kSeed = 20'261'122;

class SimulatedStore final : public StoreUnderTest {
 public:
  SimulatedStore()
      : store_(scheduler_), coordinator_(scheduler_, store_, [this] {
          return BootTime(scheduler_.Now().time_since_epoch());
        }) {
    testing::Test::RecordProperty("seed", std::to_string(kSeed));
  }

  Coordinator& coordinator() override { return coordinator_; }
  bool Until(const std::function<bool()>& done) override {
    for (int events = 0; events < 1'000'000 && !done(); ++events) {
      if (!scheduler_.Step()) break;
    }
    return done();
  }
  void Locked(const std::function<void()>& use) override { use(); }
  void OnLoop(const std::function<void()>& run) override {
    run();
    // What was sent by then has arrived, and what was under way.
    scheduler_.RunFor(seconds(1));
  }
  void Forget() override { store_.Compact(); }

 private:
  sim::Scheduler scheduler_{kSeed};
  sim::SimCluster store_;
  sim::SimCoordinator coordinator_;
};

Implementation Simulated() {
  return {.name = "Simulated",
          .make = [] { return std::make_unique<SimulatedStore>(); },
          .threads = false};
}
INSTANTIATE_TEST_SUITE_P(Simulated, CoordinatorConformance, testing::Values(Simulated()), NameOf);
INSTANTIATE_TEST_SUITE_P(Simulated, CoordinatorClaims, testing::Values(Simulated()), NameOf);

}  // namespace
}  // namespace gophercron::coordination
