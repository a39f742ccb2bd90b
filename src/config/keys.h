// The one table of keys. Reader, printer of default files and documentation are made from it, so
// they can not differ.
#ifndef GOPHERCRON_CONFIG_KEYS_H_
#define GOPHERCRON_CONFIG_KEYS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace gophercron::config {

// What a key may hold. The order is that of Type.
using Value = std::variant<std::string, std::int64_t, std::vector<std::string>,
                           std::vector<std::int64_t>, std::map<std::string, std::string>>;
enum class Type { kText, kNumber, kTexts, kNumbers, kTable };
std::string_view Name(Type type);

enum class Use { kService, kClient, kBoth, kNobody };

struct Key {
  std::string_view section;  // empty: at the top of the file
  std::string_view name;
  Type type = Type::kText;
  Use use = Use::kBoth;
  bool v1 = false;  // GopherCron v1 has it
  // What a default file shows, as TOML. Keys of v1 are set there to this, others commented out.
  std::string_view shown;
  std::string_view about;  // one or two sentences for a person
  // Checks the value and stores it. Empty when it is good, else what is wrong and what would be
  // right. Null: the key is known and nothing is done with it.
  std::string (*take)(const Value& value, Config* config) = nullptr;

  bool IsFor(Program program) const {
    return use == Use::kBoth ||
           use == (program == Program::kService ? Use::kService : Use::kClient);
  }
};

// "etcd.prefix".
std::string FullName(const Key& key);

// In the order of the default files: keys of one section stand together.
std::span<const Key> Keys();

// Durations are texts: a number with s, m, h or d behind it.
bool ParseDuration(std::string_view text, seconds* duration);

}  // namespace gophercron::config

#endif  // GOPHERCRON_CONFIG_KEYS_H_
