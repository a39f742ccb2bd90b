#include "task/json_members.h"

namespace gophercron::task {

bool MemberReader::Has(std::string_view name) const {
  const json::value* found = from_.if_contains(name);
  return found != nullptr && !found->is_null();
}

void MemberReader::Refuse(std::string_view name) {
  if (refused_.empty()) refused_ = name;
}

Status MemberReader::Finish(std::string_view what) const {
  if (refused_.empty()) return {};
  return Fail(
      ErrorCode::kCorrupt,
      fmt::format("the stored {} is not readable: its member \"{}\" has a value of the wrong kind",
                  what, refused_));
}

void MemberReader::Read(std::string_view name, std::string* into) {
  if (!Has(name)) return;
  const auto text = json::String(from_, name);
  if (!text) return Refuse(name);
  *into = *text;
}

void MemberReader::Read(std::string_view name, bool* into) {
  if (!Has(name)) return;
  const auto value = json::Bool(from_, name);
  if (!value) return Refuse(name);
  *into = *value;
}

void MemberReader::Read(std::string_view name, double* into) {
  if (!Has(name)) return;
  const json::value& value = from_.at(name);
  if (!value.is_number()) return Refuse(name);
  *into = value.to_number<double>();
}

void MemberReader::Read(std::string_view name, seconds* into) {
  std::int64_t count = into->count();
  Read(name, &count);
  *into = seconds(count);
}

void MemberReader::Read(std::string_view name, std::vector<std::string>* into) {
  if (!Has(name)) return;
  const json::array* items = json::Array(from_, name);
  if (items == nullptr) return Refuse(name);
  into->clear();
  for (const json::value& item : *items) {
    if (!item.is_string()) return Refuse(name);
    into->emplace_back(item.get_string());
  }
}

void MemberReader::Read(std::string_view name, std::map<std::string, std::string>* into) {
  if (!Has(name)) return;
  const json::object* members = json::Object(from_, name);
  if (members == nullptr) return Refuse(name);
  into->clear();
  for (const auto& [key, value] : *members) {
    if (!value.is_string()) return Refuse(name);
    into->emplace(std::string(key), std::string(value.get_string()));
  }
}

void MemberReader::Read(std::string_view name, Instant* into) {
  if (!Has(name)) return;
  const auto text = json::String(from_, name);
  const auto instant = text ? ParseRfc3339(*text) : Fail(ErrorCode::kCorrupt, "");
  if (!instant) return Refuse(name);
  *into = *instant;
}

void MemberReader::Read(std::string_view name, TickInstant* into) {
  Instant instant(*into);
  Read(name, &instant);
  *into = std::chrono::floor<seconds>(instant);
}

json::object ToJsonObject(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}

}  // namespace gophercron::task
