#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/folder_lock.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "coordinator_conformance.h"

namespace gophercron::coordination {
namespace {

class EmbeddedStore final : public StoreUnderTest {
 public:
  EmbeddedStore() {
    std::string pattern = testing::TempDir() + "coordinator_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    lock_.emplace(*FolderLock::Take(pattern));
    coordinator_ = *EmbeddedCoordinator::Open(loop_, *lock_, EmbeddedOptions());
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~EmbeddedStore() override {
    loop_.Stop();
    thread_.join();
    coordinator_.reset();
    std::filesystem::remove_all(lock_->folder());
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
  // It remembers so many changes: that many more push out all before them.
  void Forget() override {
    constexpr std::size_t kAtATime = 100;
    for (std::size_t done = 0; done < kHistory; done += kAtATime) {
      Txn txn;
      for (std::size_t i = 0; i < kAtATime; ++i) {
        txn.then.push_back(Put("~forget/" + std::to_string(i), ""));
      }
      CHECK(CommitAndWait(*coordinator_, std::move(txn)).has_value());
    }
  }
  void OnLoop(const std::function<void()>& run) override {
    bool ran = false;
    loop_.Post([&] {
      run();
      Locked([&] { ran = true; });
    });
    Until([&] { return ran; });
  }

 private:
  // More than any test writes that asks for the past.
  static constexpr std::size_t kHistory = 2'000;
  static EmbeddedCoordinator::Options EmbeddedOptions() {
    EmbeddedCoordinator::Options options;
    options.history.changes = kHistory;
    return options;
  }

  std::optional<FolderLock> lock_;
  Loop loop_;
  std::unique_ptr<EmbeddedCoordinator> coordinator_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

Implementation Embedded() {
  return {.name = "Embedded",
          .make = [] { return std::make_unique<EmbeddedStore>(); },
          .threads = true};
}
INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorConformance, testing::Values(Embedded()), NameOf);
INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorClaims, testing::Values(Embedded()), NameOf);

}  // namespace
}  // namespace gophercron::coordination
