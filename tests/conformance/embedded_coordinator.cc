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
    coordinator_ = *EmbeddedCoordinator::Open(loop_, *lock_);
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
  void OnLoop(const std::function<void()>& run) override {
    bool ran = false;
    loop_.Post([&] {
      run();
      Locked([&] { ran = true; });
    });
    Until([&] { return ran; });
  }

 private:
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
          .forgets = false,
          .threads = true};
}
INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorConformance, testing::Values(Embedded()), NameOf);
INSTANTIATE_TEST_SUITE_P(Embedded, CoordinatorClaims, testing::Values(Embedded()), NameOf);

}  // namespace
}  // namespace gophercron::coordination
