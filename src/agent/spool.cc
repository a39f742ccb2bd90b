#include "agent/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>

#include "base/json.h"
#include "base/log.h"
#include "base/sqlite/sqlite.h"

namespace gophercron::agent {
namespace {

constexpr std::array<std::string_view, 1> kMigrations = {R"sql(
-- state: 0 waits for delivery, 1 set aside. bytes: of record, head and tail together.
CREATE TABLE spool (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state INTEGER NOT NULL DEFAULT 0,
  appended_us INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  record TEXT NOT NULL,
  head BLOB,
  tail BLOB,
  why TEXT
);
)sql"};

constexpr std::int64_t kPageBytes = 4096;

// One record as its columns.
struct Row {
  std::string text;
  std::string_view head;
  std::string_view tail;
  std::int64_t bytes() const {
    return static_cast<std::int64_t>(text.size() + head.size() + tail.size());
  }
};

Row ToRow(const task::LedgerRecord& record) {
  json::object text;
  if (record.run) text["run"] = task::ToJson(*record.run);
  if (record.span) text["span"] = task::ToJson(*record.span);
  return {.text = json::serialize(text), .head = record.output.head, .tail = record.output.tail};
}

Result<task::LedgerRecord> FromText(std::string_view text) {
  auto parsed = json::ParseObject(text);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  task::LedgerRecord record;
  if (const json::object* run = json::Object(*parsed, "run")) {
    auto value = task::RunRecordFromJson(*run);
    if (!value) return std::unexpected(std::move(value).error());
    record.run = std::move(*value);
  } else if (const json::object* span = json::Object(*parsed, "span")) {
    auto value = task::OutcomeSpanFromJson(*span);
    if (!value) return std::unexpected(std::move(value).error());
    record.span = std::move(*value);
  } else {
    return Fail(ErrorCode::kCorrupt, "it holds neither a run nor a span");
  }
  return record;
}

void BindBytes(SQLite::Statement& statement, int index, std::string_view bytes) {
  if (bytes.empty()) {
    statement.bind(index);
  } else {
    statement.bindNoCopy(index, bytes.data(), static_cast<int>(bytes.size()));
  }
}

std::string ColumnBytes(const SQLite::Column& column) {
  const void* data = column.getBlob();
  return data == nullptr ? std::string()
                         : std::string(static_cast<const char*>(data),
                                       static_cast<std::size_t>(column.getBytes()));
}

class SqliteSpool final : public Spool {
 public:
  SqliteSpool(std::unique_ptr<SQLite::Database> database, Options options)
      : database_(std::move(database)),
        options_(options),
        insert_(*database_,
                "INSERT INTO spool (appended_us, bytes, record, head, tail) "
                "VALUES (?, ?, ?, ?, ?)"),
        rows_(*database_,
              "SELECT id, bytes, record, head, tail FROM spool "
              "WHERE id > ? AND state = 0 ORDER BY id"),
        remove_(*database_, "DELETE FROM spool WHERE id = ? RETURNING bytes, state"),
        oldest_(*database_, "SELECT appended_us FROM spool WHERE state = 0 ORDER BY id LIMIT 1") {}

  Status Load() {
    return sqlite::Try("reading the spool", [this] {
      const std::int64_t file_max =
          options_.file_bytes_max > 0 ? options_.file_bytes_max : 2 * options_.quota_bytes;
      database_->exec(fmt::format("PRAGMA max_page_count={}",
                                  std::max<std::int64_t>(16, file_max / kPageBytes)));
      database_->exec("PRAGMA journal_size_limit=4194304");
      ReadState();
    });
  }

  Status Append(std::span<const task::LedgerRecord> records, Instant now) override {
    if (records.empty()) return {};
    const std::lock_guard lock(mutex_);
    return Change("writing results to the spool", [&] {
      Using insert(insert_);
      for (const task::LedgerRecord& record : records) {
        const Row row = ToRow(record);
        insert_.bind(1, static_cast<std::int64_t>(now.time_since_epoch().count()));
        insert_.bind(2, row.bytes());
        insert_.bindNoCopy(3, row.text);
        BindBytes(insert_, 4, row.head);
        BindBytes(insert_, 5, row.tail);
        insert_.exec();
        insert_.reset();
        ++state_.count;
        state_.bytes += row.bytes();
        if (!state_.oldest) state_.oldest = now;
      }
      if (state_.bytes > options_.quota_bytes) MakeRoom();
    });
  }

  Result<std::vector<SpooledRecord>> Peek(std::int64_t max_records, std::int64_t max_bytes,
                                          SpoolId after) override {
    const std::lock_guard lock(mutex_);
    std::vector<SpooledRecord> found;
    std::vector<std::pair<SpoolId, std::string>> unreadable;
    const Status read = sqlite::Try("reading the spool", [&] {
      Using rows(rows_);
      rows_.bind(1, after);
      std::int64_t bytes = 0;
      while (static_cast<std::int64_t>(found.size()) < max_records && rows_.executeStep()) {
        bytes += rows_.getColumn(1).getInt64();
        if (!found.empty() && bytes > max_bytes) break;
        const SpoolId id = rows_.getColumn(0).getInt64();
        auto record = FromText(rows_.getColumn(2).getString());
        if (!record) {
          unreadable.emplace_back(id, record.error().message);
          continue;
        }
        record->output.head = ColumnBytes(rows_.getColumn(3));
        record->output.tail = ColumnBytes(rows_.getColumn(4));
        found.push_back({.id = id, .record = std::move(*record)});
      }
    });
    if (!read) return std::unexpected(read.error());
    for (const auto& [id, why] : unreadable) {
      if (const Status aside = SetAsideLocked(id, why); !aside) {
        return std::unexpected(aside.error());
      }
    }
    return found;
  }

  Status Remove(std::span<const SpoolId> ids) override {
    if (ids.empty()) return {};
    const std::lock_guard lock(mutex_);
    return Change(
        "removing delivered results from the spool",
        [&] {
          Using remove(remove_);
          for (const SpoolId id : ids) {
            remove_.bind(1, id);
            while (remove_.executeStep()) {
              state_.bytes -= remove_.getColumn(0).getInt64();
              --(remove_.getColumn(1).getInt() == 0 ? state_.count : state_.set_aside);
            }
            remove_.reset();
          }
          // A long outage leaves a large file behind; give its pages back once it is over.
          if (state_.count == 0) database_->exec("PRAGMA incremental_vacuum(256)");
          ReadOldest();
        },
        Durable::kWithTheNext);
  }

  Status SetAside(SpoolId id, std::string_view why) override {
    const std::lock_guard lock(mutex_);
    return SetAsideLocked(id, why);
  }

  SpoolState State() const override {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  // A removal may be lost with the machine's power: what is delivered twice is delivered once.
  enum class Durable { kAtOnce, kWithTheNext };

  // Left reset whatever happens: a statement that stands still would hold its view of the file.
  class Using {
   public:
    explicit Using(SQLite::Statement& statement) : statement_(statement) {}
    ~Using() { statement_.tryReset(); }
    Using(const Using&) = delete;
    Using& operator=(const Using&) = delete;

   private:
    SQLite::Statement& statement_;
  };

  // Runs `use` in one transaction. The counters follow the file: what did not commit is not
  // counted.
  template <class F>
  Status Change(std::string_view doing, F&& use, Durable durable = Durable::kAtOnce) {
    const SpoolState before = state_;
    Status status = sqlite::Try(doing, [&] {
      database_->exec(durable == Durable::kAtOnce ? "PRAGMA synchronous=FULL"
                                                  : "PRAGMA synchronous=NORMAL");
      SQLite::Transaction transaction(*database_);
      use();
      transaction.commit();
    });
    if (!status) state_ = before;
    return status;
  }

  Status SetAsideLocked(SpoolId id, std::string_view why) {
    log::Warning("the spool sets result {} aside, it will not be delivered: {}", id, why);
    return Change("setting a result aside in the spool", [&] {
      SQLite::Statement update(*database_,
                               "UPDATE spool SET state = 1, why = ? WHERE id = ? AND state = 0");
      update.bind(1, std::string(why));
      update.bind(2, id);
      if (update.exec() > 0) {
        --state_.count;
        ++state_.set_aside;
      }
      ReadOldest();
    });
  }

  // Over the quota: a bit more than needed goes, so that not every Append has to.
  void MakeRoom() {
    const std::int64_t target = options_.quota_bytes - options_.quota_bytes / 16;
    DropOutputs(target);
    if (state_.bytes > options_.quota_bytes) DropRecords(target);
    log::Warning(
        "the spool is over its quota of {} bytes: {} outputs and {} results were dropped since "
        "start; results are not being delivered, or the quota is too small for this load",
        options_.quota_bytes, state_.dropped_outputs, state_.dropped_records);
  }

  void DropOutputs(std::int64_t target) {
    SQLite::Statement rows(*database_,
                           "SELECT id, record, bytes FROM spool WHERE head IS NOT NULL OR tail IS "
                           "NOT NULL ORDER BY id");
    std::vector<std::pair<SpoolId, std::string>> smaller;
    std::int64_t left = state_.bytes;
    while (left > target && rows.executeStep()) {
      std::string text = rows.getColumn(1).getString();
      if (auto record = FromText(text); record && record->run) {
        record->run->dropped_bytes = record->run->output_bytes;
        text = ToRow(*record).text;
      }
      left -= rows.getColumn(2).getInt64() - static_cast<std::int64_t>(text.size());
      smaller.emplace_back(rows.getColumn(0).getInt64(), std::move(text));
    }
    rows.reset();
    SQLite::Statement update(*database_,
                             "UPDATE spool SET record = ?, bytes = ?, head = NULL, tail = NULL "
                             "WHERE id = ?");
    for (const auto& [id, text] : smaller) {
      update.bindNoCopy(1, text);
      update.bind(2, static_cast<std::int64_t>(text.size()));
      update.bind(3, id);
      update.exec();
      update.reset();
    }
    state_.bytes = left;
    state_.dropped_outputs += static_cast<std::int64_t>(smaller.size());
  }

  void DropRecords(std::int64_t target) {
    // What nobody will deliver goes before what somebody may.
    SQLite::Statement remove(*database_,
                             "DELETE FROM spool WHERE id = (SELECT id FROM spool ORDER BY state "
                             "DESC, id LIMIT 1) RETURNING bytes, state");
    while (state_.bytes > target) {
      if (!remove.executeStep()) break;
      state_.bytes -= remove.getColumn(0).getInt64();
      --(remove.getColumn(1).getInt() == 0 ? state_.count : state_.set_aside);
      ++state_.dropped_records;
      remove.reset();
    }
    ReadOldest();
  }

  void ReadState() {
    SQLite::Statement sums(*database_,
                           "SELECT COUNT(*) FILTER (WHERE state = 0), COUNT(*) FILTER (WHERE state "
                           "= 1), COALESCE(SUM(bytes), 0) FROM spool");
    sums.executeStep();
    state_.count = sums.getColumn(0).getInt64();
    state_.set_aside = sums.getColumn(1).getInt64();
    state_.bytes = sums.getColumn(2).getInt64();
    ReadOldest();
  }

  void ReadOldest() {
    Using oldest(oldest_);
    state_.oldest.reset();
    if (oldest_.executeStep()) {
      state_.oldest = Instant(microseconds(oldest_.getColumn(0).getInt64()));
    }
  }

  mutable std::mutex mutex_;
  const std::unique_ptr<SQLite::Database> database_;
  const Options options_;
  SQLite::Statement insert_;
  SQLite::Statement rows_;
  SQLite::Statement remove_;
  SQLite::Statement oldest_;
  SpoolState state_;
};

Result<std::unique_ptr<Spool>> OpenFile(const std::string& path, Spool::Options options) {
  auto database = sqlite::Open(path, {.cache_kib = 512, .incremental_vacuum = true});
  if (!database) return std::unexpected(std::move(database).error());
  if (const Status migrated = sqlite::Migrate(**database, kMigrations); !migrated) {
    return std::unexpected(migrated.error());
  }
  return sqlite::Try("opening the spool", [&]() -> Result<std::unique_ptr<Spool>> {
    auto spool = std::make_unique<SqliteSpool>(*std::move(database), options);
    if (const Status loaded = spool->Load(); !loaded) return std::unexpected(loaded.error());
    return spool;
  });
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::Open(const std::string& path, Options options) {
  auto opened = OpenFile(path, options);
  if (opened || opened.error().code != ErrorCode::kCorrupt) return opened;
  const std::string aside = path + ".corrupt";
  log::Warning("the spool {} is not readable ({}): it is moved to {} and begun anew", path,
               opened.error().message, aside);
  std::rename(path.c_str(), aside.c_str());
  // They belong to the file that was moved and would corrupt the new one.
  std::remove((path + "-wal").c_str());
  std::remove((path + "-shm").c_str());
  return OpenFile(path, options);
}

}  // namespace gophercron::agent
