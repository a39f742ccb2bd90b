#include "coordination/embedded/embedded_coordinator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/sqlite/sqlite.h"

namespace gophercron::coordination {
namespace {

Txn Only(Op op) {
  return {.when = {}, .then = {std::move(op)}, .otherwise = {}};
}

// A coordinator over a folder, with its loop on a thread.
class Opened {
 public:
  explicit Opened(const std::string& folder, const EmbeddedCoordinator::Options& options = {})
      : lock_(*FolderLock::Take(folder)) {
    auto opened = EmbeddedCoordinator::Open(loop_, lock_, options);
    CHECK(opened.has_value());
    coordinator_ = *std::move(opened);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Opened() {
    loop_.Stop();
    thread_.join();
    coordinator_.reset();
  }
  EmbeddedCoordinator& operator*() { return *coordinator_; }
  Loop& loop() { return loop_; }

  Result<TxnResult> Commit(Txn txn) {
    return CommitAndWait(*coordinator_, std::move(txn), std::chrono::minutes(2));
  }
  std::map<std::string, std::string> All() {
    const auto range = RangeAndWait(*coordinator_, {.begin = "/", .end = "/~"});
    CHECK(range.has_value());
    revision = range->revision;
    std::map<std::string, std::string> all;
    for (const KeyValue& item : range->items) all[item.key] = item.value;
    return all;
  }
  std::unique_ptr<Lease> Grant() {
    std::promise<std::unique_ptr<Lease>> granted;
    coordinator_->Grant(
        seconds(10), [] {},
        [&](Result<std::unique_ptr<Lease>> lease) { granted.set_value(*std::move(lease)); });
    return granted.get_future().get();
  }

  Revision revision = 0;  // of the last All

 private:
  FolderLock lock_;
  Loop loop_;
  std::unique_ptr<EmbeddedCoordinator> coordinator_;
  std::thread thread_;
};

class EmbeddedTest : public testing::Test {
 protected:
  EmbeddedTest() {
    std::string pattern = testing::TempDir() + "embedded_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~EmbeddedTest() override { std::filesystem::remove_all(folder_); }

  std::string IntegrityCheck() {
    auto database = sqlite::Open(folder_ + "/coordination.db");
    CHECK(database.has_value());
    return (*database)->execAndGet("PRAGMA integrity_check").getString();
  }
  std::string folder_;
};

TEST_F(EmbeddedTest, WhatWasAnsweredIsThereAfterReopening) {
  Revision revision = 0;
  {
    Opened store(folder_);
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(store.Commit(Only(Put(fmt::format("/{}", i % 20), std::to_string(i)))));
    }
    ASSERT_TRUE(store.Commit(Only(Delete("/3"))));
    store.All();
    revision = store.revision;
  }
  Opened again(folder_);
  const auto all = again.All();
  EXPECT_EQ(all.size(), 19u);
  EXPECT_EQ(all.at("/5"), "45");
  EXPECT_EQ(again.revision, revision);
  EXPECT_EQ(again.Commit(Only(Put("/x", "1")))->revision, revision + 1);
}

TEST_F(EmbeddedTest, OpeningEndsEarlierSessionsAndNeverUsesALeaseTwice) {
  LeaseId former = 0;
  Revision revision = 0;
  {
    Opened store(folder_);
    auto lease = store.Grant();
    former = lease->id();
    EXPECT_EQ(lease->trusted_until(), BootTime::max());
    ASSERT_TRUE(store.Commit(Only(Put("/session", "1", former))));
    revision = store.Commit(Only(Put("/kept", "1")))->revision;
    // The process ends here: nothing is revoked.
    store.loop().Stop();
    static auto& left_behind = *new std::vector<Lease*>;
    left_behind.push_back(lease.release());
  }
  Opened again(folder_);
  EXPECT_EQ(again.All(), (std::map<std::string, std::string>{{"/kept", "1"}}));
  EXPECT_EQ(again.revision, revision + 1);
  EXPECT_EQ(again.Commit(Only(Put("/x", "1", former))).error().code, ErrorCode::kNotFound);
  auto lease = again.Grant();
  EXPECT_NE(lease->id(), former);
  // That they ended is told to whoever watches from before.
  std::promise<std::string> told;
  auto watch = (*again).WatchRange("/session", "", revision + 1, [&](const WatchBatch& batch) {
    told.set_value(batch.lost ? "lost" : batch.events.at(0).item.key);
  });
  EXPECT_EQ(told.get_future().get(), "/session");
  std::promise<void> ended;
  again.loop().Post([&] {
    watch.reset();
    lease.reset();
    ended.set_value();
  });
  ended.get_future().wait();
}

TEST_F(EmbeddedTest, ASecondOnTheSameFolderIsRefused) {
  Opened store(folder_);
  const auto second = FolderLock::Take(folder_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_F(EmbeddedTest, AFullQuotaIsToldAndMemoryStaysWhatTheDiskHas) {
  std::map<std::string, std::string> memory;
  Revision revision = 0;
  {
    Opened store(folder_, {.quota_bytes = 400'000});
    std::map<std::string, std::string> acknowledged;
    std::optional<Error> refused;
    for (int i = 0; i < 200 && !refused; ++i) {
      const std::string key = fmt::format("/{}", i);
      const auto result = store.Commit(Only(Put(key, std::string(10'000, 'v'))));
      if (result) {
        acknowledged[key] = std::string(10'000, 'v');
      } else {
        refused = result.error();
      }
    }
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, ErrorCode::kResourceExhausted) << refused->message;
    memory = store.All();
    EXPECT_EQ(memory, acknowledged);
    // There is room again once something is deleted.
    ASSERT_TRUE(store.Commit(Only(DeleteRange("/1", "/2"))));
    ASSERT_TRUE(store.Commit(Only(Put("/again", std::string(10'000, 'v')))));
    memory = store.All();
    revision = store.revision;
  }
  Opened again(folder_);
  EXPECT_EQ(again.All(), memory);
  EXPECT_EQ(again.revision, revision);
}

TEST_F(EmbeddedTest, AFailedWriteIsToldAndMemoryStaysWhatTheDiskHas) {
  Opened store(folder_);
  ASSERT_TRUE(store.Commit(Only(Put("/a", "1"))));
  // No file may grow: the write fails as on a broken disk.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit normal{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &normal), 0);
  rlimit none = normal;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto failed = store.Commit(Only(Put("/a", "2")));
  const auto read = store.All();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &normal), 0);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().code == ErrorCode::kOutcomeUnknown ||
              failed.error().code == ErrorCode::kUnavailable ||
              failed.error().code == ErrorCode::kResourceExhausted)
      << failed.error().message;
  EXPECT_EQ(read.at("/a"), "1");
  ASSERT_TRUE(store.Commit(Only(Put("/b", "1"))));
  EXPECT_EQ(store.All().at("/a"), "1");
}

TEST_F(EmbeddedTest, TooMuchWaitingIsRefusedAndNothingIsDroppedSilently) {
  Opened store(folder_, {.waiting_calls_max = 3});
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  std::promise<void> all;
  constexpr int kCalls = 500;
  for (int i = 0; i < kCalls; ++i) {
    (*store).Commit(Only(Put("/a", "1")), [&](Result<TxnResult> result) {
      if (!result && result.error().code == ErrorCode::kUnavailable) ++refused;
      if (++answered == kCalls) all.set_value();
    });
  }
  all.get_future().wait();
  store.All();
  EXPECT_EQ(store.revision, kCalls - refused);
}

TEST_F(EmbeddedTest, AWatchWhoseOwnerIsTooSlowIsLostNotAHoardOfMemory) {
  Opened store(folder_, {.undelivered_bytes_max = 100'000});
  std::promise<void> held;
  std::promise<void> go;
  std::promise<void> lost;
  auto watch = (*store).WatchRange("/", "/~", 0, [&](const WatchBatch& batch) {
    if (batch.lost) lost.set_value();
  });
  ASSERT_TRUE(store.Commit(Only(Get("/a"))));
  // The loop stands still while the store goes on. All of it in one transaction: nothing tells from
  // outside how far the store has come with several before the loop runs again.
  store.loop().Post([&] {
    held.set_value();
    go.get_future().wait();
  });
  held.get_future().wait();
  Txn much;
  for (int i = 0; i < 20; ++i) {
    much.then.push_back(Put("/a" + std::to_string(i), std::string(10'000, 'v')));
  }
  (*store).Commit(std::move(much), [](Result<TxnResult>) {});
  go.set_value();
  ASSERT_TRUE(store.Commit(Only(Put("/b", "1"))));
  lost.get_future().wait();
  std::promise<void> ended;
  store.loop().Post([&] {
    watch.reset();
    ended.set_value();
  });
  ended.get_future().wait();
}

TEST_F(EmbeddedTest, WhoWaitsLearnsAtOnceThatTheCoordinatorIsGone) {
  auto loop = std::make_unique<Loop>();
  const auto lock = FolderLock::Take(folder_);
  auto coordinator = *EmbeddedCoordinator::Open(*loop, *lock);
  // The loop never runs, so nobody is answered; its end drops the completions.
  std::promise<void> asked;
  auto waiting = std::async(std::launch::async, [&] {
    struct Asking final : Coordinator {
      EmbeddedCoordinator& to;
      std::promise<void>& asked;
      Asking(EmbeddedCoordinator& c, std::promise<void>& a) : to(c), asked(a) {}
      void Range(RangeRequest request, Done<RangeResult> done) override {
        to.Range(std::move(request), std::move(done));
      }
      void Commit(Txn txn, Done<TxnResult> done) override {
        to.Commit(std::move(txn), std::move(done));
        asked.set_value();
      }
      std::unique_ptr<Watch> WatchRange(std::string, std::string, Revision,
                                        std::function<void(const WatchBatch&)>) override {
        return nullptr;
      }
      void Grant(seconds, std::function<void()>, Done<std::unique_ptr<Lease>>) override {}
    } asking(*coordinator, asked);
    return CommitAndWait(asking, Only(Put("/a", "1")), std::chrono::hours(1));
  });
  asked.get_future().wait();
  coordinator.reset();
  loop.reset();
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kOutcomeUnknown);
}

// The child writes a counter over and over and tells each acknowledged number; it is killed at a
// random moment. What it told must be there, and nothing after what it had begun.
TEST_F(EmbeddedTest, KilledAtRandomMomentsItKeepsEveryAcknowledgedCommit) {
  constexpr std::uint64_t kSeed = 20'261'122;
  std::cout << "seed " << kSeed << "\n";
  SeededRandom random(kSeed);
  std::int64_t counter = 0;
  for (int life = 0; life < 12; ++life) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(told[0]);
      Opened store(folder_);
      for (std::int64_t next = counter + 1;; ++next) {
        const std::string value = std::to_string(next);
        const auto result = store.Commit({.when = {},
                                          .then = {Put("/a", value), Put("/b", value),
                                                   Put(fmt::format("/c{}", next % 50), value)},
                                          .otherwise = {}});
        if (!result || ::write(told[1], &next, sizeof next) != sizeof next) ::_exit(1);
      }
    }
    ::close(told[1]);
    std::int64_t heard = counter;
    // At a random acknowledgement, which is a random moment of the next commit.
    const std::int64_t until = counter + 1 + static_cast<std::int64_t>(random.Below(150));
    while (heard < until && ::read(told[0], &heard, sizeof heard) == sizeof heard) {
    }
    ASSERT_EQ(heard, until) << "the child failed by itself";
    ::kill(child, SIGKILL);
    // What was still in the pipe was acknowledged too.
    while (::read(told[0], &heard, sizeof heard) == sizeof heard) {
    }
    ::close(told[0]);
    ::waitpid(child, nullptr, 0);

    ASSERT_EQ(IntegrityCheck(), "ok");
    Opened store(folder_);
    auto all = store.All();
    counter = std::stoll(all.at("/a"));
    ASSERT_GE(counter, heard);
    ASSERT_LE(counter, heard + 1);
    ASSERT_EQ(all.at("/a"), all.at("/b")) << "half a transaction";
    ASSERT_EQ(all.at(fmt::format("/c{}", counter % 50)), all.at("/a"));
    ASSERT_GE(store.revision, counter);
  }
}

}  // namespace
}  // namespace gophercron::coordination
