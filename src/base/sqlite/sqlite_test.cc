#include "base/sqlite/sqlite.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

namespace gophercron::sqlite {
namespace {

struct SqliteTest : testing::Test {
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gophercron-sqlite-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string folder;
};

TEST_F(SqliteTest, MigratesOnceAndRefusesANewerFile) {
  const std::array<std::string_view, 2> both = {"CREATE TABLE a (x)", "CREATE TABLE b (x)"};
  auto database = Open(folder + "/x.db");
  ASSERT_TRUE(database);
  ASSERT_TRUE(Migrate(**database, std::span(both).first(1)));
  ASSERT_TRUE(Migrate(**database, both));
  ASSERT_TRUE(Migrate(**database, both));
  const auto refused = Migrate(**database, std::span(both).first(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST_F(SqliteTest, AFailedMigrationLeavesNothing) {
  const std::array<std::string_view, 1> broken = {"CREATE TABLE a (x); CREATE TABLE a (x)"};
  const std::array<std::string_view, 1> good = {"CREATE TABLE a (x)"};
  auto database = Open(folder + "/x.db");
  EXPECT_FALSE(Migrate(**database, broken));
  EXPECT_TRUE(Migrate(**database, good));
}

TEST_F(SqliteTest, TranslatesConstraintAndMissingFolder) {
  auto database = Open(folder + "/x.db");
  const auto conflict = Try("adding", [&] {
    (*database)->exec(
        "CREATE TABLE a (x PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)");
  });
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(Open(folder + "/none/x.db"));
}

}  // namespace
}  // namespace gophercron::sqlite
