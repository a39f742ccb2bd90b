// Reads a configuration file and says everything that is wrong with it at once, each with its
// place.
//
// Pure: text and environment are arguments. Keys that v1 ignores are ignored here; a key that
// nobody knows is a warning, as v1 takes any file.
#ifndef GOPHERCRON_CONFIG_READ_H_
#define GOPHERCRON_CONFIG_READ_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace gophercron::config {

enum class Severity { kError, kWarning };
std::string_view Name(Severity severity);

struct Finding {
  Severity severity = Severity::kError;
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  std::string key;      // "etcd.prefix"; empty where no key is meant
  std::string message;  // what is wrong, and what would be right
};

// What the environment adds.
struct Surroundings {
  std::optional<std::string> port;  // PORT: the service's port where no address is configured
};

struct Reading {
  Config config;
  std::vector<Finding> findings;  // by line
  // False: the program must not start on it.
  bool Usable() const;
};

Reading Read(std::string_view text, Program program, const Surroundings& surroundings = {});

// Which program a file is for, by the keys that only one of them uses; nullopt when that does not
// tell.
std::optional<Program> GuessProgram(std::string_view text);

// "FILE:12:3: error: etcd.prefix: ...".
std::string Line(std::string_view file, const Finding& finding);

}  // namespace gophercron::config

#endif  // GOPHERCRON_CONFIG_READ_H_
