#include "base/time.h"

#include <gtest/gtest.h>

namespace gophercron {
namespace {

TEST(Rfc3339, RoundTrips) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-03-28T12:00:00Z", "2026-03-28T12:00:00.5Z",
                           "2099-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.25Z"}) {
    const auto parsed = ParseRfc3339(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(FormatRfc3339(*parsed), text);
  }
}

TEST(Rfc3339, OffsetIsTakenOff) {
  EXPECT_EQ(*ParseRfc3339("2026-03-28T13:00:00+01:00"), *ParseRfc3339("2026-03-28T12:00:00Z"));
  EXPECT_EQ(*ParseRfc3339("2026-03-27T22:30:00-13:30"), *ParseRfc3339("2026-03-28T12:00:00Z"));
  EXPECT_EQ(FormatRfc3339(*ParseRfc3339("2026-03-28T12:00:00Z"), seconds(-12600)),
            "2026-03-28T08:30:00-03:30");
}

TEST(Rfc3339, RefusesWhatIsNotATime) {
  for (const char* text :
       {"", "2026", "2026-03-28", "2026-03-28T12:00:00", "2026-02-30T12:00:00Z",
        "2026-03-28T24:00:00Z", "2026-03-28T12:60:00Z", "2026-03-28T12:00:00Zx",
        "2026-03-28T12:00:00.Z", "2026-03-28T12:00:00+1:00", "x026-03-28T12:00:00Z"}) {
    EXPECT_FALSE(ParseRfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace gophercron
