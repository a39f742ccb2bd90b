// The Store in one SQLite file: for one machine.
#ifndef GOPHERCRON_STORAGE_SQLITE_SQLITE_STORE_H_
#define GOPHERCRON_STORAGE_SQLITE_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/store.h"

namespace gophercron::storage {

// Opens or creates `path` and brings its tables up to date. One process at a time: the data
// folder's lock is the caller's matter. The log beside it ("-wal") is folded in every few megabytes
// and cut back when it grew; the file reuses what pruning frees and gives the rest back in small
// steps.
Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path);

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_SQLITE_SQLITE_STORE_H_
