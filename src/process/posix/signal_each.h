// Signals for a set of processes that changes while one looks at it, and never for a bystander.
//
// A pid is a number that is given to the next process after its owner's death. So each member is
// held by a pidfd first, then the set is read again: a number that stands in the second reading as
// well belongs to the process held, or that process is dead and the signal goes nowhere.
#ifndef GOPHERCRON_PROCESS_POSIX_SIGNAL_EACH_H_
#define GOPHERCRON_PROCESS_POSIX_SIGNAL_EACH_H_

#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <vector>

namespace gophercron::process {

// Sends `signals` in order once to each member, also to those that appear meanwhile (within a
// bound: whoever must end them all asks again). `members` reads the set anew at each call.
void SignalEach(const std::function<std::vector<pid_t>()>& members,
                std::initializer_list<int> signals);

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_SIGNAL_EACH_H_
