// How to reach the database. Plain values: where they come from is the caller's matter.
#ifndef GOPHERCRON_STORAGE_MYSQL_OPTIONS_H_
#define GOPHERCRON_STORAGE_MYSQL_OPTIONS_H_

#include <cstdint>
#include <string>

#include "base/time.h"

namespace gophercron::storage::mysql {

enum class Tls {
  kOff,      // GopherCron v1's, whose files say nothing of TLS
  kEncrypt,  // encrypted, to whoever answers
  kVerify,   // encrypted, and the server's certificate must be for `host`
};

struct Options {
  std::string host = "127.0.0.1";  // always TCP, "localhost" too
  std::uint16_t port = 3306;
  std::string socket;  // a path; instead of host and port when not empty
  std::string username;
  std::string password;
  std::string database;  // must exist; its tables need not

  Tls tls = Tls::kOff;
  std::string ca_file;  // empty: the system's
  std::string certificate_file, key_file;

  seconds connect_timeout{5};
  // One statement's answer. What takes longer is given up, and its connection closed.
  seconds read_timeout{30};
  seconds write_timeout{30};

  int connections_max = 10;
  // How long a call waits for a connection while all are in use.
  milliseconds pool_timeout{5000};

  // Create and widen the tables. Without it a database that is not up to date is kUnavailable
  // until somebody else has brought it there.
  bool migrate = true;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_OPTIONS_H_
