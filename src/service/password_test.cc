#include "service/password.h"

#include <gtest/gtest.h>

namespace gophercron::service {
namespace {

TEST(Password, HashIsChecked) {
  const auto hash = HashPassword("correct horse");
  ASSERT_TRUE(hash.has_value());
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_EQ(CheckPassword("correct horse", *hash, ""), PasswordVerdict::kRight);
  EXPECT_EQ(CheckPassword("wrong horse", *hash, ""), PasswordVerdict::kWrong);
  EXPECT_EQ(CheckPassword("", *hash, ""), PasswordVerdict::kWrong);
}

TEST(Password, V1HashIsRightAndOld) {
  // MD5 of "123456" followed by the salt "ABC123".
  const std::string hash = "70e4750fefbab47583a6b61faf42100e";
  EXPECT_EQ(CheckPassword("123456", hash, "ABC123"), PasswordVerdict::kRightAndOld);
  EXPECT_EQ(CheckPassword("123456", hash, "WRONG1"), PasswordVerdict::kWrong);
  EXPECT_EQ(CheckPassword("john", "527bd5b5d689e2c32ae974c6229ff785", ""),
            PasswordVerdict::kRightAndOld);
}

TEST(Password, NoHashIsNeverRight) {
  EXPECT_EQ(CheckPassword("", "", ""), PasswordVerdict::kWrong);
  EXPECT_EQ(CheckPassword("x", "", ""), PasswordVerdict::kWrong);
  EXPECT_EQ(CheckPassword("x", "x", ""), PasswordVerdict::kWrong);
}

TEST(Password, PublicAndShortOnesAreNotChosen) {
  for (const char* bad : {"", "short", "123456789", "aaaaaaaaaaaa", "password1", "administrator"}) {
    EXPECT_FALSE(CheckNewPassword(bad, "someone").has_value()) << bad;
  }
  EXPECT_FALSE(CheckNewPassword("the-account", "the-account").has_value());
  EXPECT_FALSE(CheckNewPassword(std::string(129, 'x') + "y", "a").has_value());
  EXPECT_TRUE(CheckNewPassword("correct horse", "ann").has_value());
}

}  // namespace
}  // namespace gophercron::service
