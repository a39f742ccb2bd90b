#include "storage/mysql/pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "storage/mysql/errors.h"
#include "storage/mysql/migrator.h"

namespace gophercron::storage::mysql {
namespace {

constexpr milliseconds kRetryFirst(50);
constexpr milliseconds kRetryMax(2000);
// What lies between may forget a connection that says nothing for long.
constexpr seconds kIdleMax(60);
constexpr sql::Dialect kDialect = {
    .insert_unless_there = "INSERT IGNORE INTO", .for_update = " FOR UPDATE", .v1_logs = true};

}  // namespace

MysqlConnection::MysqlConnection(std::unique_ptr<Session> session)
    : Connection(kDialect), session_(std::move(session)) {}

Status MysqlConnection::Begin(Isolation isolation) {
  if (isolation_ != isolation) {
    Status set = session_->Exec(isolation == Isolation::kReadCommitted
                                    ? "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
                                    : "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    if (!set) return set;
    isolation_ = isolation;
  }
  return session_->Exec(isolation == Isolation::kReadCommitted ? "START TRANSACTION"
                                                               : "START TRANSACTION READ ONLY");
}

MysqlConnection::Outcome MysqlConnection::Transact(Isolation isolation,
                                                   const sql::Driver::Work& work) {
  Forgive();
  session_->ClearError();
  Outcome outcome;
  outcome.status = Begin(isolation);
  if (!outcome.status) return outcome;
  outcome.stage = Stage::kWork;
  work(*this);
  outcome.status = status();
  if (outcome.status) {
    outcome.stage = Stage::kCommit;
    outcome.status = session_->Exec("COMMIT");
  }
  if (!outcome.status) {
    outcome.collided = IsCollision(session_->error_number());
    // What can not be rolled back ends with the connection.
    if (!lost()) static_cast<void>(session_->Exec("ROLLBACK"));
  }
  return outcome;
}

Status MysqlConnection::Execute(std::string_view statement, std::span<const sql::Value> parameters,
                                sql::Changes* changes) {
  return session_->Execute(statement, parameters, changes);
}

Status MysqlConnection::Query(std::string_view query, std::span<const sql::Value> parameters,
                              const std::function<void(const sql::Row&)>& on_row) {
  return session_->Query(query, parameters, on_row);
}

std::unique_ptr<MysqlConnection> Pool::TakeIdle(Isolation isolation) {
  const BootTime now = clock_.Boot();
  const auto stale = std::erase_if(
      idle_, [&](const auto& connection) { return now - connection->idle_since > kIdleMax; });
  open_ -= static_cast<int>(stale);
  if (idle_.empty()) return nullptr;
  // The one used last, of the right kind if possible.
  auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& connection) {
    return connection->isolation() == isolation;
  });
  if (found == idle_.rend()) found = idle_.rbegin();
  auto connection = std::move(*found);
  idle_.erase(std::next(found).base());
  return connection;
}

Result<Pool::Taken> Pool::Take(Isolation isolation) {
  if (Status prepared = Prepare(); !prepared) return std::unexpected(prepared.error());
  std::unique_lock lock(mutex_);
  const bool free = free_.wait_for(lock, options_.pool_timeout, [this] {
    return !idle_.empty() || open_ < options_.connections_max;
  });
  if (!free) {
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format("all {} connections to the database {} stayed in use for {} ms",
                    options_.connections_max, options_.database, options_.pool_timeout.count()));
  }
  if (auto idle = TakeIdle(isolation)) return Taken{.connection = std::move(idle), .fresh = false};
  if (clock_.Boot() < retry_at_) return std::unexpected(last_error_);
  ++open_;
  lock.unlock();
  auto opened = Open();
  if (opened) return Taken{.connection = std::move(*opened), .fresh = true};
  lock.lock();
  --open_;
  free_.notify_one();
  return std::unexpected(std::move(opened).error());
}

Result<std::unique_ptr<MysqlConnection>> Pool::Open() {
  auto session = Session::Connect(options_);
  NoteAnswer(session ? Status() : std::unexpected(session.error()));
  if (!session) return std::unexpected(std::move(session).error());
  return std::make_unique<MysqlConnection>(std::move(*session));
}

void Pool::NoteAnswer(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status) {
    if (retry_after_ > milliseconds(0)) log::Info("database {}: answers again", options_.database);
    retry_after_ = milliseconds(0);
    retry_at_ = {};
    return;
  }
  if (retry_after_ == milliseconds(0)) log::Warning("{}", status.error().message);
  retry_after_ = std::clamp(retry_after_ * 2, kRetryFirst, kRetryMax);
  const auto jittered = static_cast<std::uint64_t>(retry_after_.count());
  retry_at_ = clock_.Boot() +
              milliseconds(static_cast<std::int64_t>(jittered / 2 + random_.Below(jittered / 2)));
  last_error_ = status.error();
}

Status Pool::Prepare() {
  {
    const std::lock_guard lock(mutex_);
    if (prepared_) return {};
    if (clock_.Boot() < retry_at_) return std::unexpected(last_error_);
  }
  const std::unique_lock preparing(prepare_mutex_, options_.pool_timeout);
  if (!preparing.owns_lock()) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the tables of the database {} are still being brought up to date",
                            options_.database));
  }
  {
    const std::lock_guard lock(mutex_);
    if (prepared_) return {};
  }
  const Status migrated = Migrate(options_);
  NoteAnswer(migrated);
  if (!migrated) return migrated;
  const std::lock_guard lock(mutex_);
  prepared_ = true;
  return {};
}

void Pool::Give(std::unique_ptr<MysqlConnection> connection) {
  std::vector<std::unique_ptr<MysqlConnection>> closing;
  {
    const std::lock_guard lock(mutex_);
    if (connection->lost()) {
      open_ -= 1 + static_cast<int>(idle_.size());
      closing.swap(idle_);
      closing.push_back(std::move(connection));
    } else {
      connection->idle_since = clock_.Boot();
      idle_.push_back(std::move(connection));
    }
  }
  // Also those who wait may find that they can open one now.
  if (closing.empty()) {
    free_.notify_one();
  } else {
    free_.notify_all();
  }
}

void Pool::Pause(int attempt) {
  std::unique_lock lock(mutex_);
  const auto longest = std::min<std::uint64_t>(5u << std::min(attempt, 6), 200);
  const auto pause = milliseconds(static_cast<std::int64_t>(1 + random_.Below(longest)));
  // Nobody notifies: the lock of what is waited for is another transaction's, at the server.
  std::condition_variable never;
  never.wait_for(lock, pause);
}

}  // namespace gophercron::storage::mysql
