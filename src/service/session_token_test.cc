#include "service/session_token.h"

#include <gtest/gtest.h>
#include <jwt.h>

#include <cstdlib>
#include <string>

namespace gophercron::service {
namespace {

const Instant kNow = ParseRfc3339("2026-03-28T12:00:00Z").value();
const std::string kSecret = "0123456789abcdef0123456789abcdef";

SessionClaims Claims() {
  return {
      .session_id = "one", .user_id = 7, .epoch = 3, .expires_at = kNow + std::chrono::hours(1)};
}

// A token with the right secret and whatever else.
std::string Forge(jwt_alg_t algorithm, const std::string& secret, bool expires,
                  const char* audience) {
  jwt_t* jwt = nullptr;
  EXPECT_EQ(jwt_new(&jwt), 0);
  jwt_add_grant(jwt, "iss", "gophercron");
  jwt_add_grant(jwt, "aud", audience);
  jwt_add_grant(jwt, "jti", "one");
  jwt_add_grant_int(jwt, "sub", 7);
  jwt_add_grant_int(jwt, "epoch", 3);
  jwt_add_grant_int(jwt, "iat", 0);
  if (expires) jwt_add_grant_int(jwt, "exp", 4'000'000'000);
  const auto* key = reinterpret_cast<const unsigned char*>(secret.data());
  jwt_set_alg(jwt, algorithm, algorithm == JWT_ALG_NONE ? nullptr : key,
              algorithm == JWT_ALG_NONE ? 0 : static_cast<int>(secret.size()));
  char* text = jwt_encode_str(jwt);
  std::string token(text == nullptr ? "" : text);
  std::free(text);
  jwt_free(jwt);
  return token;
}

TEST(SessionTokens, ComeBackUntilTheyExpire) {
  const SessionTokens tokens(kSecret, "here");
  const std::string token = tokens.Issue(Claims(), kNow).value();
  const auto read = tokens.Read(token, kNow);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->session_id, "one");
  EXPECT_EQ(read->user_id, 7);
  EXPECT_EQ(read->epoch, 3);
  EXPECT_FALSE(tokens.Read(token, kNow + std::chrono::hours(1)).has_value());
}

TEST(SessionTokens, OnlyOursCount) {
  const SessionTokens tokens(kSecret, "here");
  EXPECT_TRUE(tokens.Read(Forge(JWT_ALG_HS256, kSecret, true, "here"), kNow).has_value());
  EXPECT_FALSE(tokens.Read(Forge(JWT_ALG_HS512, kSecret, true, "here"), kNow).has_value())
      << "algorithm";
  EXPECT_FALSE(tokens.Read(Forge(JWT_ALG_NONE, kSecret, true, "here"), kNow).has_value()) << "none";
  EXPECT_FALSE(tokens.Read(Forge(JWT_ALG_HS256, kSecret, false, "here"), kNow).has_value())
      << "no exp";
  EXPECT_FALSE(tokens.Read(Forge(JWT_ALG_HS256, kSecret, true, "there"), kNow).has_value())
      << "audience";
  EXPECT_FALSE(tokens.Read(Forge(JWT_ALG_HS256, kSecret + "x", true, "here"), kNow).has_value())
      << "secret";
  for (const std::string& junk :
       {std::string(), std::string("a.b.c"), std::string("."), std::string(5'000, 'a')}) {
    EXPECT_FALSE(tokens.Read(junk, kNow).has_value());
  }
  std::string changed = tokens.Issue(Claims(), kNow).value();
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(tokens.Read(changed, kNow).has_value());
}

TEST(SessionTokens, PublicSecretsAreNone) {
  EXPECT_TRUE(IsPublicSecret(""));
  EXPECT_TRUE(IsPublicSecret("123456"));
  EXPECT_TRUE(IsPublicSecret("fjskfjls2ifeew2mn"));
  EXPECT_FALSE(IsPublicSecret(kSecret));
}

}  // namespace
}  // namespace gophercron::service
