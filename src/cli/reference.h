// What people read beside --help, from the same definitions: `gophercron man`, and what a shell
// needs for completing commands and options.
//
// Threads: any; `app` is only read.
#ifndef GOPHERCRON_CLI_REFERENCE_H_
#define GOPHERCRON_CLI_REFERENCE_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

// A page for man(1), in the man macros of roff.
std::string ManPage(const CLI::App& app);
// A script for bash; zsh takes it after `autoload -U bashcompinit; bashcompinit`.
std::string BashCompletion(const CLI::App& app);

// `gophercron man` and `gophercron completion bash`. Call it last: it describes what `app` has when
// it runs. `app` must outlive the parsing.
void AddReferenceCommands(CLI::App& app);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_REFERENCE_H_
