#include "base/json.h"

#include <fmt/format.h>

#include <boost/json/parser.hpp>
#include <limits>

namespace gophercron::json {

Result<value> Parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::parser parser(boost::json::storage_ptr(), options);
  boost::json::error_code failure;
  const std::size_t read = parser.write(text.data(), text.size(), failure);
  if (failure) {
    return std::unexpected(Error{
        .code = ErrorCode::kInvalidArgument,
        .message = fmt::format("this is not JSON: {} at byte {}", failure.message(), read),
        .fields = {{.field = "", .message = failure.message(), .offset = read, .length = 1}}});
  }
  return parser.release();
}

Result<object> ParseObject(std::string_view text) {
  auto parsed = Parse(text);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  if (!parsed->is_object()) {
    return Fail(ErrorCode::kInvalidArgument,
                "a JSON object was expected, as {\"name\": \"value\"}");
  }
  return std::move(parsed->get_object());
}

std::optional<std::string_view> String(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string_view(found->get_string());
}

std::optional<std::int64_t> Int(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_int64()) return found->get_int64();
  if (found->is_uint64() && found->get_uint64() <= std::numeric_limits<std::int64_t>::max()) {
    return static_cast<std::int64_t>(found->get_uint64());
  }
  return std::nullopt;
}

std::optional<bool> Bool(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

const object* Object(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

const array* Array(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  return found == nullptr ? nullptr : found->if_array();
}

}  // namespace gophercron::json
