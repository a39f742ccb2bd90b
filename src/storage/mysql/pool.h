// The connections of one database: a bounded number, opened when needed and used again.
#ifndef GOPHERCRON_STORAGE_MYSQL_POOL_H_
#define GOPHERCRON_STORAGE_MYSQL_POOL_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/mysql/options.h"
#include "storage/mysql/session.h"
#include "storage/sql/connection.h"

namespace gophercron::storage::mysql {

// How a transaction sees what others do at the same time.
enum class Isolation {
  kUnknown,
  // Each statement sees all that is committed. For writing: a transaction locks what it changes
  // first, then reads, and must not read from before it had the lock. No gaps are locked, so
  // writers of different tasks do not meet.
  kReadCommitted,
  // All statements see one moment. For reading.
  kRepeatableRead,
};

class MysqlConnection final : public sql::Connection {
 public:
  explicit MysqlConnection(std::unique_ptr<Session> session);

  enum class Stage { kBegin, kWork, kCommit };
  struct Outcome {
    Status status;
    Stage stage = Stage::kBegin;  // how far it came
    bool collided = false;        // rolled back because of another; run it again
  };
  Outcome Transact(Isolation isolation, const sql::Driver::Work& work);

  bool lost() const { return session_->lost(); }
  Isolation isolation() const { return isolation_; }
  BootTime idle_since{};

 private:
  Status Begin(Isolation isolation);
  Status Execute(std::string_view statement, std::span<const sql::Value> parameters,
                 sql::Changes* changes) override;
  Status Query(std::string_view query, std::span<const sql::Value> parameters,
               const std::function<void(const sql::Row&)>& on_row) override;

  const std::unique_ptr<Session> session_;
  Isolation isolation_ = Isolation::kUnknown;
};

// Threads: any.
class Pool {
 public:
  explicit Pool(Options options) : options_(std::move(options)) {}

  struct Taken {
    std::unique_ptr<MysqlConnection> connection;
    bool fresh = false;  // opened just now
  };
  // A connection that nobody uses, one of `isolation` if there is one, or a new one. Waits at most
  // `pool_timeout` for one to come back. While the server can not be reached, only one call in a
  // growing interval (up to 2 s) tries to; the others get the last error at once. The first
  // connection brings the tables up to date.
  Result<Taken> Take(Isolation isolation);
  // Closes it when it is lost, and with it all that lie idle: what ended one ended them too.
  void Give(std::unique_ptr<MysqlConnection> connection);
  // Waits a little, at random, longer with each `attempt` from 1 on.
  void Pause(int attempt);

 private:
  Result<std::unique_ptr<MysqlConnection>> Open();
  Status Prepare();
  void NoteAnswer(const Status& status);
  std::unique_ptr<MysqlConnection> TakeIdle(Isolation isolation);

  const Options options_;
  const SystemClock clock_;
  std::timed_mutex prepare_mutex_;

  std::mutex mutex_;
  std::condition_variable free_;
  SystemRandom random_;
  std::vector<std::unique_ptr<MysqlConnection>> idle_;
  int open_ = 0;
  bool prepared_ = false;
  // Not before then will the server be asked again.
  BootTime retry_at_{};
  milliseconds retry_after_{0};
  Error last_error_;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_POOL_H_
