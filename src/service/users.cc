#include "service/users.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gophercron::service {
namespace {

constexpr std::size_t kTextBytesMax = 100;

Status RequireAdministrator(const Caller& caller) {
  if (caller.administrator) return {};
  return Fail(ErrorCode::kPermissionDenied, "only an administrator may do this");
}

bool IsPlain(std::string_view text) {
  const bool control = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return !text.empty() && text.size() <= kTextBytesMax && !control && text.front() != ' ' &&
         text.back() != ' ';
}

Status CheckTexts(const storage::User& user) {
  Error error{.code = ErrorCode::kInvalidArgument, .message = "these can not be an account's"};
  const auto check = [&](const char* field, std::string_view text) {
    if (IsPlain(text)) return;
    error.fields.push_back(
        {.field = field,
         .message = fmt::format("it must have 1 to {} bytes, on one line, without spaces around it",
                                kTextBytesMax)});
  };
  check("account", user.account);
  check("name", user.name);
  if (error.fields.empty()) return {};
  error.message += ": " + error.fields.front().field + ": " + error.fields.front().message;
  return std::unexpected(std::move(error));
}

Status KeepAnAdministrator(const std::vector<storage::User>& users, storage::UserId without) {
  const auto user = std::ranges::find(users, without, &storage::User::id);
  if (user == users.end() || !IsAdministrator(*user)) return {};
  if (std::ranges::count_if(users, IsAdministrator) > 1) return {};
  return Fail(ErrorCode::kConflict,
              "this is the last administrator; make another account one first");
}

storage::User WithoutSecrets(storage::User user) {
  user.password_hash.clear();
  user.salt.clear();
  return user;
}

}  // namespace

Result<UserPage> Users::List(const Caller& caller, const UserFilter& filter) const {
  if (const Status may = RequireAdministrator(caller); !may) return std::unexpected(may.error());
  auto users = ports_.store.ListUsers();
  if (!users) return std::unexpected(std::move(users).error());
  std::erase_if(*users, [&](const storage::User& user) {
    return (filter.id != 0 && user.id != filter.id) ||
           (!filter.account.empty() && user.account != filter.account) ||
           user.name.find(filter.name) == std::string::npos;
  });
  std::ranges::sort(*users, {}, &storage::User::id);
  UserPage page;
  page.total = static_cast<std::int64_t>(users->size());
  for (std::size_t i = filter.offset; i < users->size() && page.items.size() < filter.limit; ++i) {
    page.items.push_back(WithoutSecrets(std::move((*users)[i])));
  }
  return page;
}

Result<storage::User> Users::Create(const Caller& caller, std::string account, std::string name,
                                    std::string_view password) const {
  if (const Status may = RequireAdministrator(caller); !may) return std::unexpected(may.error());
  storage::User user;
  user.account = std::move(account);
  user.name = std::move(name);
  user.created_at = ports_.clock.Now();
  if (const Status fit = CheckTexts(user); !fit) return std::unexpected(fit.error());
  // Before anything is hashed; the store's own unique name decides in the end.
  auto there = ports_.store.UserByAccount(user.account);
  if (there) {
    return Fail(ErrorCode::kConflict, fmt::format("the account \"{}\" is taken", user.account));
  }
  if (there.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(there).error());
  auto hash = accounts_.HashNew(password, user.account);
  if (!hash) return std::unexpected(std::move(hash).error());
  user.password_hash = *std::move(hash);
  auto id = ports_.store.CreateUser(user);
  if (!id) return std::unexpected(std::move(id).error());
  user.id = *id;
  return WithoutSecrets(std::move(user));
}

Result<storage::User> Users::Edit(const Caller& caller, storage::UserId id,
                                  const UserChange& change, const UserDemand& demand) const {
  if (const Status may = RequireAdministrator(caller); !may) return std::unexpected(may.error());
  const auto edit = [&](storage::User& user) -> Status {
    if (demand) {
      if (const Status met = demand(WithoutSecrets(user)); !met) return met;
    }
    if (change.name) user.name = *change.name;
    if (change.administrator) SetAdministrator(&user, *change.administrator);
    return CheckTexts(user);
  };
  const storage::Store::UsersDemand keep = [&](const std::vector<storage::User>& now) {
    return KeepAnAdministrator(now, id);
  };
  const bool demotes = change.administrator && !*change.administrator;
  auto user = ports_.store.EditUser(id, edit, demotes ? keep : nullptr);
  if (!user) return std::unexpected(std::move(user).error());
  return WithoutSecrets(*std::move(user));
}

Status Users::Delete(const Caller& caller, storage::UserId id) const {
  if (const Status may = RequireAdministrator(caller); !may) return may;
  return ports_.store.DeleteUser(
      id, [&](const std::vector<storage::User>& now) { return KeepAnAdministrator(now, id); });
}

}  // namespace gophercron::service
