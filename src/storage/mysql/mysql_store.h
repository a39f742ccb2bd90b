// The Store in MySQL or MariaDB: for a cluster.
#ifndef GOPHERCRON_STORAGE_MYSQL_MYSQL_STORE_H_
#define GOPHERCRON_STORAGE_MYSQL_MYSQL_STORE_H_

#include <memory>

#include "storage/mysql/options.h"
#include "storage/store.h"

namespace gophercron::storage {

// Does not wait for the server: the first call that reaches it brings the tables up to date, and
// until then calls are kUnavailable. Ping says whether it is there. Several programs may use one
// database, and may start together.
std::unique_ptr<Store> OpenMysqlStore(mysql::Options options);

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_MYSQL_MYSQL_STORE_H_
