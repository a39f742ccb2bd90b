#include "storage/sqlite/sqlite_store.h"

#include "storage/sql/sql_store.h"
#include "storage/sqlite/sqlite_driver.h"

namespace gophercron::storage {

Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path) {
  auto driver = SqliteDriver::Open(path);
  if (!driver) return std::unexpected(std::move(driver).error());
  return std::make_unique<sql::SqlStore>(std::move(*driver));
}

}  // namespace gophercron::storage
