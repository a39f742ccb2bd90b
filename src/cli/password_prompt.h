// Passwords, typed without being shown, or piped.
#ifndef GOPHERCRON_CLI_PASSWORD_PROMPT_H_
#define GOPHERCRON_CLI_PASSWORD_PROMPT_H_

#include <string>
#include <string_view>

#include "base/result.h"

namespace gophercron::cli {

// Asks on the terminal and reads one line without echo, which is on again however this ends.
// kInvalidArgument when there is no terminal to ask on.
Result<std::string> AskPassword(std::string_view question);

// The first line of stdin, without its line end.
Result<std::string> ReadPasswordFromStdin();

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_PASSWORD_PROMPT_H_
