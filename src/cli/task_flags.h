// The flags of `task add` and `task edit`: every member of a task, as people type it.
#ifndef GOPHERCRON_CLI_TASK_FLAGS_H_
#define GOPHERCRON_CLI_TASK_FLAGS_H_

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gophercron::cli {

class TaskFlags {
 public:
  // The flags' values live here: the object must outlive the parsing of `command`.
  void AddTo(CLI::App& command);

  // Only the members that were given, in the API's form. Maps (environment, labels) are those of
  // `current` with what was given added or removed; the rest of `current` is not read.
  Result<json::object> Changes(const json::object& current) const;

 private:
  enum class Kind { kText, kNumber, kReal, kDuration, kInstant };
  struct Flag {
    CLI::Option* option = nullptr;
    std::string member;  // "catch_up.mode" is a member of a member
    Kind kind = Kind::kText;
    std::string value = {};
  };
  struct Map {
    CLI::Option* option = nullptr;
    std::string member;
    std::vector<std::string> settings = {};  // NAME=VALUE
    std::vector<std::string> removals = {};  // NAME
    CLI::Option* removal_option = nullptr;
  };

  void AddFlag(CLI::App& command, const char* flag, const char* member, Kind kind,
               const char* help);
  void AddMap(CLI::App& command, const char* flag, const char* member, const char* help);

  std::deque<Flag> flags_;  // stable: options point into it
  std::deque<Map> maps_;
  CLI::Option* broadcast_ = nullptr;
  bool broadcast_value_ = false;
  std::vector<std::string> argv_;
  CLI::Option* argv_option_ = nullptr;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_TASK_FLAGS_H_
