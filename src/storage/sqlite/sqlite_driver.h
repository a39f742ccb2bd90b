// The SQL port over SQLite: one connection that writes, a few that read beside it.
#ifndef GOPHERCRON_STORAGE_SQLITE_SQLITE_DRIVER_H_
#define GOPHERCRON_STORAGE_SQLITE_SQLITE_DRIVER_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/sql/connection.h"

namespace gophercron::storage {

class SqliteConnection;

class SqliteDriver final : public sql::Driver {
 public:
  static Result<std::unique_ptr<SqliteDriver>> Open(const std::string& path);
  ~SqliteDriver() override;

  Status Write(const Work& work) override;
  Status Read(const Work& work) override;
  void Tidy() override;

 private:
  explicit SqliteDriver(std::string path);
  // Waits for a reader that nobody uses, or opens one while there are few.
  Result<std::unique_ptr<SqliteConnection>> TakeReader();
  void GiveReader(std::unique_ptr<SqliteConnection> reader);

  const std::string path_;
  std::mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;
  std::mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;  // not in use now
  int readers_open_ = 0;
};

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_SQLITE_SQLITE_DRIVER_H_
