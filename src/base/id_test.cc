#include "base/id.h"

#include <gtest/gtest.h>

namespace gophercron {
namespace {

TEST(NewId, SortsByTimeAndDiffers) {
  SeededRandom random(1);
  const Instant early(seconds(1'795'352'899));
  const std::string first = NewId(early, random);
  EXPECT_EQ(first.size(), 26u);
  EXPECT_NE(first, NewId(early, random));
  EXPECT_LT(first, NewId(early + milliseconds(1), random));
}

TEST(FirstIdAt, StandsBeforeTheIdsOfItsMillisecond) {
  SeededRandom random(1);
  const Instant at(seconds(1'795'352'899));
  EXPECT_LE(FirstIdAt(at), NewId(at, random));
  EXPECT_GT(FirstIdAt(at), NewId(at - milliseconds(1), random));
}

TEST(NewNumericId, FitsASigned64BitColumn) {
  SeededRandom random(1);
  const std::string id = NewNumericId(Instant(seconds(4'000'000'000)), random);
  EXPECT_GT(std::stoll(id), 0);
}

}  // namespace
}  // namespace gophercron
