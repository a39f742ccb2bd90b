#include "service/session_token.h"

#include <jwt.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

namespace gophercron::service {
namespace {

constexpr const char* kIssuer = "gophercron";
constexpr std::size_t kTokenBytesMax = 2'048;
constexpr std::size_t kSecretBytesMin = 16;
constexpr std::array<std::string_view, 4> kPublicSecrets = {
    "fjskfjls2ifeew2mn", "your-256-bit-secret", "secretsecretsecret", "changemechangeme"};

struct FreeJwt {
  void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool GrantIs(jwt_t* jwt, const char* name, std::string_view value) {
  const char* found = jwt_get_grant(jwt, name);
  return found != nullptr && found == value;
}

bool ReadGrant(jwt_t* jwt, const char* name, std::int64_t* into) {
  errno = 0;
  *into = jwt_get_grant_int(jwt, name);
  return errno == 0;
}

std::int64_t UnixSeconds(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

}  // namespace

SessionTokens::SessionTokens(std::string secret, std::string audience)
    : secret_(std::move(secret)), audience_(std::move(audience)) {}

Result<std::string> SessionTokens::Issue(const SessionClaims& claims, Instant now) const {
  jwt_t* made = nullptr;
  bool ok = jwt_new(&made) == 0;
  const Jwt jwt(made);
  ok = ok && jwt_add_grant(jwt.get(), "iss", kIssuer) == 0 &&
       jwt_add_grant(jwt.get(), "aud", audience_.c_str()) == 0 &&
       jwt_add_grant(jwt.get(), "jti", claims.session_id.c_str()) == 0 &&
       jwt_add_grant_int(jwt.get(), "sub", claims.user_id) == 0 &&
       jwt_add_grant_int(jwt.get(), "epoch", claims.epoch) == 0 &&
       jwt_add_grant_int(jwt.get(), "iat", UnixSeconds(now)) == 0 &&
       jwt_add_grant_int(jwt.get(), "exp", UnixSeconds(claims.expires_at)) == 0 &&
       jwt_set_alg(jwt.get(), JWT_ALG_HS256, Bytes(secret_), static_cast<int>(secret_.size())) == 0;
  char* encoded = ok ? jwt_encode_str(jwt.get()) : nullptr;
  if (encoded == nullptr) return Fail(ErrorCode::kInternal, "a session token could not be signed");
  std::string token(encoded);
  std::free(encoded);
  return token;
}

Result<SessionClaims> SessionTokens::Read(std::string_view token, Instant now) const {
  const auto refuse = [] {
    return Fail(ErrorCode::kUnauthenticated, "you are not signed in, or no longer: sign in again");
  };
  if (token.empty() || token.size() > kTokenBytesMax) return refuse();
  jwt_t* read = nullptr;
  const int failure = jwt_decode(&read, std::string(token).c_str(), Bytes(secret_),
                                 static_cast<int>(secret_.size()));
  const Jwt jwt(failure == 0 ? read : nullptr);
  // The algorithm is ours to choose, not the token's.
  if (!jwt || jwt_get_alg(jwt.get()) != JWT_ALG_HS256) return refuse();
  SessionClaims claims;
  std::int64_t expires_at = 0;
  std::int64_t issued_at = 0;
  if (!GrantIs(jwt.get(), "iss", kIssuer) || !GrantIs(jwt.get(), "aud", audience_) ||
      !ReadGrant(jwt.get(), "sub", &claims.user_id) ||
      !ReadGrant(jwt.get(), "epoch", &claims.epoch) || !ReadGrant(jwt.get(), "exp", &expires_at) ||
      !ReadGrant(jwt.get(), "iat", &issued_at)) {
    return refuse();
  }
  const char* id = jwt_get_grant(jwt.get(), "jti");
  if (id == nullptr || *id == '\0') return refuse();
  claims.session_id = id;
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (expires_at > kYear9999 || UnixSeconds(now) >= expires_at) return refuse();
  claims.expires_at = Instant(seconds(expires_at));
  return claims;
}

bool IsPublicSecret(std::string_view secret) {
  return secret.size() < kSecretBytesMin ||
         std::ranges::find(kPublicSecrets, secret) != kPublicSecrets.end();
}

}  // namespace gophercron::service
