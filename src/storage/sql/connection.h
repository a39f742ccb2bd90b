// What the queries need of a database: the port that a driver implements. SqlStore stands over it,
// so a further database is a driver, a schema and nothing else.
//
// A statement is text with `?` for each parameter. Texts come from a fixed set, so a driver
// prepares each once a connection and keeps it. Failure is sticky within one unit of work: after
// the first one every further statement does nothing and gives no rows, and the Driver reports it
// and rolls back. Queries therefore read from top to bottom, without a test after each.
#ifndef GOPHERCRON_STORAGE_SQL_CONNECTION_H_
#define GOPHERCRON_STORAGE_SQL_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::storage::sql {

struct Blob {
  std::string_view bytes;
};

// A parameter: NULL, a number, a text or bytes. Views must live until the call returns.
using Value = std::variant<std::monostate, std::int64_t, std::string_view, Blob>;

template <class T>
Value Nullable(const std::optional<T>& value) {
  return value ? Value(static_cast<std::int64_t>(*value)) : Value();
}
// NULL takes no room in a row.
inline Value NullIfEmpty(std::string_view text) {
  return text.empty() ? Value() : Value(text);
}
inline Value NullIfZero(std::int64_t number) {
  return number == 0 ? Value() : Value(number);
}

// The row a query stands on; valid during the callback. Columns count from 0. NULL reads as 0 and
// as the empty text.
class Row {
 public:
  virtual bool IsNull(int column) const = 0;
  virtual std::int64_t Int(int column) const = 0;
  virtual std::string Text(int column) const = 0;  // bytes too

 protected:
  ~Row() = default;
};

struct Changes {
  std::int64_t rows = 0;       // that the statement matched
  std::int64_t insert_id = 0;  // the number given to the row inserted
};

// Where the two languages differ.
struct Dialect {
  // INSERT that leaves an existing row with the same unique key alone and counts no row then.
  std::string_view insert_unless_there;  // "INSERT OR IGNORE INTO"
  // The end of a SELECT whose rows this transaction is going to change.
  std::string_view for_update;  // "", " FOR UPDATE"
  // gc_task_log, where GopherCron v1 wrote its runs, may be there.
  bool v1_logs = false;
};

// Threads: one at a time.
class Connection {
 public:
  explicit Connection(const Dialect& dialect) : dialect_(dialect) {}
  virtual ~Connection() = default;

  const Dialect& dialect() const { return dialect_; }
  bool failed() const { return !status_; }
  const Status& status() const { return status_; }
  // Gives this unit of work up with an error of the caller's.
  void Fail(Error error) {
    if (status_) status_ = std::unexpected(std::move(error));
  }

  Changes Run(std::string_view statement, std::span<const Value> parameters) {
    Changes changes;
    if (status_) status_ = Execute(statement, parameters, &changes);
    return changes;
  }
  Changes Run(std::string_view statement, std::initializer_list<Value> parameters) {
    return Run(statement, std::span(parameters.begin(), parameters.size()));
  }
  // Calls `on_row` for every row. It may not run statements.
  void Each(std::string_view query, std::span<const Value> parameters,
            const std::function<void(const Row&)>& on_row) {
    if (status_) status_ = Query(query, parameters, on_row);
  }
  void Each(std::string_view query, std::initializer_list<Value> parameters,
            const std::function<void(const Row&)>& on_row) {
    Each(query, std::span(parameters.begin(), parameters.size()), on_row);
  }
  // What `read` makes of the first row; nullopt when there is none.
  template <class F>
  auto First(std::string_view query, std::initializer_list<Value> parameters, F&& read) {
    std::optional<std::invoke_result_t<F, const Row&>> first;
    Each(query, parameters, [&](const Row& row) {
      if (!first) first = read(row);
    });
    return first;
  }

 protected:
  // For drivers, at the begin of a unit of work.
  void Forgive() { status_ = {}; }

 private:
  virtual Status Execute(std::string_view statement, std::span<const Value> parameters,
                         Changes* changes) = 0;
  virtual Status Query(std::string_view query, std::span<const Value> parameters,
                       const std::function<void(const Row&)>& on_row) = 0;

  const Dialect dialect_;
  Status status_;
};

// Connections of one database. Threads: any.
//
// Several units of work may write at the same time, in several programs. One that changes the
// ledger of a task locks the task's row first (Dialect::for_update) and then reads: it sees all
// that was committed before. Rows of several tasks are locked in the order of their keys.
class Driver {
 public:
  using Work = std::function<void(Connection&)>;

  virtual ~Driver() = default;
  // Runs `work` in one transaction and commits it, durably, unless the connection failed. What a
  // unit of work left outside of the database must be right again when it is run a second time: a
  // driver may retry after a deadlock.
  virtual Status Write(const Work& work) = 0;
  // Runs `work` on one consistent state of the database.
  virtual Status Read(const Work& work) = 0;
  // After much has been removed: gives room back where that is cheap.
  virtual void Tidy() {}
};

inline std::unexpected<Error> NotFound(std::string message) {
  return gophercron::Fail(ErrorCode::kNotFound, std::move(message));
}

inline Instant ToInstant(std::int64_t unix_us) {
  return Instant(microseconds(unix_us));
}
inline std::int64_t FromInstant(Instant at) {
  return at.time_since_epoch().count();
}
inline TickInstant ToTick(std::int64_t unix_seconds) {
  return TickInstant(seconds(unix_seconds));
}
inline std::int64_t FromTick(TickInstant at) {
  return at.time_since_epoch().count();
}

}  // namespace gophercron::storage::sql

#endif  // GOPHERCRON_STORAGE_SQL_CONNECTION_H_
