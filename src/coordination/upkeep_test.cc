#include "coordination/upkeep.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gophercron::coordination {
namespace {

BootTime Minute(int minute) {
  return BootTime(std::chrono::minutes(minute));
}

TEST(CompactionPlan, WhatIsYoungerThanItsAgeStays) {
  CompactionPlan plan(std::chrono::minutes(10));
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_EQ(plan.Observe(Minute(minute), 100 + minute), std::nullopt);
  }
  EXPECT_EQ(plan.Observe(Minute(10), 110), 100);
  EXPECT_EQ(plan.Observe(Minute(11), 110), 101);
  EXPECT_EQ(plan.Observe(Minute(15), 110), 105);
  // Nothing was written: nothing to forget.
  EXPECT_EQ(plan.Observe(Minute(40), 110), 110);
  EXPECT_EQ(plan.Observe(Minute(60), 110), std::nullopt);
  // Another history.
  EXPECT_EQ(plan.Observe(Minute(61), 5), std::nullopt);
  EXPECT_EQ(plan.Observe(Minute(71), 6), 5);
}

TEST(StoreMemory, AnotherClusterAndALowerRevisionAreNoticed) {
  const StoreIdentity known{.cluster = "00000000000000aa", .revision = 100};
  EXPECT_FALSE(WentBack({}, known));
  EXPECT_FALSE(WentBack(known, known));
  EXPECT_FALSE(WentBack(known, {.cluster = known.cluster, .revision = 101}));
  EXPECT_TRUE(WentBack(known, {.cluster = known.cluster, .revision = 99}));
  EXPECT_TRUE(WentBack(known, {.cluster = "00000000000000ab", .revision = 1'000}));
}

TEST(StoreMemory, IsKeptInItsFileAndAFileThatIsNoneIsRefused) {
  std::string folder = testing::TempDir() + "store_memory_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/store";
  {
    auto memory = StoreMemory::Open(path);
    ASSERT_TRUE(memory) << memory.error().message;
    EXPECT_EQ(memory->known(), StoreIdentity());
    ASSERT_TRUE(memory->Remember({.cluster = "00000000000000aa", .revision = 7}));
    ASSERT_TRUE(memory->Remember({.cluster = "00000000000000aa", .revision = 1'234}));
  }
  EXPECT_EQ(StoreMemory::Open(path)->known(),
            (StoreIdentity{.cluster = "00000000000000aa", .revision = 1'234}));
  for (const char* wrong : {"", "\n", "00000000000000aa 12", "00000000000000aa x\n", "aa 12\n",
                            "00000000000000aa -1\n", "00000000000000zz 1\n"}) {
    std::ofstream(path) << wrong;
    const auto refused = StoreMemory::Open(path);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gophercron::coordination
