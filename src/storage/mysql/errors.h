// What the server's and the client library's error numbers mean for a caller.
#ifndef GOPHERCRON_STORAGE_MYSQL_ERRORS_H_
#define GOPHERCRON_STORAGE_MYSQL_ERRORS_H_

#include "base/result.h"

namespace gophercron::storage::mysql {

ErrorCode CodeOf(unsigned number);
// The connection is of no use any more.
bool IsLost(unsigned number);
// This transaction was in another's way and nothing of it happened: run it again.
bool IsCollision(unsigned number);
bool IsDuplicate(unsigned number);

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_ERRORS_H_
