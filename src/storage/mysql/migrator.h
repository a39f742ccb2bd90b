// Brings the tables up to date, once, however many programs start together.
#ifndef GOPHERCRON_STORAGE_MYSQL_MIGRATOR_H_
#define GOPHERCRON_STORAGE_MYSQL_MIGRATOR_H_

#include <limits>

#include "base/result.h"
#include "storage/mysql/options.h"
#include "storage/mysql/session.h"

namespace gophercron::storage::mysql {

// On a connection of its own, because widening a large table takes longer than any statement may.
// Waits for another program that is at it. Killed at any moment it leaves what the next call
// completes. Makes at most `steps_max` changes, for tests; a call that had to stop there is
// kUnavailable, as is one with `options.migrate` false that finds old tables. Tables that a newer
// program made are used as long as that program says so; else kUnsupported.
Status Migrate(const Options& options, int steps_max = std::numeric_limits<int>::max());

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_MIGRATOR_H_
