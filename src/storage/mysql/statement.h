// A prepared statement with the buffers for its parameters and columns.
#ifndef GOPHERCRON_STORAGE_MYSQL_STATEMENT_H_
#define GOPHERCRON_STORAGE_MYSQL_STATEMENT_H_

#include <mysql.h>

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/sql/connection.h"

namespace gophercron::storage::mysql {

class Statement {
 public:
  // False: error_number() and message() say why. The same for every call below.
  bool Prepare(MYSQL* mysql, std::string_view text);
  bool Execute(std::span<const sql::Value> parameters, sql::Changes* changes);
  bool Query(std::span<const sql::Value> parameters,
             const std::function<void(const sql::Row&)>& on_row);

  unsigned error_number() const { return mysql_stmt_errno(statement_.get()); }
  const char* message() const { return mysql_stmt_error(statement_.get()); }

 private:
  struct Column {
    bool is_number = false;
    std::int64_t number = 0;
    std::vector<char> bytes;
    unsigned long length = 0;
    my_bool is_null = 0;
    my_bool truncated = 0;
  };
  class ColumnsRow;

  bool Run(std::span<const sql::Value> parameters);
  void DescribeColumns();
  bool BindColumns();
  bool FetchWhatWasCut();
  bool FetchAll(const std::function<void(const sql::Row&)>& on_row);

  struct Closer {
    void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
  };
  std::unique_ptr<MYSQL_STMT, Closer> statement_;
  std::vector<MYSQL_BIND> parameters_;
  std::vector<std::int64_t> numbers_;
  std::vector<Column> columns_;
  std::vector<MYSQL_BIND> binds_;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_STATEMENT_H_
