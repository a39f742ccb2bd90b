#include "coordination/etcd/etcd_coordinator.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "coordinator_conformance.h"
#include "etcd_cluster.h"

namespace gophercron::coordination {
namespace {

// One real member for the whole program; each test begins with an empty store.
testing_etcd::EtcdCluster& Etcd() {
  static const auto cluster = testing_etcd::EtcdCluster::Start();
  return *cluster;
}

class EtcdStore final : public StoreUnderTest {
 public:
  EtcdStore() {
    EtcdCoordinator::Options options;
    options.endpoints = Etcd().endpoints();
    options.prefix = "/";
    coordinator_ = *EtcdCoordinator::Open(loop_, options);
    thread_ = std::thread([this] { loop_.Run(); });
    const std::string all(1, '\0');
    CHECK(CommitAndWait(*coordinator_,
                        {.when = {}, .then = {DeleteRange(all, all)}, .otherwise = {}}));
  }
  ~EtcdStore() override {
    loop_.Stop();
    thread_.join();
    coordinator_.reset();
  }

  Coordinator& coordinator() override { return *coordinator_; }
  bool Until(const std::function<bool()>& done) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(2), done);
  }
  void Locked(const std::function<void()>& use) override {
    const std::lock_guard lock(mutex_);
    use();
    changed_.notify_all();
  }
  void OnLoop(const std::function<void()>& run) override {
    bool ran = false;
    loop_.Post([&] {
      run();
      Locked([&] { ran = true; });
    });
    Until([&] { return ran; });
  }
  void Forget() override {
    const auto now = RangeAndWait(*coordinator_, {.begin = "/", .end = ""});
    CHECK(now);
    bool compacted = false;
    coordinator_->Compact(now->revision, [&](const Result<void>& done) {
      CHECK(done);
      Locked([&] { compacted = true; });
    });
    CHECK(Until([&] { return compacted; }));
  }

 private:
  Loop loop_;
  std::unique_ptr<EtcdCoordinator> coordinator_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

Implementation RealEtcd() {
  return {.name = "Etcd", .make = [] { return std::make_unique<EtcdStore>(); }, .threads = true};
}
INSTANTIATE_TEST_SUITE_P(Etcd, CoordinatorConformance, testing::Values(RealEtcd()), NameOf);
INSTANTIATE_TEST_SUITE_P(Etcd, CoordinatorClaims, testing::Values(RealEtcd()), NameOf);

}  // namespace
}  // namespace gophercron::coordination
