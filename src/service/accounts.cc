#include "service/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "service/password.h"

namespace gophercron::service {
namespace {

constexpr std::string_view kApiTokenPrefix = "gct_";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kMachineTokenName = "commands on this machine";
constexpr std::size_t kApiTokensMax = 100;

Error NotSignedIn() {
  return {.code = ErrorCode::kUnauthenticated,
          .message = "you are not signed in, or no longer: sign in again"};
}

LoginRefused WrongLogin() {
  return {.error = {.code = ErrorCode::kUnauthenticated, .message = "account or password is wrong"},
          .retry_after = {}};
}

LoginRefused TooFast(seconds wait) {
  return {.error = {.code = ErrorCode::kResourceExhausted,
                    .message =
                        fmt::format("too many failed sign-ins; try again in {} s", wait.count())},
          .retry_after = wait};
}

// In a session, unless what calls it knows better.
Caller CallerOf(const storage::User& user) {
  return {.user_id = user.id,
          .account = user.account,
          .name = user.name,
          .administrator = IsAdministrator(user),
          .permission = user.permission,
          .must_change_password = user.must_change_password,
          .in_every_project = IsAdministrator(user),
          .in_person = true};
}

}  // namespace

bool IsAdministrator(const storage::User& user) {
  std::string_view rest = user.permission;
  while (true) {
    const std::size_t comma = rest.find(',');
    if (rest.substr(0, comma) == "admin") return true;
    if (comma == std::string_view::npos) return false;
    rest.remove_prefix(comma + 1);
  }
}

void SetAdministrator(storage::User* user, bool administrator) {
  if (IsAdministrator(*user) == administrator) return;
  if (administrator) {
    user->permission.insert(0, user->permission.empty() ? "admin" : "admin,");
    return;
  }
  std::string others;
  std::string_view rest = user->permission;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    if (word != "admin" && !word.empty()) {
      if (!others.empty()) others += ',';
      others += word;
    }
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  user->permission = others.empty() ? "user" : others;
}

Accounts::Accounts(const Ports& ports, AccountsOptions options, SessionTokens tokens)
    : ports_(ports), options_(std::move(options)), tokens_(std::move(tokens)) {}

Result<std::unique_ptr<Accounts>> Accounts::Open(const Ports& ports, AccountsOptions options) {
  auto installation = ports.store.GetOrPutSetting("installation_id", RandomHex(16));
  if (!installation) return std::unexpected(std::move(installation).error());
  std::string secret = options.jwt_secret;
  if (IsPublicSecret(secret)) {
    auto kept = ports.store.GetOrPutSetting("jwt_secret", RandomHex(32));
    if (!kept) return std::unexpected(std::move(kept).error());
    secret = *std::move(kept);
  }
  SessionTokens tokens(std::move(secret), *std::move(installation));
  return std::unique_ptr<Accounts>(new Accounts(ports, std::move(options), std::move(tokens)));
}

Result<std::string> Accounts::Hash(std::string_view password) {
  const std::lock_guard turn(hashing_);
  return HashPassword(password);
}

Result<std::string> Accounts::IssueCode(storage::UserId user) {
  const std::string code = RandomHex(16);
  const Status put =
      ports_.store.PutSignInCode({.code_sha256 = Sha256Hex(code),
                                  .user_id = user,
                                  .expires_at = ports_.clock.Now() + options_.code_ttl});
  if (!put) return std::unexpected(put.error());
  return code;
}

Result<Session> Accounts::IssueSession(const storage::User& user) {
  const Instant now = ports_.clock.Now();
  const Instant expires_at = std::chrono::floor<seconds>(now) + options_.session_ttl;
  Caller caller = CallerOf(user);
  caller.session_id = RandomHex(16);
  caller.session_expires_at = expires_at;
  auto token = tokens_.Issue({.session_id = caller.session_id,
                              .user_id = user.id,
                              .epoch = user.session_epoch,
                              .expires_at = expires_at},
                             now);
  if (!token) return std::unexpected(std::move(token).error());
  return Session{.token = *std::move(token), .expires_at = expires_at, .caller = std::move(caller)};
}

Result<std::optional<std::string>> Accounts::EnsureAdministrator(const FirstPassword& password) {
  auto found = ports_.store.UserByAccount(kAdmin);
  if (found) {
    if (!found->password_hash.empty()) return std::optional<std::string>();
    auto code = IssueCode(found->id);
    if (!code) return std::unexpected(std::move(code).error());
    return std::optional(*std::move(code));
  }
  if (found.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(found).error());

  storage::User admin;
  admin.account = kAdmin;
  admin.name = "administrator";
  admin.permission = "admin,user";  // as v1 writes it
  admin.created_at = ports_.clock.Now();
  admin.must_change_password = true;
  const auto& given = password.from_environment ? password.from_environment : password.from_config;
  if (given && !given->empty()) {
    auto hash = Hash(*given);
    if (!hash) return std::unexpected(std::move(hash).error());
    admin.password_hash = *std::move(hash);
    // A password out of a file was seen by others; one that everybody knows lets nobody do
    // anything.
    admin.must_change_password =
        !password.from_environment || !CheckNewPassword(*given, kAdmin).has_value();
  }
  auto id = ports_.store.CreateUser(admin);
  // Of several services that start on an empty database one makes it.
  if (!id && id.error().code == ErrorCode::kConflict) return EnsureAdministrator(password);
  if (!id) return std::unexpected(std::move(id).error());
  if (!admin.password_hash.empty()) return std::optional<std::string>();
  auto code = IssueCode(*id);
  if (!code) return std::unexpected(std::move(code).error());
  return std::optional(*std::move(code));
}

std::expected<Session, LoginRefused> Accounts::Login(std::string_view account,
                                                     std::string_view password,
                                                     std::string_view address) {
  const auto wait = throttle_.With([&](LoginThrottle& throttle) {
    return throttle.Begin(account, address, ports_.clock.Boot());
  });
  if (wait) return std::unexpected(TooFast(*wait));

  auto user = ports_.store.UserByAccount(account);
  if (!user && user.error().code != ErrorCode::kNotFound) {
    return std::unexpected(LoginRefused{.error = std::move(user).error(), .retry_after = {}});
  }
  PasswordVerdict verdict;
  {
    const std::lock_guard turn(hashing_);
    verdict =
        user ? CheckPassword(password.substr(0, kPasswordBytesMax), user->password_hash, user->salt)
             : CheckPassword(password.substr(0, kPasswordBytesMax), "", "");
  }
  if (!user || verdict == PasswordVerdict::kWrong || password.size() > kPasswordBytesMax) {
    return std::unexpected(WrongLogin());
  }
  throttle_.With([&](LoginThrottle& throttle) { throttle.Succeeded(account, address); });
  if (verdict == PasswordVerdict::kRightAndOld) RenewHash(*user, password);
  auto session = IssueSession(*user);
  if (!session)
    return std::unexpected(LoginRefused{.error = std::move(session).error(), .retry_after = {}});
  return *std::move(session);
}

void Accounts::RenewHash(const storage::User& seen, std::string_view password) {
  auto hash = Hash(password);
  if (!hash) return;
  const auto put = ports_.store.EditUser(
      seen.id,
      [&](storage::User& user) -> Status {
        if (user.password_hash != seen.password_hash) return {};  // another password by now
        user.password_hash = *hash;
        user.salt.clear();
        return {};
      },
      nullptr);
  if (!put) {
    log::Warning("the old password hash of an account could not be replaced: {}",
                 put.error().message);
  }
}

std::expected<Session, LoginRefused> Accounts::Redeem(std::string_view code,
                                                      std::string_view address) {
  const auto wait = throttle_.With(
      [&](LoginThrottle& throttle) { return throttle.Begin("", address, ports_.clock.Boot()); });
  if (wait) return std::unexpected(TooFast(*wait));
  const auto refuse = [](Error error) {
    return std::unexpected(LoginRefused{.error = std::move(error), .retry_after = {}});
  };
  auto taken = ports_.store.TakeSignInCode(Sha256Hex(code), ports_.clock.Now());
  if (!taken) {
    if (taken.error().code != ErrorCode::kNotFound) return refuse(std::move(taken).error());
    return refuse({.code = ErrorCode::kUnauthenticated,
                   .message = "this code is unknown, used or expired; `gophercron user "
                              "reset-password` makes a new one"});
  }
  throttle_.With([&](LoginThrottle& throttle) { throttle.Succeeded("", address); });
  auto user = ports_.store.UserById(*taken);
  if (!user) return refuse(NotSignedIn());
  auto session = IssueSession(*user);
  if (!session) return refuse(std::move(session).error());
  return *std::move(session);
}

Result<Caller> Accounts::Authenticate(std::string_view token) {
  if (token.starts_with(kApiTokenPrefix)) return AuthenticateApiToken(token);
  auto claims = tokens_.Read(token, ports_.clock.Now());
  if (!claims) return std::unexpected(std::move(claims).error());
  auto user = ports_.store.UserInSession(claims->user_id, claims->session_id);
  if (!user) {
    if (user.error().code == ErrorCode::kNotFound) return std::unexpected(NotSignedIn());
    return std::unexpected(std::move(user).error());
  }
  if (user->session_epoch != claims->epoch) return std::unexpected(NotSignedIn());
  Caller caller = CallerOf(*user);
  caller.session_id = std::move(claims->session_id);
  caller.session_expires_at = claims->expires_at;
  return caller;
}

Result<Caller> Accounts::AuthenticateApiToken(std::string_view secret) {
  auto token = ports_.store.ApiTokenBySecret(Sha256Hex(secret));
  if (!token) {
    if (token.error().code == ErrorCode::kNotFound) return std::unexpected(NotSignedIn());
    return std::unexpected(std::move(token).error());
  }
  if (token->expires_at && *token->expires_at <= ports_.clock.Now()) {
    return std::unexpected(NotSignedIn());
  }
  auto user = ports_.store.UserById(token->user_id);
  if (!user) {
    if (user.error().code == ErrorCode::kNotFound) return std::unexpected(NotSignedIn());
    return std::unexpected(std::move(user).error());
  }
  Caller caller = CallerOf(*user);
  // That obligation is about the password, which a token does without.
  caller.must_change_password = false;
  caller.in_person = machine_token_id_.With([&](const std::string& id) { return id == token->id; });
  caller.scope = std::move(token->scope);
  if (caller.scope) caller.administrator = false;
  return caller;
}

Status Accounts::Logout(const Caller& caller) {
  if (caller.session_id.empty()) {
    return Fail(ErrorCode::kConflict,
                "this is an API token and no session: take the token back, or end all sessions");
  }
  return ports_.store.EndSession({.session_id = caller.session_id,
                                  .user_id = caller.user_id,
                                  .expires_at = caller.session_expires_at},
                                 ports_.clock.Now());
}

Status Accounts::LogoutEverywhere(const Caller& caller) {
  if (const Status may = RequireInPerson(caller); !may) return may;
  const auto ended = ports_.store.EditUser(
      caller.user_id,
      [](storage::User& user) -> Status {
        ++user.session_epoch;
        return {};
      },
      nullptr);
  return ended ? Status() : std::unexpected(ended.error());
}

Result<Session> Accounts::ChangePassword(const Caller& caller, std::string_view old_password,
                                         std::string_view new_password) {
  if (const Status may = RequireInPerson(caller); !may) return std::unexpected(may.error());
  if (const Status fit = CheckNewPassword(new_password, caller.account); !fit) {
    return std::unexpected(fit.error());
  }
  auto before = ports_.store.UserById(caller.user_id);
  if (!before) return std::unexpected(std::move(before).error());
  if (!before->password_hash.empty()) {
    // Counted as sign-ins are: whoever stole a session may not try passwords either.
    const auto wait = throttle_.With([&](LoginThrottle& throttle) {
      return throttle.Begin(caller.account, "session", ports_.clock.Boot());
    });
    if (wait) return std::unexpected(TooFast(*wait).error);
    const std::lock_guard turn(hashing_);
    if (CheckPassword(old_password.substr(0, kPasswordBytesMax), before->password_hash,
                      before->salt) == PasswordVerdict::kWrong) {
      return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                                   .message = "the present password is wrong",
                                   .fields = {{.field = "password", .message = "it is wrong"}}});
    }
    throttle_.With([&](LoginThrottle& throttle) { throttle.Succeeded(caller.account, "session"); });
  }
  auto hash = Hash(new_password);
  if (!hash) return std::unexpected(std::move(hash).error());

  const auto user = ports_.store.EditUser(
      caller.user_id,
      [&](storage::User& now) -> Status {
        if (now.password_hash != before->password_hash) {
          return Fail(ErrorCode::kConflict,
                      "the password was changed by somebody else at this moment");
        }
        now.password_hash = *hash;
        now.salt.clear();
        now.must_change_password = false;
        ++now.session_epoch;
        return {};
      },
      nullptr);
  if (!user) return std::unexpected(user.error());
  return IssueSession(*user);
}

Result<std::string> Accounts::HashNew(std::string_view password, std::string_view account) {
  if (const Status fit = CheckNewPassword(password, account); !fit) {
    return std::unexpected(fit.error());
  }
  return Hash(password);
}

Result<std::optional<std::string>> Accounts::ResetPassword(
    std::string_view account, std::optional<std::string_view> password) {
  std::string hash;
  if (password) {
    auto made = HashNew(*password, account);
    if (!made) return std::unexpected(std::move(made).error());
    hash = *std::move(made);
  }
  const auto user = ports_.store.UserByAccount(account);
  if (!user) {
    if (user.error().code != ErrorCode::kNotFound) return std::unexpected(user.error());
    return Fail(ErrorCode::kNotFound, fmt::format("there is no account \"{}\"", account));
  }
  const auto set = ports_.store.EditUser(
      user->id,
      [&](storage::User& now) -> Status {
        now.password_hash = hash;
        now.salt.clear();
        now.must_change_password = !password;
        ++now.session_epoch;
        return {};
      },
      nullptr);
  if (!set) return std::unexpected(set.error());
  if (password) return std::optional<std::string>();
  auto code = IssueCode(user->id);
  if (!code) return std::unexpected(std::move(code).error());
  return std::optional(*std::move(code));
}

Result<Accounts::NewApiToken> Accounts::CreateApiToken(const Caller& caller, std::string_view name,
                                                       std::optional<seconds> ttl,
                                                       std::optional<storage::TokenScope> scope) {
  if (const Status may = RequireInPerson(caller); !may) return std::unexpected(may.error());
  if (scope && scope->projects) {
    const Access access(ports_);
    for (const task::ProjectId project : *scope->projects) {
      const auto grant = access.Enter(caller, project);
      if (grant) continue;
      if (grant.error().code != ErrorCode::kNotFound) return std::unexpected(grant.error());
      const std::string what = fmt::format("{}: {}", project, grant.error().message);
      return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                                   .message = "the token can not be made: projects: " + what,
                                   .fields = {{.field = "projects", .message = what}}});
    }
  }
  return PutApiToken(caller.user_id, name, ttl, std::move(scope));
}

Result<Accounts::NewApiToken> Accounts::PutApiToken(storage::UserId user, std::string_view name,
                                                    std::optional<seconds> ttl,
                                                    std::optional<storage::TokenScope> scope) {
  auto present = ports_.store.ListApiTokens(user);
  if (!present) return std::unexpected(std::move(present).error());
  if (present->size() >= kApiTokensMax) {
    return Fail(ErrorCode::kConflict,
                fmt::format("an account has at most {} tokens; delete one first", kApiTokensMax));
  }
  const Instant now = ports_.clock.Now();
  NewApiToken made;
  made.secret = std::string(kApiTokenPrefix) + RandomHex(32);
  made.token.id = NewId(now, ports_.random);
  made.token.secret_sha256 = Sha256Hex(made.secret);
  made.token.user_id = user;
  made.token.name = name;
  made.token.created_at = now;
  if (ttl) made.token.expires_at = now + *ttl;
  if (scope && scope->projects) {
    std::ranges::sort(*scope->projects);
    const auto twice = std::ranges::unique(*scope->projects);
    scope->projects->erase(twice.begin(), twice.end());
  }
  made.token.scope = std::move(scope);
  if (const Status put = ports_.store.PutApiToken(made.token); !put) {
    return std::unexpected(put.error());
  }
  return made;
}

Result<std::vector<storage::ApiToken>> Accounts::ListApiTokens(const Caller& caller) {
  return ports_.store.ListApiTokens(caller.user_id);
}

Status Accounts::DeleteApiToken(const Caller& caller, std::string_view id) {
  if (const Status may = RequireInPerson(caller); !may) return may;
  if (machine_token_id_.With([&](const std::string& machine) { return machine == id; })) {
    return Fail(ErrorCode::kConflict,
                "this is the token that commands on this machine use while the program runs; to "
                "have another, stop it, remove api.json from its data folder and start it again");
  }
  auto tokens = ports_.store.ListApiTokens(caller.user_id);
  if (!tokens) return std::unexpected(std::move(tokens).error());
  for (const storage::ApiToken& token : *tokens) {
    if (token.id == id) return ports_.store.DeleteApiToken(id);
  }
  return Fail(ErrorCode::kNotFound, "you have no token with this id");
}

Result<std::string> Accounts::MachineToken(std::string_view kept) {
  if (!kept.empty()) {
    const auto caller = AuthenticateApiToken(kept);
    if (caller && caller->administrator) {
      const auto token = ports_.store.ApiTokenBySecret(Sha256Hex(kept));
      if (!token) return std::unexpected(token.error());
      machine_token_id_.With([&](std::string& id) { id = token->id; });
      return std::string(kept);
    }
    if (!caller && caller.error().code != ErrorCode::kUnauthenticated) {
      return std::unexpected(caller.error());
    }
  }
  auto admin = ports_.store.UserByAccount(kAdmin);
  if (!admin) return std::unexpected(std::move(admin).error());
  // The file that held the one before is gone, and with it whoever used it.
  auto tokens = ports_.store.ListApiTokens(admin->id);
  if (!tokens) return std::unexpected(std::move(tokens).error());
  for (const storage::ApiToken& token : *tokens) {
    if (token.name != kMachineTokenName) continue;
    if (const Status gone = ports_.store.DeleteApiToken(token.id); !gone) {
      return std::unexpected(gone.error());
    }
  }
  auto made = PutApiToken(admin->id, kMachineTokenName, std::nullopt, std::nullopt);
  if (!made) return std::unexpected(std::move(made).error());
  machine_token_id_.With([&](std::string& id) { id = made->token.id; });
  return std::move(made->secret);
}

}  // namespace gophercron::service
