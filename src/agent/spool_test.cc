#include "agent/spool.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/sqlite/sqlite.h"

namespace gophercron::agent {
namespace {

constexpr Instant kNow{seconds(1'700'000'000)};

task::LedgerRecord RunOf(const std::string& id, const std::string& head = "") {
  task::LedgerRecord record;
  record.run.emplace();
  record.run->run_id = id;
  record.run->task = {.project_id = 1, .task_id = "7"};
  record.run->outcome = task::Outcome::kSucceeded;
  record.run->output_bytes = static_cast<std::int64_t>(head.size());
  record.output.head = head;
  return record;
}

task::LedgerRecord SpanOf(seconds first, seconds last) {
  task::LedgerRecord record;
  record.span.emplace();
  record.span->task = {.project_id = 1, .task_id = "7"};
  record.span->first = TickInstant(first);
  record.span->last = TickInstant(last);
  record.span->count = 2;
  record.span->reason = task::Reason::kOvertaken;
  return record;
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "spool.XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/spool.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Spool> Open(Spool::Options options = {}) {
    auto spool = Spool::Open(path_, options);
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
  }

  void Damage(const std::string& sql) {
    auto database = sqlite::Open(path_);
    ASSERT_TRUE(database);
    (*database)->exec(sql);
  }

  std::string folder_, path_;
};

TEST_F(SpoolTest, GivesBackWhatWasAppendedInOrderAfterReopening) {
  const std::string bytes("any\0bytes\xff\n", 11);
  {
    auto spool = Open();
    ASSERT_TRUE(
        spool->Append(std::vector{RunOf("a", bytes), SpanOf(seconds(10), seconds(20))}, kNow));
    ASSERT_TRUE(spool->Append(std::vector{RunOf("b")}, kNow + seconds(5)));
  }
  auto spool = Open();
  EXPECT_EQ(spool->Count(), 3);
  EXPECT_EQ(spool->State().oldest, kNow);
  const auto all = spool->Peek(10, 1'000'000);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].record.run->run_id, "a");
  EXPECT_EQ((*all)[0].record.output.head, bytes);
  EXPECT_EQ((*all)[1].record.span->last, TickInstant(seconds(20)));
  EXPECT_EQ((*all)[2].record.run->run_id, "b");

  ASSERT_TRUE(spool->Remove(std::vector{(*all)[0].id, (*all)[1].id, SpoolId{999}}));
  EXPECT_EQ(spool->Count(), 1);
  EXPECT_EQ(spool->State().oldest, kNow + seconds(5));
  ASSERT_TRUE(spool->Remove(std::vector{(*all)[2].id}));
  EXPECT_EQ(spool->Bytes(), 0);
  EXPECT_FALSE(spool->State().oldest);
}

TEST_F(SpoolTest, PeekIsBoundedButAlwaysGivesOne) {
  auto spool = Open();
  const std::string big(10'000, 'x');
  ASSERT_TRUE(spool->Append(std::vector{RunOf("a", big), RunOf("b", big), RunOf("c", big)}, kNow));
  EXPECT_EQ(spool->Peek(2, 1'000'000)->size(), 2u);
  EXPECT_EQ(spool->Peek(10, 1)->size(), 1u);
  const auto first = spool->Peek(1, 1);
  EXPECT_EQ(spool->Peek(1, 1, (*first)[0].id)->at(0).record.run->run_id, "b");
}

TEST_F(SpoolTest, DropsOldestOutputBeforeAnyOutcome) {
  auto spool = Open({.quota_bytes = 100'000});
  const std::string output(9'000, 'x');
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(spool->Append(std::vector{RunOf(std::to_string(100 + i), output)}, kNow));
    EXPECT_LE(spool->Bytes(), 100'000);
  }
  EXPECT_EQ(spool->Count(), 30);
  EXPECT_EQ(spool->State().dropped_records, 0);
  const auto all = spool->Peek(100, 10'000'000);
  EXPECT_EQ(all->front().record.output.head, "");
  EXPECT_EQ(all->front().record.run->dropped_bytes, 9'000);
  EXPECT_EQ(all->back().record.output.head, output);
  EXPECT_EQ(all->back().record.run->dropped_bytes, 0);
}

TEST_F(SpoolTest, DropsOldestOutcomesOnlyWhenNoOutputIsLeft) {
  auto spool = Open({.quota_bytes = 4'000});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(spool->Append(std::vector{RunOf(std::to_string(100 + i))}, kNow));
  }
  EXPECT_LE(spool->Bytes(), 4'000);
  EXPECT_EQ(spool->State().dropped_records + spool->Count(), 100);
  EXPECT_EQ(spool->Peek(100, 10'000'000)->back().record.run->run_id, "199");
}

TEST_F(SpoolTest, UnreadableRecordsAreSetAsideAndBlockNobody) {
  {
    auto spool = Open();
    ASSERT_TRUE(spool->Append(std::vector{RunOf("a"), RunOf("b"), RunOf("c"), RunOf("d")}, kNow));
  }
  Damage(
      "UPDATE spool SET record = substr(record, 1, 20) WHERE id = 1;"
      "UPDATE spool SET record = '{\"neither\":1}' WHERE id = 2;"
      "UPDATE spool SET record = '{\"run\":{\"outcome\":\"of another kind\"}}' WHERE id = 3;");
  auto spool = Open();
  const auto left = spool->Peek(10, 1'000'000);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().record.run->run_id, "d");
  EXPECT_EQ(spool->Count(), 1);
  EXPECT_EQ(spool->State().set_aside, 3);
}

TEST_F(SpoolTest, FileThatIsNoDatabaseIsMovedAside) {
  std::ofstream(path_) << std::string(8'192, 'z');
  auto spool = Open();
  ASSERT_TRUE(spool->Append(std::vector{RunOf("a")}, kNow));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".corrupt"));
}

TEST_F(SpoolTest, FullDiskIsAClearErrorAndNothingIsWritten) {
  auto spool = Open({.quota_bytes = 100'000'000, .file_bytes_max = 200'000});
  ASSERT_TRUE(spool->Append(std::vector{RunOf("a")}, kNow));
  const auto before = spool->State();
  const Status full =
      spool->Append(std::vector{RunOf("b"), RunOf("c", std::string(300'000, 'x'))}, kNow);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted) << full.error().message;
  EXPECT_EQ(spool->Count(), 1);
  EXPECT_EQ(spool->Bytes(), before.bytes);
  EXPECT_EQ(spool->Peek(10, 1'000'000)->size(), 1u);
  EXPECT_TRUE(spool->Append(std::vector{RunOf("d")}, kNow));
}

}  // namespace
}  // namespace gophercron::agent
