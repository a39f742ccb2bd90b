#include "service/events.h"

#include <gtest/gtest.h>

namespace gophercron::service {
namespace {

TEST(KeptOutput, IsReadAcrossItsParts) {
  const task::RunOutput whole{.head = "abc", .tail = "def"};
  EXPECT_EQ(ReadKept(whole, 6, 1, 4).bytes, "bcde");
  EXPECT_EQ(ReadKept(whole, 6, 4, 9).bytes, "ef");
  EXPECT_EQ(ReadKept(whole, 6, 6, 9).bytes, "");
}

TEST(KeptOutput, TellsOfTheMiddleThatIsMissing) {
  const task::RunOutput cut{.head = "abc", .tail = "xyz"};
  EXPECT_EQ(ReadKept(cut, 100, 1, 50).bytes, "bc");
  const OutputPiece after = ReadKept(cut, 100, 3, 50);
  EXPECT_EQ(after.offset, 97);
  EXPECT_EQ(after.bytes, "xyz");
  EXPECT_EQ(ReadKept(cut, 100, 98, 1).bytes, "y");
  EXPECT_EQ(ReadKept(cut, 100, 500, 1).bytes, "");
}

}  // namespace
}  // namespace gophercron::service
