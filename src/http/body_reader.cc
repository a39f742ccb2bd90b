#include "http/body_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <utility>

namespace gophercron::http {

const json::value* BodyReader::Find(std::string_view name) {
  asked_.emplace(name);
  return body_.if_contains(name);
}

void BodyReader::Refuse(std::string_view name, std::string message) {
  errors_.push_back({.field = prefix_ + std::string(name), .message = std::move(message)});
}

void BodyReader::Require(std::string_view name) {
  const json::value* found = Find(name);
  if (found == nullptr || found->is_null()) Refuse(name, "it is missing");
}

bool BodyReader::Read(std::string_view name, std::string* into, std::string usual) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  if (found->is_null()) {
    *into = std::move(usual);
  } else if (found->is_string()) {
    *into = found->get_string();
  } else {
    Refuse(name, "it must be a text");
  }
  return true;
}

bool BodyReader::Read(std::string_view name, bool* into, bool usual) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  if (found->is_null()) {
    *into = usual;
  } else if (found->is_bool()) {
    *into = found->get_bool();
  } else {
    Refuse(name, "it must be true or false");
  }
  return true;
}

bool BodyReader::Read(std::string_view name, std::int64_t* into, std::int64_t usual) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  if (found->is_null()) {
    *into = usual;
  } else if (const auto number = json::Int(body_, name)) {
    *into = *number;
  } else {
    Refuse(name, "it must be a whole number");
  }
  return true;
}

bool BodyReader::Read(std::string_view name, int* into, int usual) {
  std::int64_t number = *into;
  if (!Read(name, &number, usual)) return false;
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
    Refuse(name, "it is too large");
  } else {
    *into = static_cast<int>(number);
  }
  return true;
}

bool BodyReader::Read(std::string_view name, double* into, double usual) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  if (found->is_null()) {
    *into = usual;
  } else if (found->is_number()) {
    *into = found->to_number<double>();
  } else {
    Refuse(name, "it must be a number");
  }
  return true;
}

bool BodyReader::Read(std::string_view name, seconds* into, seconds usual) {
  std::int64_t number = into->count();
  if (!Read(name, &number, usual.count())) return false;
  // Far beyond every limit, and far from where arithmetic with it would overflow.
  constexpr std::int64_t kFar = 1'000'000'000'000;
  if (number < -kFar || number > kFar) {
    Refuse(name, "it is too large for a number of seconds");
  } else {
    *into = seconds(number);
  }
  return true;
}

bool BodyReader::Read(std::string_view name, std::optional<Instant>* into) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  if (found->is_null()) {
    into->reset();
    return true;
  }
  const auto text = json::String(body_, name);
  if (!text) {
    Refuse(name, "it must be a time, as \"2026-03-28T12:00:00Z\"");
    return true;
  }
  auto instant = ParseRfc3339(*text);
  if (instant) {
    *into = *instant;
  } else {
    Refuse(name, instant.error().message);
  }
  return true;
}

bool BodyReader::Read(std::string_view name, std::vector<std::string>* into) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  into->clear();
  if (found->is_null()) return true;
  const json::array* items = found->if_array();
  if (items == nullptr) {
    Refuse(name, "it must be a list of texts");
    return true;
  }
  for (const json::value& item : *items) {
    if (!item.is_string()) {
      Refuse(name, "it must be a list of texts");
      return true;
    }
    into->emplace_back(item.get_string());
  }
  return true;
}

bool BodyReader::Read(std::string_view name, std::vector<std::int64_t>* into) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  into->clear();
  if (found->is_null()) return true;
  const json::array* items = found->if_array();
  const bool numbers = items != nullptr && std::ranges::all_of(*items, [](const json::value& item) {
                         return item.is_int64();
                       });
  if (!numbers) {
    Refuse(name, "it must be a list of whole numbers");
    return true;
  }
  for (const json::value& item : *items) into->push_back(item.get_int64());
  return true;
}

bool BodyReader::Read(std::string_view name, std::map<std::string, std::string>* into) {
  const json::value* found = Find(name);
  if (found == nullptr) return false;
  into->clear();
  if (found->is_null()) return true;
  const json::object* members = found->if_object();
  if (members == nullptr) {
    Refuse(name, "it must be an object whose values are texts");
    return true;
  }
  for (const auto& [key, value] : *members) {
    if (!value.is_string()) {
      Refuse(name, fmt::format("the value of \"{}\" must be a text", std::string_view(key)));
      return true;
    }
    into->emplace(std::string(key), std::string(value.get_string()));
  }
  return true;
}

const json::object* BodyReader::ReadObject(std::string_view name) {
  const json::value* found = Find(name);
  if (found == nullptr || found->is_null()) return nullptr;
  if (!found->is_object()) {
    Refuse(name, "it must be an object");
    return nullptr;
  }
  return &found->get_object();
}

void BodyReader::NoteUnknown() {
  for (const auto& member : body_) {
    if (!asked_.contains(std::string_view(member.key()))) {
      Refuse(member.key(),
             fmt::format("there is no such member here; there are {}", fmt::join(asked_, ", ")));
    }
  }
}

void BodyReader::Take(BodyReader&& nested) {
  nested.NoteUnknown();
  for (FieldError& error : nested.errors_) errors_.push_back(std::move(error));
}

Status BodyReader::Finish() {
  NoteUnknown();
  if (errors_.empty()) return {};
  std::string message = fmt::format("the request can not be taken: {}: {}", errors_.front().field,
                                    errors_.front().message);
  return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                               .message = std::move(message),
                               .fields = std::move(errors_)});
}

}  // namespace gophercron::http
