// Default files and documentation, from the table of keys.
#ifndef GOPHERCRON_CONFIG_DEFAULT_FILE_H_
#define GOPHERCRON_CONFIG_DEFAULT_FILE_H_

#include <string>

#include "config/config.h"

namespace gophercron::config {

// A file to begin with: v1's keys set, the optional ones commented out, each with what it means.
std::string DefaultFile(Program program);

// One table of Markdown for each section, with the keys of both programs.
std::string KeyTables();

}  // namespace gophercron::config

#endif  // GOPHERCRON_CONFIG_DEFAULT_FILE_H_
