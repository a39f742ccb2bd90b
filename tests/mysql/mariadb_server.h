// A MariaDB server of one's own, in a folder of its own, for tests and benchmarks. It ends with the
// process that started it.
#ifndef GOPHERCRON_TESTS_MYSQL_MARIADB_SERVER_H_
#define GOPHERCRON_TESTS_MYSQL_MARIADB_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "storage/mysql/options.h"
#include "storage/mysql/session.h"

namespace gophercron::storage::mysql {

class MariadbServer {
 public:
  // Aborts with the server's log when it does not come up: a test without it shows nothing.
  // `synced`: every commit waits for the disk, as it must in production.
  explicit MariadbServer(bool synced = false);
  ~MariadbServer();

  // The one that tests of this process share.
  static MariadbServer& Shared();

  std::string NewDatabase();
  // Through the socket; `Tcp` gives the same by address.
  Options OptionsFor(const std::string& database) const;
  Options TcpOptionsFor(const std::string& database) const;
  // Removes every row, and keeps the tables.
  void Empty(const std::string& database);
  // For statements of the test's own.
  std::unique_ptr<Session> Connect(const std::string& database) const;

  void Kill();     // as a crash would
  void Restart();  // after Kill
  std::uint16_t port() const { return port_; }

 private:
  void Install();
  bool Start();

  const bool synced_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
  int databases_ = 0;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_TESTS_MYSQL_MARIADB_SERVER_H_
