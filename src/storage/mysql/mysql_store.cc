#include "storage/mysql/mysql_store.h"

#include "storage/mysql/mysql_driver.h"
#include "storage/sql/sql_store.h"

namespace gophercron::storage {

std::unique_ptr<Store> OpenMysqlStore(mysql::Options options) {
  return std::make_unique<sql::SqlStore>(std::make_unique<mysql::MysqlDriver>(std::move(options)));
}

}  // namespace gophercron::storage
