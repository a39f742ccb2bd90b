#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

#define GOPHERCRON_USER_COLUMNS                                                 \
  "id, account, name, permission, password, salt, create_time, session_epoch, " \
  "must_change_password"

constexpr std::string_view kUserById =
    "SELECT " GOPHERCRON_USER_COLUMNS " FROM gc_user WHERE id = ?";
constexpr std::string_view kUserByAccount =
    "SELECT " GOPHERCRON_USER_COLUMNS " FROM gc_user WHERE account = ?";
constexpr std::string_view kUsers = "SELECT " GOPHERCRON_USER_COLUMNS " FROM gc_user ORDER BY id";

User ReadUser(const Row& row) {
  return {.id = row.Int(0),
          .account = row.Text(1),
          .name = row.Text(2),
          .permission = row.Text(3),
          .password_hash = row.Text(4),
          .salt = row.Text(5),
          .created_at = Instant(seconds(row.Int(6))),
          .session_epoch = row.Int(7),
          .must_change_password = row.Int(8) != 0};
}

// Locks all accounts, so that they stay as they are until the end of this unit of work. False, and
// the unit of work has failed, when `demand` is not met.
bool Meets(Connection& db, const Store::UsersDemand& demand) {
  if (!demand) return true;
  std::vector<User> users;
  db.Each(std::string(kUsers) += db.dialect().for_update, {},
          [&](const Row& row) { users.push_back(ReadUser(row)); });
  if (db.failed()) return false;
  const Status met = demand(users);
  if (!met) db.Fail(met.error());
  return met.has_value();
}

std::int64_t UnixSeconds(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

#define GOPHERCRON_TOKEN_COLUMNS \
  "id, secret_sha256, uid, name, created_us, expires_us, role, projects"

// Ids with a comma between them. What can not be read gives nothing away: it is left out.
std::vector<task::ProjectId> ReadProjects(std::string_view text) {
  std::vector<task::ProjectId> projects;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    task::ProjectId id = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (fault == std::errc() && end == word.data() + word.size()) projects.push_back(id);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return projects;
}

ApiToken ReadToken(const Row& row) {
  ApiToken token{.id = row.Text(0),
                 .secret_sha256 = row.Text(1),
                 .user_id = row.Int(2),
                 .name = row.Text(3),
                 .created_at = ToInstant(row.Int(4)),
                 .expires_at = std::nullopt};
  if (!row.IsNull(5)) token.expires_at = ToInstant(row.Int(5));
  if (!row.IsNull(6)) {
    token.scope.emplace().role = ParseRole(row.Text(6)).value_or(Role::kViewer);
    if (!row.IsNull(7)) token.scope->projects = ReadProjects(row.Text(7));
  }
  return token;
}

std::string PutSettingUnlessThere(Connection& db) {
  return fmt::format("{} gc_setting (name, value) VALUES (?, ?)", db.dialect().insert_unless_there);
}

// The one unique name a user has makes any conflict this conflict.
Status AccountTaken(Status status, std::string_view account) {
  if (!status && status.error().code == ErrorCode::kConflict) {
    return Fail(ErrorCode::kConflict, fmt::format("the account \"{}\" is taken", account));
  }
  return status;
}

}  // namespace

Result<UserId> SqlStore::CreateUser(const User& user) {
  UserId id = 0;
  const Status written = driver_->Write([&](Connection& db) {
    id = db.Run(
               "INSERT INTO gc_user (name, permission, account, password, salt, create_time, "
               "session_epoch, must_change_password) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               {user.name, user.permission, user.account, user.password_hash, user.salt,
                UnixSeconds(user.created_at), user.session_epoch,
                std::int64_t{user.must_change_password}})
             .insert_id;
  });
  if (const Status status = AccountTaken(written, user.account); !status) {
    return std::unexpected(status.error());
  }
  return id;
}

Result<User> SqlStore::EditUser(UserId id, const std::function<Status(User&)>& edit,
                                const UsersDemand& demand) {
  User user;
  Status edited;
  const Status written = driver_->Write([&](Connection& db) {
    edited = {};
    if (!Meets(db, demand)) return;
    const auto found = db.First(std::string(kUserById) += db.dialect().for_update, {id}, ReadUser);
    if (!found) {
      db.Fail({ErrorCode::kNotFound, fmt::format("there is no user {}", id)});
      return;
    }
    user = *found;
    edited = edit(user);
    if (!edited) {
      db.Fail(edited.error());
      return;
    }
    db.Run(
        "UPDATE gc_user SET name = ?, permission = ?, account = ?, password = ?, salt = "
        "?, create_time = ?, session_epoch = ?, must_change_password = ? WHERE id = ?",
        {user.name, user.permission, user.account, user.password_hash, user.salt,
         UnixSeconds(user.created_at), user.session_epoch, std::int64_t{user.must_change_password},
         id});
  });
  if (!edited) return std::unexpected(edited.error());
  if (const Status status = AccountTaken(written, user.account); !status) {
    return std::unexpected(status.error());
  }
  return user;
}

Status SqlStore::DeleteUser(UserId id, const UsersDemand& demand) {
  return driver_->Write([&](Connection& db) {
    if (!Meets(db, demand)) return;
    db.Run("DELETE FROM gc_api_token WHERE uid = ?", {id});
    db.Run("DELETE FROM gc_sign_in_code WHERE uid = ?", {id});
    db.Run("DELETE FROM gc_ended_session WHERE uid = ?", {id});
    db.Run("DELETE FROM gc_project_relevance WHERE uid = ?", {id});
    if (db.Run("DELETE FROM gc_user WHERE id = ?", {id}).rows == 0) {
      db.Fail({ErrorCode::kNotFound, fmt::format("there is no user {}", id)});
    }
  });
}

Result<User> SqlStore::OneUser(std::string_view query, Value key, std::string_view who) {
  std::optional<User> user;
  const Status read =
      driver_->Read([&](Connection& db) { user = db.First(query, {key}, ReadUser); });
  if (!read) return std::unexpected(read.error());
  if (!user) return NotFound(fmt::format("there is no user {}", who));
  return std::move(*user);
}

Result<User> SqlStore::UserById(UserId id) {
  return OneUser(kUserById, id, std::to_string(id));
}

Result<User> SqlStore::UserByAccount(std::string_view account) {
  return OneUser(kUserByAccount, account, account);
}

Result<std::vector<User>> SqlStore::ListUsers() {
  std::vector<User> users;
  const Status read = driver_->Read([&](Connection& db) {
    db.Each(kUsers, {}, [&](const Row& row) { users.push_back(ReadUser(row)); });
  });
  if (!read) return std::unexpected(read.error());
  return users;
}

Status SqlStore::PutApiToken(const ApiToken& token) {
  return driver_->Write([&](Connection& db) {
    db.Run("DELETE FROM gc_api_token WHERE id = ?", {token.id});
    const bool some = token.scope && token.scope->projects;
    const std::string projects =
        some ? fmt::format("{}", fmt::join(*token.scope->projects, ",")) : std::string();
    db.Run(
        "INSERT INTO gc_api_token (" GOPHERCRON_TOKEN_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {token.id, token.secret_sha256, token.user_id, token.name, FromInstant(token.created_at),
         token.expires_at ? Value(FromInstant(*token.expires_at)) : Value(),
         token.scope ? Value(Name(token.scope->role)) : Value(), some ? Value(projects) : Value()});
  });
}

Result<ApiToken> SqlStore::ApiTokenBySecret(std::string_view secret_sha256) {
  std::optional<ApiToken> token;
  const Status read = driver_->Read([&](Connection& db) {
    token =
        db.First("SELECT " GOPHERCRON_TOKEN_COLUMNS " FROM gc_api_token WHERE secret_sha256 = ?",
                 {secret_sha256}, ReadToken);
  });
  if (!read) return std::unexpected(read.error());
  if (!token) return NotFound("there is no such token");
  return std::move(*token);
}

Result<std::vector<ApiToken>> SqlStore::ListApiTokens(UserId user) {
  std::vector<ApiToken> tokens;
  const Status read = driver_->Read([&](Connection& db) {
    db.Each("SELECT " GOPHERCRON_TOKEN_COLUMNS " FROM gc_api_token WHERE uid = ? ORDER BY id",
            {user}, [&](const Row& row) { tokens.push_back(ReadToken(row)); });
  });
  if (!read) return std::unexpected(read.error());
  return tokens;
}

Status SqlStore::DeleteApiToken(std::string_view id) {
  return driver_->Write([&](Connection& db) {
    if (db.Run("DELETE FROM gc_api_token WHERE id = ?", {id}).rows == 0) {
      db.Fail({ErrorCode::kNotFound, fmt::format("there is no token {}", id)});
    }
  });
}

Status SqlStore::EndSession(const EndedSession& session, Instant now) {
  return driver_->Write([&](Connection& db) {
    db.Run("DELETE FROM gc_ended_session WHERE expires_us <= ?", {FromInstant(now)});
    db.Run(fmt::format("{} gc_ended_session (id, uid, expires_us) VALUES (?, ?, ?)",
                       db.dialect().insert_unless_there),
           {session.session_id, session.user_id, FromInstant(session.expires_at)});
  });
}

Result<User> SqlStore::UserInSession(UserId id, std::string_view session_id) {
  std::optional<User> user;
  const Status read = driver_->Read([&](Connection& db) {
    user = db.First(
        std::string(kUserById) += " AND NOT EXISTS (SELECT 1 FROM gc_ended_session WHERE id = ?)",
        {id, session_id}, ReadUser);
  });
  if (!read) return std::unexpected(read.error());
  if (!user) return NotFound("there is no such user, or the session has ended");
  return std::move(*user);
}

Status SqlStore::PutSignInCode(const SignInCode& code) {
  return driver_->Write([&](Connection& db) {
    db.Run("DELETE FROM gc_sign_in_code WHERE code_sha256 = ?", {code.code_sha256});
    db.Run("INSERT INTO gc_sign_in_code (code_sha256, uid, expires_us) VALUES (?, ?, ?)",
           {code.code_sha256, code.user_id, FromInstant(code.expires_at)});
  });
}

Result<UserId> SqlStore::TakeSignInCode(std::string_view code_sha256, Instant now) {
  std::optional<UserId> user;
  const Status written = driver_->Write([&](Connection& db) {
    user = db.First("SELECT uid FROM gc_sign_in_code WHERE code_sha256 = ? AND expires_us > ?",
                    {code_sha256, FromInstant(now)}, [](const Row& row) { return row.Int(0); });
    // Of two callers that both saw it, the one that removes it has it.
    const Changes taken =
        db.Run("DELETE FROM gc_sign_in_code WHERE code_sha256 = ?", {code_sha256});
    if (taken.rows == 0) user.reset();
    db.Run("DELETE FROM gc_sign_in_code WHERE expires_us <= ?", {FromInstant(now)});
  });
  if (!written) return std::unexpected(written.error());
  if (!user) return NotFound("this sign-in code is unknown, used or expired: ask for a new one");
  return *user;
}

Result<std::string> SqlStore::GetSetting(std::string_view name) {
  std::optional<std::string> value;
  const Status read = driver_->Read([&](Connection& db) {
    value = db.First("SELECT value FROM gc_setting WHERE name = ?", {name},
                     [](const Row& row) { return row.Text(0); });
  });
  if (!read) return std::unexpected(read.error());
  if (!value) return NotFound(fmt::format("the setting \"{}\" has no value", name));
  return std::move(*value);
}

Status SqlStore::PutSetting(std::string_view name, std::string_view value) {
  return driver_->Write([&](Connection& db) {
    const Changes changed = db.Run(PutSettingUnlessThere(db), {name, value});
    if (changed.rows == 0) {
      db.Run("UPDATE gc_setting SET value = ? WHERE name = ?", {value, name});
    }
  });
}

Result<std::string> SqlStore::GetOrPutSetting(std::string_view name, std::string_view value) {
  std::optional<std::string> in_force;
  const Status written = driver_->Write([&](Connection& db) {
    db.Run(PutSettingUnlessThere(db), {name, value});
    in_force = db.First("SELECT value FROM gc_setting WHERE name = ?", {name},
                        [](const Row& row) { return row.Text(0); });
  });
  if (!written) return std::unexpected(written.error());
  return in_force.value_or(std::string());
}

Status SqlStore::Ping() {
  return driver_->Read(
      [](Connection& db) { db.First("SELECT 1", {}, [](const Row& row) { return row.Int(0); }); });
}

}  // namespace gophercron::storage::sql
