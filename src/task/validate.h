// What a task must be before it is saved. Stored tasks are not held to this: v1's data loads as it
// is.
#ifndef GOPHERCRON_TASK_VALIDATE_H_
#define GOPHERCRON_TASK_VALIDATE_H_

#include "base/result.h"
#include "task/task.h"

namespace gophercron::task {

// Every fault of `task` at once, as field errors with sentences that say what would be right: empty
// or overlong texts, control characters, a bad expression (with offset and length) or one that
// never fires after `now`, an unknown zone, both or neither of command and argv, numbers out of
// range, bad environment names (no '=', no NUL, not GOPHERCRON_*), and members that this version
// understands but does not act on yet: those are refused with kUnsupported rather than silently
// ignored.
Status Validate(const Task& task, Instant now);

}  // namespace gophercron::task

#endif  // GOPHERCRON_TASK_VALIDATE_H_
