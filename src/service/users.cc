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
  Error error{.code = ErrorCode::kInvalidArgument, .message = "the account can not be made"};
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

Status Users::Delete(const Caller& caller, storage::UserId id) const {
  if (const Status may = RequireAdministrator(caller); !may) return may;
  auto users = ports_.store.ListUsers();
  if (!users) return std::unexpected(std::move(users).error());
  const auto user = std::ranges::find(*users, id, &storage::User::id);
  if (user == users->end()) return Fail(ErrorCode::kNotFound, "there is no such user");
  const auto administrators = std::ranges::count_if(*users, IsAdministrator);
  if (IsAdministrator(*user) && administrators <= 1) {
    return Fail(ErrorCode::kConflict,
                "this is the last administrator; make another one before you remove it");
  }
  return ports_.store.DeleteUser(id);
}

}  // namespace gophercron::service
