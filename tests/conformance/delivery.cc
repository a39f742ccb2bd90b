// From spool to store: through outages, refused records and unanswered writes.

#include "agent/delivery.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "sim/sim_store.h"

namespace gophercron::agent {
namespace {

task::LedgerRecord RunOf(int number) {
  task::LedgerRecord record;
  auto& run = record.run.emplace();
  run.run_id = "r" + std::to_string(1000 + number);
  run.task = {.project_id = 1, .task_id = "7"};
  run.tick = TickInstant(seconds(1'700'000'000 + number));
  run.outcome = task::Outcome::kSucceeded;
  return record;
}

task::LedgerRecord Poison(int number) {
  auto record = RunOf(number);
  record.run->attempt = 0;  // the spool takes it, no store does
  return record;
}

class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "delivery.XXXXXX";
    folder_ = mkdtemp(pattern.data());
    spool_ = *Spool::Open(folder_ + "/spool.db");
  }
  void TearDown() override {
    spool_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::size_t Stored() {
    storage::RunQuery all;
    all.limit = 10'000;
    return store_.ListRuns(all)->size();
  }

  std::string folder_;
  std::unique_ptr<Spool> spool_;
  sim::SimStore store_;
  SeededRandom random_{1};
};

TEST_F(DeliveryTest, MovesEverythingInBatches) {
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(spool_->Append(std::vector{RunOf(i)}, Instant()));
  Deliverer deliverer(*spool_, store_, random_, {.batch_records = 10});
  EXPECT_EQ(deliverer.DeliverSome().next, milliseconds(0));
  EXPECT_EQ(Stored(), 10u);
  deliverer.DeliverSome();
  EXPECT_FALSE(deliverer.DeliverSome().next);
  EXPECT_EQ(Stored(), 25u);
  EXPECT_EQ(spool_->Count(), 0);
}

TEST_F(DeliveryTest, PoisonIsSetAsideAndBlocksNobody) {
  std::vector<task::LedgerRecord> records;
  for (int i = 0; i < 40; ++i) records.push_back(i % 13 == 5 ? Poison(i) : RunOf(i));
  ASSERT_TRUE(spool_->Append(records, Instant()));
  Deliverer deliverer(*spool_, store_, random_);
  const auto round = deliverer.DeliverSome();
  EXPECT_EQ(round.set_aside, 3);
  EXPECT_FALSE(round.next);
  EXPECT_EQ(Stored(), 37u);
  EXPECT_EQ(spool_->State().set_aside, 3);
}

TEST_F(DeliveryTest, OutageKeepsEverythingAndBacksOff) {
  ASSERT_TRUE(spool_->Append(std::vector{RunOf(1), Poison(2)}, Instant()));
  store_.SetOutage(sim::Outage::kUnavailable);
  Deliverer deliverer(*spool_, store_, random_,
                      {.retry_first = milliseconds(100), .retry_max = milliseconds(1000)});
  milliseconds last{0};
  for (int i = 0; i < 8; ++i) {
    const auto round = deliverer.DeliverSome();
    EXPECT_FALSE(round.status);
    last = *round.next;
    EXPECT_LE(last, milliseconds(1000));
  }
  EXPECT_GE(last, milliseconds(500));
  EXPECT_EQ(spool_->Count(), 2);
  store_.SetOutage(sim::Outage::kUnanswered);
  EXPECT_FALSE(deliverer.DeliverSome().status);
  store_.SetOutage(sim::Outage::kNone);
  deliverer.DeliverSome();
  EXPECT_EQ(Stored(), 1u);
  EXPECT_EQ(spool_->Count(), 0);
}

TEST_F(DeliveryTest, ThreadDeliversWhatIsAppendedAndSaysWhatIsNot) {
  store_.SetOutage(sim::Outage::kUnavailable);
  ASSERT_TRUE(spool_->Append(std::vector{RunOf(1)}, Instant(seconds(5))));
  Delivery delivery(*spool_, store_, {.retry_max = milliseconds(50)});
  EXPECT_EQ(delivery.UndeliveredSince(), Instant(seconds(5)));
  store_.SetOutage(sim::Outage::kNone);
  EXPECT_TRUE(delivery.Flush(seconds(60)));
  EXPECT_FALSE(delivery.UndeliveredSince());
  ASSERT_TRUE(spool_->Append(std::vector{RunOf(2)}, Instant()));
  delivery.Notify();
  EXPECT_TRUE(delivery.Flush(seconds(60)));
  EXPECT_EQ(Stored(), 2u);
}

}  // namespace
}  // namespace gophercron::agent
