// A task's command as people read it: the shell's text, or an argument vector with quotes where a
// shell would need them.
#ifndef GOPHERCRON_AGENT_SHOWN_COMMAND_H_
#define GOPHERCRON_AGENT_SHOWN_COMMAND_H_

#include <string>

#include "task/task.h"

namespace gophercron::agent {

std::string ShownCommand(const task::Task& task);

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_SHOWN_COMMAND_H_
