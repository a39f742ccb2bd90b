// Session tokens: a JWT (HS256) that names its user, the session, and the epoch of that user's
// sessions. Whether it still counts is asked of the store at every request, so a sign-out acts at
// once.
#ifndef GOPHERCRON_SERVICE_SESSION_TOKEN_H_
#define GOPHERCRON_SERVICE_SESSION_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "storage/store.h"

namespace gophercron::service {

struct SessionClaims {
  std::string session_id;
  storage::UserId user_id = 0;
  std::int64_t epoch = 0;
  Instant expires_at{};
};

// Signs and reads. Any thread. `audience` names the installation: two that were given the same
// secret still do not accept each other's tokens.
class SessionTokens {
 public:
  SessionTokens(std::string secret, std::string audience);

  Result<std::string> Issue(const SessionClaims& claims, Instant now) const;
  // kUnauthenticated for whatever is not a token of ours that still counts at `now`; never says
  // why.
  Result<SessionClaims> Read(std::string_view token, Instant now) const;

 private:
  std::string secret_;
  std::string audience_;
};

// Values of jwt.secret that everybody knows (v1's own example among them) or that are too short.
bool IsPublicSecret(std::string_view secret);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_SESSION_TOKEN_H_
