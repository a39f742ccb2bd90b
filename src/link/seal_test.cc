#include "link/seal.h"

#include <gtest/gtest.h>

namespace gophercron::link {
namespace {

const Instant kNow{seconds(1'795'352'899)};
constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

std::string Sealed(std::string_view body = "{}", std::string_view nonce = "n1") {
  return MakeSeal(kSecret, "POST", "/api/cluster/v1/ledger", body, kNow, nonce);
}

TEST(SealTest, IsTakenOnce) {
  SealChecker checker(kSecret);
  EXPECT_TRUE(checker.Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{}", kNow));
  const auto again = checker.Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{}", kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kUnauthenticated);
  EXPECT_TRUE(checker.Check(Sealed("{}", "n2"), "POST", "/api/cluster/v1/ledger", "{}", kNow));
}

TEST(SealTest, IsForThisRequestOnly) {
  SealChecker checker(kSecret);
  EXPECT_FALSE(checker.Check(Sealed(), "PUT", "/api/cluster/v1/ledger", "{}", kNow));
  EXPECT_FALSE(checker.Check(Sealed(), "POST", "/api/cluster/v1/live", "{}", kNow));
  EXPECT_FALSE(checker.Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{ }", kNow));
  EXPECT_FALSE(
      SealChecker("another").Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{}", kNow));
}

TEST(SealTest, TellsStrangersBeforeTheBodyIsRead) {
  SealChecker checker(kSecret);
  EXPECT_TRUE(checker.CheckHead(Sealed(), "POST", "/api/cluster/v1/ledger", kNow));
  EXPECT_TRUE(checker.CheckHead(Sealed(), "POST", "/api/cluster/v1/ledger", kNow))
      << "uses nothing up";
  EXPECT_FALSE(checker.CheckHead(Sealed(), "POST", "/api/cluster/v1/live", kNow));
  std::string other_body = Sealed();
  other_body[other_body.find("b=") + 2] ^= 1;
  EXPECT_FALSE(checker.CheckHead(other_body, "POST", "/api/cluster/v1/ledger", kNow));
}

TEST(SealTest, IsForAMinute) {
  SealChecker checker(kSecret);
  const Instant late = kNow + SealChecker::kValidFor + seconds(1);
  EXPECT_FALSE(checker.Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{}", late));
  const Instant early = kNow - SealChecker::kValidFor - seconds(1);
  EXPECT_FALSE(checker.Check(Sealed(), "POST", "/api/cluster/v1/ledger", "{}", early));
}

TEST(SealTest, GarbageIsRefused) {
  SealChecker checker(kSecret);
  for (const char* seal : {"", "t=", "t=x,n=1,s=2", "t=1795352899,n=,s=ab", "t=1795352899,n=1",
                           "s=1,n=2,t=3", "t=99999999999999999999,n=1,s=1"}) {
    EXPECT_FALSE(checker.Check(seal, "POST", "/", "", kNow)) << seal;
  }
}

}  // namespace
}  // namespace gophercron::link
