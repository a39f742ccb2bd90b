// SQLite, the way every part of this program wants it: write-ahead log, a synchronous commit, one
// place where its exceptions become Errors. Adapters use SQLiteCpp inside Try and nowhere else.
//
// Threads: a connection belongs to one thread at a time.
#ifndef GOPHERCRON_BASE_SQLITE_SQLITE_H_
#define GOPHERCRON_BASE_SQLITE_SQLITE_H_

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace gophercron::sqlite {

struct OpenOptions {
  bool read_only = false;
  // How long a statement waits for another connection's lock before it fails with kUnavailable.
  int busy_timeout_ms = 10'000;
  int cache_kib = 2'048;
  // A file made with this gives freed pages back on PRAGMA incremental_vacuum.
  bool incremental_vacuum = false;
};

// Opens or creates `path` with journal_mode=WAL, synchronous=FULL (an acknowledged commit is on
// disk) and foreign keys on.
Result<std::unique_ptr<SQLite::Database>> Open(const std::string& path,
                                               const OpenOptions& options = {});

// Brings the schema up: migration number i (from 1) runs once, in order, each in its own
// transaction with the number it leaves behind (PRAGMA user_version). A file from a newer program
// is refused.
Status Migrate(SQLite::Database& database, std::span<const std::string_view> migrations);

// The one translation of SQLite's failures. `doing` begins the sentence: "saving the task".
Error FromException(const SQLite::Exception& failure, std::string_view doing);

// Runs `use`, which may throw SQLite::Exception, and gives its value or the translated error. `use`
// may itself return a Result.
template <class F>
auto Try(std::string_view doing, F&& use) {
  using Value = std::invoke_result_t<F>;
  if constexpr (std::is_void_v<Value>) {
    try {
      std::forward<F>(use)();
      return Status();
    } catch (const SQLite::Exception& failure) {
      return Status(std::unexpected(FromException(failure, doing)));
    }
  } else if constexpr (requires(Value value) { value.error().code; }) {
    try {
      return std::forward<F>(use)();
    } catch (const SQLite::Exception& failure) {
      return Value(std::unexpected(FromException(failure, doing)));
    }
  } else {
    try {
      return Result<Value>(std::forward<F>(use)());
    } catch (const SQLite::Exception& failure) {
      return Result<Value>(std::unexpected(FromException(failure, doing)));
    }
  }
}

}  // namespace gophercron::sqlite

#endif  // GOPHERCRON_BASE_SQLITE_SQLITE_H_
