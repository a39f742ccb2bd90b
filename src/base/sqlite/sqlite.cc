#include "base/sqlite/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace gophercron::sqlite {

Error FromException(const SQLite::Exception& failure, std::string_view doing) {
  ErrorCode code = ErrorCode::kInternal;
  switch (failure.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      code = ErrorCode::kUnavailable;
      break;
    case SQLITE_FULL:
      code = ErrorCode::kResourceExhausted;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      code = ErrorCode::kCorrupt;
      break;
    case SQLITE_CONSTRAINT:
      code = ErrorCode::kConflict;
      break;
    // A failed write or sync may or may not have reached the disk.
    case SQLITE_IOERR:
      code = ErrorCode::kOutcomeUnknown;
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      code = ErrorCode::kPermissionDenied;
      break;
    default:
      break;
  }
  return Error{.code = code,
               .message = fmt::format("{}: {} (SQLite {})", doing, failure.what(),
                                      failure.getExtendedErrorCode())};
}

Result<std::unique_ptr<SQLite::Database>> Open(const std::string& path,
                                               const OpenOptions& options) {
  return Try(fmt::format("opening {}", path), [&] {
    const int flags =
        options.read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
    auto database = std::make_unique<SQLite::Database>(path, flags, options.busy_timeout_ms);
    if (!options.read_only) {
      // Only an empty file takes this, and the journal mode writes the first page.
      if (options.incremental_vacuum) database->exec("PRAGMA auto_vacuum=INCREMENTAL");
      database->exec("PRAGMA journal_mode=WAL");
      database->exec("PRAGMA synchronous=FULL");
    }
    database->exec("PRAGMA foreign_keys=ON");
    database->exec(fmt::format("PRAGMA cache_size=-{}", options.cache_kib));
    return database;
  });
}

Status Migrate(SQLite::Database& database, std::span<const std::string_view> migrations) {
  return Try("bringing the schema up to date", [&]() -> Status {
    const int have = database.execAndGet("PRAGMA user_version").getInt();
    const int want = static_cast<int>(migrations.size());
    if (have > want) {
      return Fail(
          ErrorCode::kUnsupported,
          fmt::format("{} has schema version {} and this program knows up to {}: it was written by "
                      "a newer gophercron",
                      database.getFilename(), have, want));
    }
    for (int next = have; next < want; ++next) {
      SQLite::Transaction transaction(database);
      database.exec(std::string(migrations[static_cast<std::size_t>(next)]));
      database.exec(fmt::format("PRAGMA user_version={}", next + 1));
      transaction.commit();
    }
    return {};
  });
}

}  // namespace gophercron::sqlite
