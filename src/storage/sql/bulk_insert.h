// Rows on their way into one table, many to a statement: what a server far away costs is round
// trips.
#ifndef GOPHERCRON_STORAGE_SQL_BULK_INSERT_H_
#define GOPHERCRON_STORAGE_SQL_BULK_INSERT_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/connection.h"

namespace gophercron::storage::sql {

// Statements come in these sizes only, so that each is prepared once.
inline constexpr std::array<std::size_t, 3> kBulkSizes = {100, 10, 1};

class BulkInsert {
 public:
  // `insert` is the statement up to VALUES: "INSERT INTO t (a, b)".
  BulkInsert(Connection& db, std::string_view insert, std::size_t columns)
      : db_(db), insert_(insert), columns_(columns) {}

  // What the values view must live until the next Flush. May flush.
  void Add(std::initializer_list<Value> row);
  // Until then nothing of the added rows need be in the table.
  void Flush();

 private:
  void Insert(std::size_t first, std::size_t rows);

  Connection& db_;
  const std::string_view insert_;
  const std::size_t columns_;
  std::vector<Value> values_;
  std::size_t bytes_ = 0;
};

}  // namespace gophercron::storage::sql

#endif  // GOPHERCRON_STORAGE_SQL_BULK_INSERT_H_
