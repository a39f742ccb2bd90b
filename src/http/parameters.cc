#include "http/parameters.h"

#include <fmt/format.h>

#include <charconv>

namespace gophercron::http {
namespace {

std::unexpected<Error> Bad(std::string_view name, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                               .message = fmt::format("the parameter \"{}\": {}", name, message),
                               .fields = {{.field = std::string(name), .message = message}}});
}

std::optional<std::int64_t> Whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::int64_t> NumberParameter(const Request& request, std::string_view name,
                                     std::int64_t usual, std::int64_t low, std::int64_t high) {
  const auto text = request.Query(name);
  if (!text || text->empty()) return usual;
  const auto number = Whole(*text);
  if (!number || *number < low || *number > high) {
    return Bad(name, fmt::format("it must be a whole number from {} to {}", low, high));
  }
  return *number;
}

Result<std::optional<Instant>> TimeParameter(const Request& request, std::string_view name) {
  const auto text = request.Query(name);
  if (!text || text->empty()) return std::optional<Instant>();
  auto instant = ParseRfc3339(*text);
  if (!instant) return Bad(name, instant.error().message);
  return std::optional(*instant);
}

Result<bool> FlagParameter(const Request& request, std::string_view name) {
  const auto text = request.Query(name);
  if (!text || text->empty() || *text == "0" || *text == "false") return false;
  if (*text == "1" || *text == "true") return true;
  return Bad(name, "it must be true or false");
}

Result<std::optional<task::Revision>> IfMatch(const Request& request) {
  std::string_view text = request.Header("if-match");
  if (text.empty() || text == "*") return std::optional<task::Revision>();
  const bool quoted = text.size() > 2 && text.starts_with('"') && text.ends_with('"');
  const auto revision = quoted ? Whole(text.substr(1, text.size() - 2)) : std::nullopt;
  if (!revision || *revision < 1) {
    return std::unexpected(
        Error{.code = ErrorCode::kInvalidArgument,
              .message = "If-Match must be the ETag of the task, as \"42\", or *"});
  }
  return std::optional(*revision);
}

}  // namespace gophercron::http
