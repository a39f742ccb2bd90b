#include "http/v1/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace gophercron::http::v1 {
namespace {

constexpr std::size_t kArgumentsMax = 1'000;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return Lower(c); });
  return lower;
}

// "ProjectId", "project_id" → "projectid".
std::string Folded(std::string_view name) {
  std::string folded = Lower(name);
  std::erase(folded, '_');
  return folded;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// `name="value"` or `name=value` among the parameters of a header.
std::optional<std::string> HeaderParameter(std::string_view header, std::string_view name) {
  while (true) {
    const std::size_t semicolon = header.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    header.remove_prefix(semicolon + 1);
    const std::string_view part = Trimmed(header.substr(0, header.find(';')));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || Lower(part.substr(0, equals)) != name) continue;
    std::string_view value = part.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
}

std::unexpected<Error> Unreadable(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

Result<Arguments> Arguments::Read(const Request& request) {
  Arguments arguments;
  const std::size_t question = request.target.find('?');
  const std::string_view query = question == std::string::npos
                                     ? std::string_view()
                                     : std::string_view(request.target).substr(question + 1);
  if (request.method == "GET" || request.method == "HEAD") {
    arguments.AddForm(query);
    return arguments;
  }
  const std::string_view header = request.Header("content-type");
  const std::string type = Lower(Trimmed(header.substr(0, header.find(';'))));
  Status read;
  if (type == "application/json") {
    read = arguments.AddJson(request.body);
  } else if (type == "multipart/form-data") {
    read = arguments.AddMultipart(header, request.body);
    arguments.AddForm(query);
  } else if (type.empty() || type == "application/x-www-form-urlencoded") {
    arguments.AddForm(request.body);
    arguments.AddForm(query);
  } else {
    // Whatever the body is, it is no form.
    arguments.AddForm(query);
  }
  if (!read) return std::unexpected(read.error());
  return arguments;
}

void Arguments::AddForm(std::string_view text) {
  while (!text.empty() && values_.size() < kArgumentsMax) {
    const std::size_t end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t equals = part.find('=');
    auto name = PercentDecoded(part.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::string()
                                                  : PercentDecoded(part.substr(equals + 1), true);
    if (name && value && !name->empty()) values_.emplace(Folded(*name), *std::move(value));
  }
}

Status Arguments::AddMultipart(std::string_view type, std::string_view body) {
  const auto boundary = HeaderParameter(type, "boundary");
  if (!boundary || boundary->empty()) return Unreadable("the multipart body names no boundary");
  const std::string line = "--" + *boundary;
  std::size_t at = body.find(line);
  while (at != std::string_view::npos && values_.size() < kArgumentsMax) {
    body.remove_prefix(at + line.size());
    if (body.starts_with("--")) return {};
    const std::size_t head_end = body.find("\r\n\r\n");
    const std::size_t end = body.find("\r\n" + line);
    if (head_end == std::string_view::npos || end == std::string_view::npos || end < head_end + 2) {
      break;
    }
    std::string_view head = body.substr(0, head_end);
    while (!head.empty()) {
      const std::size_t line_end = head.find("\r\n");
      const std::string_view field = head.substr(0, line_end);
      head = line_end == std::string_view::npos ? std::string_view() : head.substr(line_end + 2);
      if (!Lower(field).starts_with("content-disposition:")) continue;
      // A file is no parameter.
      const auto name = HeaderParameter(field, "name");
      if (!name || HeaderParameter(field, "filename")) continue;
      const std::size_t begin = head_end + 4;
      values_.emplace(Folded(*name),
                      std::string(body.substr(begin, end > begin ? end - begin : 0)));
    }
    body.remove_prefix(end);
    at = body.find(line);
  }
  return Unreadable("the multipart body is cut off");
}

Status Arguments::AddJson(std::string_view body) {
  auto object = json::ParseObject(body);
  if (!object) return std::unexpected(std::move(object).error());
  for (auto& member : *object) {
    if (!member.value().is_null()) values_.emplace(Folded(member.key()), std::move(member.value()));
  }
  return {};
}

const Arguments::Argument* Arguments::Find(std::string_view name) const {
  const auto found = values_.find(Folded(name));
  return found == values_.end() ? nullptr : &found->second;
}

bool Arguments::Has(std::string_view name) const {
  return Find(name) != nullptr;
}

void Arguments::Refuse(std::string_view name, std::string_view why) const {
  if (wrong_) return;
  wrong_ = Error{.code = ErrorCode::kInvalidArgument, .message = fmt::format("{}: {}", name, why)};
}

std::int64_t Arguments::Int(std::string_view name) const {
  const Argument* const argument = Find(name);
  if (argument == nullptr) return 0;
  std::int64_t number = 0;
  if (const auto* given = std::get_if<json::value>(argument)) {
    if (given->is_int64()) return given->as_int64();
    Refuse(name, "it must be a whole number");
    return 0;
  }
  std::string_view text = std::get<std::string>(*argument);
  if (text.empty()) return 0;
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) return number;
  Refuse(name, "it must be a whole number");
  return 0;
}

std::string Arguments::Text(std::string_view name) const {
  const Argument* const argument = Find(name);
  if (argument == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(argument)) return *text;
  const auto& given = std::get<json::value>(*argument);
  if (given.is_string()) return std::string(given.as_string());
  Refuse(name, "it must be a text");
  return {};
}

std::int64_t Arguments::RequiredInt(std::string_view name) const {
  const std::int64_t number = Int(name);
  if (number == 0) Refuse(name, "it must be given, and not be 0");
  return number;
}

std::string Arguments::RequiredText(std::string_view name) const {
  std::string text = Text(name);
  if (text.empty()) Refuse(name, "it must be given");
  return text;
}

Status Arguments::Check() const {
  if (wrong_) return std::unexpected(*wrong_);
  return {};
}

}  // namespace gophercron::http::v1
