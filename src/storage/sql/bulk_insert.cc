#include "storage/sql/bulk_insert.h"

#include <span>

namespace gophercron::storage::sql {
namespace {

// Servers bound the size of a statement; the smallest default that is met is 4 MiB.
constexpr std::size_t kBytesMax = 1024 * 1024;

std::size_t SizeOf(const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->size();
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes.size();
  return sizeof(std::int64_t);
}

}  // namespace

void BulkInsert::Add(std::initializer_list<Value> row) {
  std::size_t bytes = 0;
  for (const Value& value : row) bytes += SizeOf(value);
  if (bytes_ + bytes > kBytesMax) Flush();
  values_.insert(values_.end(), row);
  bytes_ += bytes;
  if (values_.size() == kBulkSizes.front() * columns_) Flush();
}

void BulkInsert::Flush() {
  const std::size_t rows = values_.size() / columns_;
  std::size_t first = 0;
  for (const std::size_t size : kBulkSizes) {
    for (; rows - first >= size; first += size) Insert(first, size);
  }
  values_.clear();
  bytes_ = 0;
}

void BulkInsert::Insert(std::size_t first, std::size_t rows) {
  std::string one = "(?";
  for (std::size_t i = 1; i < columns_; ++i) one += ", ?";
  one += ')';
  std::string statement(insert_);
  statement += " VALUES ";
  for (std::size_t i = 0; i < rows; ++i) statement += (i == 0 ? "" : ", ") + one;
  db_.Run(statement, std::span(values_).subspan(first * columns_, rows * columns_));
}

}  // namespace gophercron::storage::sql
