// What every Coordinator must do, as one suite that each implementation joins with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorConformance, testing::Values(...), NameOf);
//   INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorClaims, testing::Values(...), NameOf);
//
// A store is driven through StoreUnderTest, which hides whether time is real (threads and a loop)
// or simulated (an event queue).
#ifndef GOPHERCRON_TESTS_CONFORMANCE_COORDINATOR_CONFORMANCE_H_
#define GOPHERCRON_TESTS_CONFORMANCE_COORDINATOR_CONFORMANCE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "coordination/claim.h"
#include "coordination/coordinator.h"

namespace gophercron::coordination {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Coordinator& coordinator() = 0;

  // Lets things happen until `done` holds; false when that takes absurdly long. `done` is asked
  // under the same lock as Locked.
  virtual bool Until(const std::function<bool()>& done) = 0;
  // Callbacks touch what the test looks at only inside this.
  virtual void Locked(const std::function<void()>& use) = 0;
  // Runs `run` where callbacks run, and waits for it.
  virtual void OnLoop(const std::function<void()>& run) = 0;
  // Makes the store forget its history up to now, whatever it takes. Not on the loop.
  virtual void Forget() = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
  bool threads = false;  // may be called from many threads
};
inline std::string NameOf(const testing::TestParamInfo<Implementation>& info) {
  return info.param.name;
}

class CoordinatorConformance : public testing::TestWithParam<Implementation> {
 protected:
  CoordinatorConformance() : store_(GetParam().make()) {}

  Coordinator& coordinator() { return store_->coordinator(); }

  // Makes a call and waits for its answer.
  template <class T>
  Result<T> Ask(const std::function<void(Coordinator::Done<T>)>& call) {
    std::optional<Result<T>> answer;
    call([&](Result<T> value) { store_->Locked([&] { answer = std::move(value); }); });
    if (!store_->Until([&] { return answer.has_value(); })) {
      ADD_FAILURE() << "no answer";
      return Fail(ErrorCode::kInternal, "no answer");
    }
    return *std::move(answer);
  }
  Result<TxnResult> Commit(Txn txn);
  Result<RangeResult> Range(RangeRequest request);
  std::unique_ptr<Lease> Grant(seconds time_to_live = seconds(10));
  // Ends a lease or watch where that must be done.
  template <class T>
  void End(std::unique_ptr<T>& owned) {
    store_->OnLoop([&] { owned.reset(); });
  }
  // And waits until the store has ended it: a revocation may be on its way for a while.
  void End(std::unique_ptr<Lease>& lease);

  TxnResult Must(Txn txn);
  Revision MustPut(std::string key, std::string value, LeaseId lease = 0);
  std::optional<KeyValue> Read(std::string key);
  std::string ValueOf(std::string key);  // "(none)" when it is not there

  std::unique_ptr<StoreUnderTest> store_;
};

// The claim protocol on a real store.
class CoordinatorClaims : public CoordinatorConformance {
 protected:
  static inline const Keys kKeys{"/gopher_cron"};
  static inline const TickInstant kTick{seconds(1'795'352'899)};

  // A node that may claim: a lease with the session's key on it.
  std::unique_ptr<Lease> Session(const std::string& node);
  // Stores a task with a mark one second before the tick.
  Revision Prepare(const task::TaskKey& task);
  static Claim RunClaim(const task::TaskKey& task, Revision revision, const Lease& session,
                        const std::string& run_id, TickInstant at = kTick);
  ClaimAnswer Try(const Claim& claim);
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_TESTS_CONFORMANCE_COORDINATOR_CONFORMANCE_H_
