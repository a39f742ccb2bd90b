#include "coordination/embedded/key_log.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

namespace gophercron::coordination {
namespace {

constexpr std::array<std::string_view, 1> kMigrations = {
    "CREATE TABLE keys (key BLOB PRIMARY KEY, value BLOB NOT NULL, create_revision INTEGER NOT "
    "NULL,"
    " mod_revision INTEGER NOT NULL, lease INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('revision', 0), ('life', 0)"};

// The keys live in memory and are read from the file only once: a small cache serves writes.
constexpr int kCacheKib = 256;

void BindBytes(SQLite::Statement& statement, int place, std::string_view bytes) {
  statement.bindNoCopy(place, static_cast<const void*>(bytes.data()),
                       static_cast<int>(bytes.size()));
}

std::string Bytes(const SQLite::Column& column) {
  return {static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

void Execute(SQLite::Statement& statement) {
  // Reset also after a failure: a statement that stands still would keep the transaction open.
  struct Reset {
    SQLite::Statement& statement;
    ~Reset() { statement.tryReset(); }
  } reset{statement};
  statement.exec();
}

// Before the commit began nothing can have happened, whatever failed.
Status NothingHappened(Status failed) {
  if (failed || failed.error().code == ErrorCode::kResourceExhausted ||
      failed.error().code == ErrorCode::kCorrupt) {
    return failed;
  }
  return Fail(ErrorCode::kUnavailable, failed.error().message);
}

// A commit that could not be written for lack of room did not happen; any other failure of it may
// have left everything on disk.
Status MayHaveHappened(Status failed) {
  if (failed || failed.error().code == ErrorCode::kResourceExhausted) return failed;
  return Fail(ErrorCode::kOutcomeUnknown, failed.error().message);
}

}  // namespace

KeyLog::KeyLog(std::unique_ptr<SQLite::Database> database)
    : database_(std::move(database)),
      put_(*database_,
           "INSERT INTO keys VALUES (?,?,?,?,?) ON CONFLICT (key) DO UPDATE SET "
           "value=excluded.value,"
           " create_revision=excluded.create_revision, mod_revision=excluded.mod_revision,"
           " lease=excluded.lease"),
      delete_(*database_, "DELETE FROM keys WHERE key=?"),
      set_meta_(*database_, "UPDATE meta SET number=? WHERE name=?") {}

Result<std::unique_ptr<KeyLog>> KeyLog::Open(const std::string& path, std::int64_t quota_bytes) {
  auto database = sqlite::Open(path, {.read_only = false, .cache_kib = kCacheKib});
  if (!database) return std::unexpected(std::move(database).error());
  if (Status status = sqlite::Migrate(**database, kMigrations); !status) {
    return std::unexpected(std::move(status).error());
  }
  return sqlite::Try(fmt::format("preparing {}", path), [&] {
    if (quota_bytes > 0) {
      const std::int64_t page = (*database)->execAndGet("PRAGMA page_size").getInt64();
      // A pragma that returns a row can not be run by exec.
      (*database)->execAndGet(fmt::format("PRAGMA max_page_count={}", quota_bytes / page));
    }
    return std::unique_ptr<KeyLog>(new KeyLog(*std::move(database)));
  });
}

Status KeyLog::Load(KeySpace& space) {
  return sqlite::Try("reading the stored keys", [&]() -> Status {
    const Revision revision =
        database_->execAndGet("SELECT number FROM meta WHERE name='revision'").getInt64();
    SQLite::Statement all(*database_,
                          "SELECT key, value, create_revision, mod_revision, lease FROM keys");
    while (all.executeStep()) {
      std::string key = Bytes(all.getColumn(0));
      KeySpace::Entry entry{.value = Bytes(all.getColumn(1)),
                            .create_revision = all.getColumn(2).getInt64(),
                            .mod_revision = all.getColumn(3).getInt64(),
                            .lease = all.getColumn(4).getInt64()};
      if (key.empty() || entry.create_revision < 1 || entry.mod_revision < entry.create_revision ||
          entry.mod_revision > revision) {
        return Fail(ErrorCode::kCorrupt,
                    fmt::format("{}: the key \"{}\" was created at revision {} and written at {}, "
                                "and the newest revision is {}: restore the file from a backup",
                                database_->getFilename(), key, entry.create_revision,
                                entry.mod_revision, revision));
      }
      space.Load(std::move(key), std::move(entry));
    }
    space.Start(revision);
    life_ = database_->execAndGet("SELECT number FROM meta WHERE name='life'").getInt64() + 1;
    set_meta_.bind(1, life_);
    set_meta_.bind(2, "life");
    Execute(set_meta_);
    return {};
  });
}

Status KeyLog::Write(const KeySpace& space,
                     std::span<const std::shared_ptr<const KeySpace::Revised>> revised) {
  std::set<std::string_view> changed;
  for (const auto& one : revised) {
    for (const KeySpace::Change& change : one->changes) changed.insert(change.key);
  }
  std::optional<SQLite::Transaction> transaction;
  const Status written = sqlite::Try("writing keys", [&] {
    transaction.emplace(*database_);
    for (const std::string_view key : changed) {
      const auto at = space.keys().find(key);
      SQLite::Statement& statement = at == space.keys().end() ? delete_ : put_;
      BindBytes(statement, 1, key);
      if (at != space.keys().end()) {
        BindBytes(statement, 2, at->second.value);
        statement.bind(3, at->second.create_revision);
        statement.bind(4, at->second.mod_revision);
        statement.bind(5, at->second.lease);
      }
      Execute(statement);
    }
    set_meta_.bind(1, space.revision());
    set_meta_.bind(2, "revision");
    Execute(set_meta_);
  });
  if (!written) return NothingHappened(written);
  return MayHaveHappened(sqlite::Try("making keys durable", [&] { transaction->commit(); }));
}

}  // namespace gophercron::coordination
