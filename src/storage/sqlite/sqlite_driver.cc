#include "storage/sqlite/sqlite_driver.h"

#include <fmt/format.h>

#include <map>

#include "base/sqlite/sqlite.h"
#include "storage/sqlite/schema.h"

namespace gophercron::storage {
namespace {

// Readers are opened when needed; each costs its page cache.
constexpr int kReadersMax = 3;
constexpr int kWriterCacheKib = 4096;
constexpr int kReaderCacheKib = 1024;
constexpr sql::Dialect kDialect = {.insert_unless_there = "INSERT OR IGNORE INTO",
                                   .for_update = ""};

class SqliteRow final : public sql::Row {
 public:
  explicit SqliteRow(const SQLite::Statement& statement) : statement_(statement) {}
  bool IsNull(int column) const override { return At(column).isNull(); }
  std::int64_t Int(int column) const override { return At(column).getInt64(); }
  std::string Text(int column) const override {
    const SQLite::Column value = At(column);
    const void* bytes = value.getBlob();
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(value.getBytes())};
  }

 private:
  SQLite::Column At(int column) const {
    return const_cast<SQLite::Statement&>(statement_).getColumn(column);
  }
  const SQLite::Statement& statement_;
};

void Bind(SQLite::Statement& statement, std::span<const sql::Value> parameters) {
  int index = 0;
  for (const sql::Value& value : parameters) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      // SQLiteCpp takes only a std::string or a C string as text without a blob's type.
      statement.bind(index, std::string(*text));
    } else if (const auto* blob = std::get_if<sql::Blob>(&value)) {
      statement.bindNoCopy(index, blob->bytes.data(), static_cast<int>(blob->bytes.size()));
    } else {
      statement.bind(index);
    }
  }
}

}  // namespace

class SqliteConnection final : public sql::Connection {
 public:
  explicit SqliteConnection(std::unique_ptr<SQLite::Database> database)
      : Connection(kDialect), database_(std::move(database)) {}

  SQLite::Database& database() { return *database_; }

  // Runs `work` between BEGIN and COMMIT, or ROLLBACK when it failed.
  Status Transact(const char* begin, const sql::Driver::Work& work) {
    Forgive();
    if (Status begun = Exec(begin); !begun) return begun;
    work(*this);
    Status result = status();
    if (result) result = Exec("COMMIT");
    // Some failures (a full disk) have rolled back already; then this one says so and is ignored.
    if (!result) static_cast<void>(database_->tryExec("ROLLBACK"));
    return result;
  }

 private:
  Status Exec(const char* statement) {
    return sqlite::Try(fmt::format("the ledger's database, {}", statement),
                       [&] { database_->exec(statement); });
  }

  SQLite::Statement& Prepare(std::string_view text) {
    auto found = prepared_.find(text);
    if (found == prepared_.end()) {
      found = prepared_
                  .emplace(std::string(text),
                           std::make_unique<SQLite::Statement>(*database_, std::string(text)))
                  .first;
    }
    return *found->second;
  }

  Status Execute(std::string_view statement, std::span<const sql::Value> parameters,
                 sql::Changes* changes) override {
    return Guarded(statement, [&](SQLite::Statement& prepared) {
      Bind(prepared, parameters);
      changes->rows = prepared.exec();
      changes->insert_id = database_->getLastInsertRowid();
    });
  }

  Status Query(std::string_view query, std::span<const sql::Value> parameters,
               const std::function<void(const sql::Row&)>& on_row) override {
    return Guarded(query, [&](SQLite::Statement& prepared) {
      Bind(prepared, parameters);
      const SqliteRow row(prepared);
      while (prepared.executeStep()) on_row(row);
    });
  }

  // The prepared statement is left reset whatever happens: an unfinished one would hold its
  // snapshot, and its parameters would point to what is gone.
  template <class F>
  Status Guarded(std::string_view text, F&& use) {
    SQLite::Statement* prepared = nullptr;
    Status status = sqlite::Try("the ledger's database", [&] {
      prepared = &Prepare(text);
      use(*prepared);
    });
    if (prepared != nullptr) static_cast<void>(prepared->tryReset());
    return status;
  }

  const std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> prepared_;
};

SqliteDriver::SqliteDriver(std::string path) : path_(std::move(path)) {}
SqliteDriver::~SqliteDriver() = default;

Result<std::unique_ptr<SqliteDriver>> SqliteDriver::Open(const std::string& path) {
  auto database = sqlite::Open(path, {.cache_kib = kWriterCacheKib, .incremental_vacuum = true});
  if (!database) return std::unexpected(std::move(database).error());
  if (const Status migrated = sqlite::Migrate(**database, kSchema); !migrated) {
    return std::unexpected(migrated.error());
  }
  const Status tuned = sqlite::Try("opening the ledger's database", [&] {
    (*database)->exec("PRAGMA wal_autocheckpoint=4000");
    (*database)->exec("PRAGMA journal_size_limit=16777216");
  });
  if (!tuned) return std::unexpected(tuned.error());
  std::unique_ptr<SqliteDriver> driver(new SqliteDriver(path));
  driver->writer_ = std::make_unique<SqliteConnection>(std::move(*database));
  return driver;
}

Status SqliteDriver::Write(const Work& work) {
  const std::lock_guard lock(writer_mutex_);
  return writer_->Transact("BEGIN IMMEDIATE", work);
}

Status SqliteDriver::Read(const Work& work) {
  auto reader = TakeReader();
  if (!reader) return std::unexpected(std::move(reader).error());
  Status status = (*reader)->Transact("BEGIN", work);
  GiveReader(std::move(*reader));
  return status;
}

Result<std::unique_ptr<SqliteConnection>> SqliteDriver::TakeReader() {
  std::unique_lock lock(readers_mutex_);
  reader_free_.wait(lock, [this] { return !readers_.empty() || readers_open_ < kReadersMax; });
  if (!readers_.empty()) {
    auto reader = std::move(readers_.back());
    readers_.pop_back();
    return reader;
  }
  ++readers_open_;
  lock.unlock();
  auto database = sqlite::Open(path_, {.read_only = true, .cache_kib = kReaderCacheKib});
  if (database) return std::make_unique<SqliteConnection>(std::move(*database));
  lock.lock();
  --readers_open_;
  reader_free_.notify_one();
  return std::unexpected(std::move(database).error());
}

void SqliteDriver::GiveReader(std::unique_ptr<SqliteConnection> reader) {
  {
    const std::lock_guard lock(readers_mutex_);
    readers_.push_back(std::move(reader));
  }
  reader_free_.notify_one();
}

void SqliteDriver::Tidy() {
  const std::lock_guard lock(writer_mutex_);
  // A few hundred pages at a time: short for those who wait, and the file shrinks over the hours.
  static_cast<void>(writer_->database().tryExec("PRAGMA incremental_vacuum(512)"));
}

}  // namespace gophercron::storage
