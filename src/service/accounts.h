// Accounts: who may come in, and how they prove it: passwords, one-time codes, sessions, API
// tokens.
//
// Secrets are shown once, to whoever they are for, and kept only as hashes. Nothing here tells an
// unknown account from a wrong password, in words or in time.
//
// Threads: any. Calls that hash take turns, so that at most one hash is computed at a time; a
// caller bounds how many wait.
#ifndef GOPHERCRON_SERVICE_ACCOUNTS_H_
#define GOPHERCRON_SERVICE_ACCOUNTS_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "service/access.h"
#include "service/login_throttle.h"
#include "service/ports.h"
#include "service/session_token.h"
#include "storage/store.h"

namespace gophercron::service {

struct AccountsOptions {
  // Used unless it is public or too short; else a random one that the store keeps.
  std::string jwt_secret;
  seconds session_ttl = std::chrono::hours(24 * 7);
  seconds code_ttl = std::chrono::hours(24);
};

// What the first administrator's password comes from, best first.
struct FirstPassword {
  std::optional<std::string> from_environment;  // GOPHERCRON_ADMIN_PASSWORD
  std::optional<std::string> from_config;       // must be changed at the first sign-in
};

struct Session {
  std::string token;
  Instant expires_at{};
  Caller caller;
};

struct LoginRefused {
  Error error;
  // Set when it was refused for its pace: when to come again.
  std::optional<seconds> retry_after;
};

class Accounts {
 public:
  // Reads the signing secret from the store, or puts one there.
  static Result<std::unique_ptr<Accounts>> Open(const Ports& ports, AccountsOptions options);

  // Makes `admin` unless there is one. A code to sign in with comes back for as long as nobody has
  // set its password; a new one at each call.
  Result<std::optional<std::string>> EnsureAdministrator(const FirstPassword& password);

  std::expected<Session, LoginRefused> Login(std::string_view account, std::string_view password,
                                             std::string_view address);
  // Signs in whom the code is for, to set a password.
  std::expected<Session, LoginRefused> Redeem(std::string_view code, std::string_view address);
  // A session token or an API token. kUnauthenticated for anything else.
  Result<Caller> Authenticate(std::string_view token);
  // What makes or takes ways in is refused with kPermissionDenied unless the caller is there in
  // person: ending all sessions, changing the password, and tokens.

  // Ends the session that the caller is in, on every service; kConflict for an API token, which is
  // in none.
  Status Logout(const Caller& caller);
  // Ends all sessions of the caller, on every service. API tokens stay.
  Status LogoutEverywhere(const Caller& caller);
  // `old_password` is not asked for while none is set. Ends all other sessions; gives a new one.
  Result<Session> ChangePassword(const Caller& caller, std::string_view old_password,
                                 std::string_view new_password);
  // Sets `password`, or takes the present one away and gives a code to sign in with. For
  // administrators and for whoever owns the machine; the caller checks.
  Result<std::optional<std::string>> ResetPassword(std::string_view account,
                                                   std::optional<std::string_view> password);

  // The hash of a password that somebody wants to set; kInvalidArgument when it is none to choose.
  Result<std::string> HashNew(std::string_view password, std::string_view account);

  struct NewApiToken {
    storage::ApiToken token;
    std::string secret;  // shown once
  };
  // kInvalidArgument, with the field `projects`: one of the scope is not the caller's to see.
  Result<NewApiToken> CreateApiToken(const Caller& caller, std::string_view name,
                                     std::optional<seconds> ttl,
                                     std::optional<storage::TokenScope> scope);
  Result<std::vector<storage::ApiToken>> ListApiTokens(const Caller& caller);
  // Only the caller's own; kNotFound otherwise. kConflict for the one that commands on this machine
  // use.
  Status DeleteApiToken(const Caller& caller, std::string_view id);
  // The administrator's token for commands on this machine: `kept`, when it still counts, else a
  // new one.
  Result<std::string> MachineToken(std::string_view kept);

 private:
  Accounts(const Ports& ports, AccountsOptions options, SessionTokens tokens);

  Result<Session> IssueSession(const storage::User& user);
  Result<std::string> IssueCode(storage::UserId user);
  Result<std::string> Hash(std::string_view password);
  // Signing in does not depend on it: what fails is tried again at the next one.
  void RenewHash(const storage::User& seen, std::string_view password);
  Result<Caller> AuthenticateApiToken(std::string_view secret);
  Result<NewApiToken> PutApiToken(storage::UserId user, std::string_view name,
                                  std::optional<seconds> ttl,
                                  std::optional<storage::TokenScope> scope);

  Ports ports_;
  AccountsOptions options_;
  SessionTokens tokens_;
  Guarded<LoginThrottle> throttle_;
  Guarded<std::string> machine_token_id_;
  std::mutex hashing_;  // one hash at a time
};

bool IsAdministrator(const storage::User& user);
// Leaves the other words of the user's permission as they are.
void SetAdministrator(storage::User* user, bool administrator);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_ACCOUNTS_H_
