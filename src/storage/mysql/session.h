// One connection to the server, with the statements it has prepared.
//
// Threads: one at a time. Every call may wait as long as the timeouts of its Options say.
#ifndef GOPHERCRON_STORAGE_MYSQL_SESSION_H_
#define GOPHERCRON_STORAGE_MYSQL_SESSION_H_

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/mysql/options.h"
#include "storage/sql/connection.h"

struct st_mysql;

namespace gophercron::storage::mysql {

class Statement;

class Session {
 public:
  // The session speaks utf8mb4, counts in UTC, refuses values that do not fit, and takes "x" for a
  // name as standard SQL does. UPDATE counts the rows that matched.
  static Result<std::unique_ptr<Session>> Connect(const Options& options);
  ~Session();

  // One statement without parameters and rows.
  Status Exec(const std::string& statement);
  // Prepared, and kept: the texts come from a fixed set.
  Status Execute(std::string_view statement, std::span<const sql::Value> parameters,
                 sql::Changes* changes);
  Status Query(std::string_view query, std::span<const sql::Value> parameters,
               const std::function<void(const sql::Row&)>& on_row);
  // The first column of the first row, as a number; 0 when there is no row.
  Result<std::int64_t> Number(std::string_view query);

  // Of the last call that failed since ClearError; 0 when none did.
  unsigned error_number() const { return error_number_; }
  void ClearError() { error_number_ = 0; }
  // The connection can not be used any more.
  bool lost() const { return lost_; }

 private:
  struct Closer {
    void operator()(st_mysql* mysql) const;
  };

  explicit Session(const Options& options);
  Status Start(const Options& options);
  Result<Statement*> Prepare(std::string_view text);
  Status Failed(unsigned number, std::string_view message);
  // INSERT IGNORE turns every error into a warning; only the duplicate was meant.
  Status OnlyDuplicatesIgnored();

  const std::string where_;
  std::unique_ptr<st_mysql, Closer> mysql_;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> prepared_;
  unsigned error_number_ = 0;
  bool lost_ = false;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_SESSION_H_
