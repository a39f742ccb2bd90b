// Reading and writing the members of stored objects: a member is left out while it has its default,
// and one that has the wrong type is remembered, so that the whole object can be refused once.
#ifndef GOPHERCRON_TASK_JSON_MEMBERS_H_
#define GOPHERCRON_TASK_JSON_MEMBERS_H_

#include <fmt/format.h>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::task {

// Each Read takes a member if it is there and not null; `into` keeps its value otherwise.
class MemberReader {
 public:
  explicit MemberReader(const json::object& from) : from_(from) {}

  void Read(std::string_view name, std::string* into);
  void Read(std::string_view name, bool* into);
  void Read(std::string_view name, double* into);
  void Read(std::string_view name, seconds* into);
  void Read(std::string_view name, std::vector<std::string>* into);
  void Read(std::string_view name, std::map<std::string, std::string>* into);
  void Read(std::string_view name, Instant* into);
  void Read(std::string_view name, TickInstant* into);
  // Refuses a number that does not fit.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void Read(std::string_view name, T* into) {
    if (!Has(name)) return;
    const auto number = json::Int(from_, name);
    if (!number || !std::in_range<T>(*number)) return Refuse(name);
    *into = static_cast<T>(*number);
  }
  template <class T>
  void Read(std::string_view name, std::optional<T>* into) {
    if (!Has(name)) return;
    T value{};
    Read(name, &value);
    *into = std::move(value);
  }
  // For enums: `parse` gives nullopt for a name that it does not know.
  template <class T, class Parse>
  void ReadNamed(std::string_view name, T* into, Parse parse) {
    if (!Has(name)) return;
    const auto text = json::String(from_, name);
    const auto value = text ? parse(*text) : std::nullopt;
    if (!value) return Refuse(name);
    *into = *value;
  }

  bool Has(std::string_view name) const;
  void Refuse(std::string_view name);
  // kCorrupt and the name of the first member that was refused.
  Status Finish(std::string_view what) const;

 private:
  const json::object& from_;
  std::string refused_;
};

json::object ToJsonObject(const std::map<std::string, std::string>& map);

}  // namespace gophercron::task

#endif  // GOPHERCRON_TASK_JSON_MEMBERS_H_
