#include "base/json.h"

#include <gtest/gtest.h>

namespace gophercron::json {
namespace {

TEST(JsonParse, SaysWhereItStopped) {
  const auto parsed = Parse(R"({"a": 1,, "b": 2})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fields.at(0).offset, 8u);
}

TEST(JsonParse, RefusesTrailingTextAndDepth) {
  EXPECT_FALSE(Parse("1 2"));
  EXPECT_FALSE(Parse(std::string(kDepthMax + 1, '[') + std::string(kDepthMax + 1, ']')));
  EXPECT_FALSE(Parse(""));
  EXPECT_FALSE(ParseObject("[1]"));
}

TEST(JsonMembers, AreTyped) {
  const auto parsed = ParseObject(R"({"s":"x","i":7,"b":true,"n":null})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(String(*parsed, "s"), "x");
  EXPECT_EQ(Int(*parsed, "i"), 7);
  EXPECT_EQ(Bool(*parsed, "b"), true);
  EXPECT_EQ(String(*parsed, "i"), std::nullopt);
  EXPECT_EQ(Int(*parsed, "n"), std::nullopt);
}

}  // namespace
}  // namespace gophercron::json
