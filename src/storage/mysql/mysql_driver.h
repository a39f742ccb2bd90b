// The SQL port over MySQL and MariaDB.
//
// Writing transactions run READ COMMITTED and are run again, as a whole, when another was in their
// way. Reading ones run REPEATABLE READ. A connection that is lost before COMMIT was sent is
// kUnavailable: the server rolls back. Lost after that it is kOutcomeUnknown.
#ifndef GOPHERCRON_STORAGE_MYSQL_MYSQL_DRIVER_H_
#define GOPHERCRON_STORAGE_MYSQL_MYSQL_DRIVER_H_

#include "storage/mysql/options.h"
#include "storage/mysql/pool.h"
#include "storage/sql/connection.h"

namespace gophercron::storage::mysql {

class MysqlDriver final : public sql::Driver {
 public:
  explicit MysqlDriver(Options options) : pool_(std::move(options)) {}

  Status Write(const Work& work) override;
  Status Read(const Work& work) override;

 private:
  Result<MysqlConnection::Outcome> Once(Isolation isolation, const Work& work);

  Pool pool_;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_MYSQL_DRIVER_H_
