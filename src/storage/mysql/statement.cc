#include "storage/mysql/statement.h"

#include <algorithm>

namespace gophercron::storage::mysql {
namespace {

constexpr std::size_t kColumnBytes = 256;  // to begin with; grows to the longest value met
constexpr std::size_t kColumnBytesKept = 64 * 1024;

bool IsNumber(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return true;
    default:
      return false;
  }
}

// The library takes pointers to mutable memory also for what it only reads.
void* Mutable(const void* memory) {
  return const_cast<void*>(memory);
}

}  // namespace

class Statement::ColumnsRow final : public sql::Row {
 public:
  explicit ColumnsRow(const std::vector<Column>& columns) : columns_(columns) {}
  bool IsNull(int column) const override { return At(column).is_null != 0; }
  std::int64_t Int(int column) const override {
    const Column& value = At(column);
    return value.is_null != 0 || !value.is_number ? 0 : value.number;
  }
  std::string Text(int column) const override {
    const Column& value = At(column);
    if (value.is_null != 0) return {};
    if (value.is_number) return std::to_string(value.number);
    return {value.bytes.data(), value.length};
  }

 private:
  const Column& At(int column) const { return columns_[static_cast<std::size_t>(column)]; }
  const std::vector<Column>& columns_;
};

bool Statement::Prepare(MYSQL* mysql, std::string_view text) {
  statement_.reset(mysql_stmt_init(mysql));
  if (mysql_stmt_prepare(statement_.get(), text.data(), text.size()) != 0) return false;
  const std::size_t count = mysql_stmt_param_count(statement_.get());
  parameters_.resize(count);
  numbers_.resize(count);
  DescribeColumns();
  return true;
}

void Statement::DescribeColumns() {
  MYSQL_RES* described = mysql_stmt_result_metadata(statement_.get());
  if (described == nullptr) return;
  const unsigned count = mysql_num_fields(described);
  const MYSQL_FIELD* fields = mysql_fetch_fields(described);
  columns_.resize(count);
  for (unsigned i = 0; i < count; ++i) {
    columns_[i].is_number = IsNumber(fields[i].type);
    if (!columns_[i].is_number) columns_[i].bytes.resize(kColumnBytes);
  }
  mysql_free_result(described);
}

bool Statement::Run(std::span<const sql::Value> values) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    MYSQL_BIND& bind = parameters_[i];
    bind = {};
    if (i >= values.size() || std::holds_alternative<std::monostate>(values[i])) {
      bind.buffer_type = MYSQL_TYPE_NULL;
    } else if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
      numbers_[i] = *number;
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = &numbers_[i];
    } else {
      const auto* text = std::get_if<std::string_view>(&values[i]);
      const std::string_view bytes = text != nullptr ? *text : std::get<sql::Blob>(values[i]).bytes;
      bind.buffer_type = text != nullptr ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
      bind.buffer = Mutable(bytes.data() == nullptr ? "" : bytes.data());
      bind.buffer_length = bytes.size();
    }
  }
  return (parameters_.empty() ||
          mysql_stmt_bind_param(statement_.get(), parameters_.data()) == 0) &&
         mysql_stmt_execute(statement_.get()) == 0;
}

bool Statement::Execute(std::span<const sql::Value> parameters, sql::Changes* changes) {
  if (!Run(parameters)) return false;
  changes->rows = static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_.get()));
  changes->insert_id = static_cast<std::int64_t>(mysql_stmt_insert_id(statement_.get()));
  return true;
}

bool Statement::Query(std::span<const sql::Value> parameters,
                      const std::function<void(const sql::Row&)>& on_row) {
  // All rows are taken off the wire first, so that a slow reader holds nothing at the server.
  const bool read = Run(parameters) && BindColumns() &&
                    mysql_stmt_store_result(statement_.get()) == 0 && FetchAll(on_row);
  if (read) mysql_stmt_free_result(statement_.get());
  return read;
}

bool Statement::BindColumns() {
  binds_.assign(columns_.size(), MYSQL_BIND{});
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    MYSQL_BIND& bind = binds_[i];
    if (column.bytes.size() > kColumnBytesKept) {
      column.bytes.resize(kColumnBytes);
      column.bytes.shrink_to_fit();
    }
    bind.buffer_type = column.is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
    bind.buffer = column.is_number ? static_cast<void*>(&column.number) : column.bytes.data();
    bind.buffer_length = column.is_number ? sizeof column.number : column.bytes.size();
    bind.is_null = &column.is_null;
    bind.length = &column.length;
    bind.error = &column.truncated;
  }
  return mysql_stmt_bind_result(statement_.get(), binds_.data()) == 0;
}

bool Statement::FetchWhatWasCut() {
  bool grown = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    if (column.is_number || column.is_null != 0 || column.length <= column.bytes.size()) continue;
    column.bytes.resize(column.length);
    binds_[i].buffer = column.bytes.data();
    binds_[i].buffer_length = column.bytes.size();
    if (mysql_stmt_fetch_column(statement_.get(), &binds_[i], static_cast<unsigned>(i), 0) != 0) {
      return false;
    }
    grown = true;
  }
  return !grown || mysql_stmt_bind_result(statement_.get(), binds_.data()) == 0;
}

bool Statement::FetchAll(const std::function<void(const sql::Row&)>& on_row) {
  const ColumnsRow row(columns_);
  while (true) {
    const int fetched = mysql_stmt_fetch(statement_.get());
    if (fetched == MYSQL_NO_DATA) return true;
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED) return false;
    if (!FetchWhatWasCut()) return false;
    on_row(row);
  }
}

}  // namespace gophercron::storage::mysql
