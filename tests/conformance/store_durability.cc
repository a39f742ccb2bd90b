// What was acknowledged is there after kill -9 at any moment: the SQLite store and the spool, each
// written by a child process that is killed in the middle.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "agent/spool.h"
#include "base/random.h"
#include "base/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_store.h"

namespace gophercron {
namespace {

std::vector<task::LedgerRecord> Batch(std::int64_t number) {
  std::vector<task::LedgerRecord> batch;
  for (std::int64_t i = number * 10; i < number * 10 + 10; ++i) {
    auto& record = batch.emplace_back();
    auto& run = record.run.emplace();
    run.run_id = "r" + std::to_string(1'000'000 + i);
    run.task = {.project_id = 1, .task_id = std::to_string(i % 4)};
    run.tick = TickInstant(seconds(1'700'000'000 + i));
    run.outcome = task::Outcome::kSucceeded;
    record.output.head = std::string(static_cast<std::size_t>(i % 700), 'x');
  }
  return batch;
}

// Runs `write(number)` in a child for 0, 1, 2 …, kills it after some batches, and gives how many
// were acknowledged for certain.
template <class Write>
std::int64_t WriteAndKill(Random& random, Write&& write) {
  int acks[2];
  EXPECT_EQ(pipe(acks), 0);
  const pid_t child = fork();
  if (child == 0) {
    for (std::int64_t number = 0;; ++number) {
      if (!write(number)) _exit(1);
      if (::write(acks[1], "a", 1) != 1) _exit(1);
    }
  }
  close(acks[1]);
  const auto wanted = static_cast<std::int64_t>(5 + random.Below(40));
  std::int64_t acknowledged = 0;
  char ack;
  while (acknowledged < wanted && read(acks[0], &ack, 1) == 1) ++acknowledged;
  kill(child, SIGKILL);
  while (read(acks[0], &ack, 1) == 1) ++acknowledged;
  close(acks[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
  EXPECT_GE(acknowledged, wanted);
  return acknowledged;
}

class KillTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "kill.XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void ExpectSound(const std::string& path) {
    auto database = sqlite::Open(path);
    ASSERT_TRUE(database);
    EXPECT_EQ((*database)->execAndGet("PRAGMA integrity_check").getString(), "ok");
  }

  const std::uint64_t seed_ = SystemRandom().Next();
  SeededRandom random_{seed_};
  std::string folder_;
};

TEST_F(KillTest, StoreKeepsWhatItAcknowledged) {
  for (int round = 0; round < 6; ++round) {
    const std::string path = folder_ + "/" + std::to_string(round) + ".db";
    const std::int64_t acknowledged = WriteAndKill(random_, [&](std::int64_t number) {
      static auto store = storage::OpenSqliteStore(path);
      return store.has_value() && (*store)->Record(Batch(number)).has_value();
    });
    auto store = storage::OpenSqliteStore(path);
    ASSERT_TRUE(store) << store.error().message;
    for (std::int64_t number = 0; number < acknowledged; ++number) {
      for (const auto& record : Batch(number)) {
        const auto run = (*store)->RunById(record.run->run_id);
        ASSERT_TRUE(run) << "seed " << seed_ << ": acknowledged and lost: " << record.run->run_id;
        EXPECT_EQ((*store)->ReadOutput(run->run_id, 0, 1000)->bytes, record.output.head);
      }
    }
    // A batch is there as a whole or not at all.
    storage::RunQuery all;
    all.limit = 1'000'000;
    EXPECT_EQ((*store)->ListRuns(all)->size() % 10, 0u) << "seed " << seed_;
    store->reset();
    ExpectSound(path);
  }
}

TEST_F(KillTest, SpoolKeepsWhatItAcknowledged) {
  for (int round = 0; round < 6; ++round) {
    const std::string path = folder_ + "/" + std::to_string(round) + ".spool";
    const std::int64_t acknowledged = WriteAndKill(random_, [&](std::int64_t number) {
      static auto spool = agent::Spool::Open(path);
      return spool.has_value() && (*spool)->Append(Batch(number), Instant()).has_value();
    });
    auto spool = agent::Spool::Open(path);
    ASSERT_TRUE(spool) << spool.error().message;
    const auto left = (*spool)->Peek(1'000'000, 1'000'000'000);
    ASSERT_TRUE(left);
    EXPECT_GE(static_cast<std::int64_t>(left->size()), acknowledged * 10) << "seed " << seed_;
    EXPECT_EQ(left->size() % 10, 0u) << "seed " << seed_;
    EXPECT_EQ((*spool)->State().set_aside, 0);
    spool->reset();
    ExpectSound(path);
  }
}

}  // namespace
}  // namespace gophercron
