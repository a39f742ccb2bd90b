// Helpers over Boost.JSON: parsing that says where it failed, and typed reading of members.
#ifndef GOPHERCRON_BASE_JSON_H_
#define GOPHERCRON_BASE_JSON_H_

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gophercron::json {

using boost::json::array;
using boost::json::object;
using boost::json::serialize;
using boost::json::value;

inline constexpr std::size_t kDepthMax = 32;

// The whole of `text` as one JSON value. The error names the byte offset at which reading stopped.
Result<value> Parse(std::string_view text);
// The same, and it must be an object.
Result<object> ParseObject(std::string_view text);

// A member, where present, not null and of that type; nullopt otherwise.
std::optional<std::string_view> String(const object& from, std::string_view name);
std::optional<std::int64_t> Int(const object& from, std::string_view name);
std::optional<bool> Bool(const object& from, std::string_view name);
const object* Object(const object& from, std::string_view name);
const array* Array(const object& from, std::string_view name);

}  // namespace gophercron::json

#endif  // GOPHERCRON_BASE_JSON_H_
