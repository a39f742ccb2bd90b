#include "storage/mysql/errors.h"

#include <errmsg.h>
#include <mysqld_error.h>

namespace gophercron::storage::mysql {
namespace {

// MariaDB's header lacks the numbers that only MySQL 8 has.
constexpr unsigned kClientInteractionTimeout = 4031;
constexpr unsigned kConnectionKilled = 1927;  // MariaDB's

constexpr bool IsClientError(unsigned number) {
  return number >= CR_MIN_ERROR && number < 3000;
}

}  // namespace

ErrorCode CodeOf(unsigned number) {
  switch (number) {
    case ER_DUP_ENTRY:
      return ErrorCode::kConflict;
    case ER_DATA_TOO_LONG:
    case WARN_DATA_TRUNCATED:
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_TRUNCATED_WRONG_VALUE:
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_BAD_NULL_ERROR:
    case ER_NET_PACKET_TOO_LARGE:
      return ErrorCode::kInvalidArgument;
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
    case ER_OUTOFMEMORY:
    case ER_OUT_OF_RESOURCES:
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
    case ER_MAX_PREPARED_STMT_COUNT_REACHED:
      return ErrorCode::kResourceExhausted;
    case ER_NOT_KEYFILE:
    case ER_OLD_KEYFILE:
    case ER_CRASHED_ON_USAGE:
    case ER_CRASHED_ON_REPAIR:
      return ErrorCode::kCorrupt;
    // Somebody has to set these right, and then the same call works.
    case ER_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_BAD_DB_ERROR:
    case ER_HOST_IS_BLOCKED:
    case ER_HOST_NOT_PRIVILEGED:
    // A replica, or a server that is being taken out of service.
    case ER_OPTION_PREVENTS_STATEMENT:
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
    case ER_READ_ONLY_MODE:
    case ER_SERVER_SHUTDOWN:
    case ER_QUERY_INTERRUPTED:
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
    case kConnectionKilled:
    case kClientInteractionTimeout:
      return ErrorCode::kUnavailable;
    default:
      return IsClientError(number) ? ErrorCode::kUnavailable : ErrorCode::kInternal;
  }
}

bool IsLost(unsigned number) {
  return IsClientError(number) || number == ER_SERVER_SHUTDOWN || number == kConnectionKilled ||
         number == kClientInteractionTimeout;
}

bool IsCollision(unsigned number) {
  return number == ER_LOCK_DEADLOCK || number == ER_LOCK_WAIT_TIMEOUT || number == ER_CHECKREAD;
}

bool IsDuplicate(unsigned number) {
  return number == ER_DUP_ENTRY;
}

}  // namespace gophercron::storage::mysql
