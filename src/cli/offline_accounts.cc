#include "cli/offline_accounts.h"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "base/folder_lock.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/time.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "coordination/keys.h"
#include "service/accounts.h"
#include "service/ports.h"
#include "storage/sqlite/sqlite_store.h"

namespace gophercron::cli {

Result<std::optional<std::string>> ResetPasswordOffline(
    const std::filesystem::path& data, const std::string& account,
    const std::optional<std::string>& password) {
  std::error_code ignored;
  if (!std::filesystem::exists(data / "store.db", ignored)) {
    return Fail(
        ErrorCode::kNotFound,
        fmt::format("{} holds no installation; name its folder with --data", data.string()));
  }
  auto lock = FolderLock::Take(data.string());
  if (!lock) return std::unexpected(lock.error());
  auto store = storage::OpenSqliteStore((data / "store.db").string());
  if (!store) return std::unexpected(store.error());
  Loop loop;  // never run: nothing here waits for the coordinator
  auto coordinator = coordination::EmbeddedCoordinator::Open(loop, *lock);
  if (!coordinator) return std::unexpected(coordinator.error());
  SystemClock clock;
  SystemRandom random;
  auto accounts = service::Accounts::Open({.coordinator = **coordinator,
                                           .keys = coordination::Keys("/gopher_cron"),
                                           .store = **store,
                                           .clock = clock,
                                           .random = random},
                                          {});
  if (!accounts) return std::unexpected(accounts.error());
  return (*accounts)->ResetPassword(
      account, password ? std::optional<std::string_view>(*password) : std::nullopt);
}

}  // namespace gophercron::cli
