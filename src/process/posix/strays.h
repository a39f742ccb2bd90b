// What a killed process left running, found again and ended.
#ifndef GOPHERCRON_PROCESS_POSIX_STRAYS_H_
#define GOPHERCRON_PROCESS_POSIX_STRAYS_H_

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "process/posix/run_journal.h"
#include "process/process_runner.h"

namespace gophercron::process {

// ProcessRunner::EndStrays for the unfinished runs of `journal`, whose slots it releases. Certain
// are: everything in the earlier process's control groups; a process with the pid of a slot that
// was born when the slot says; a process marked in its environment with the journal's token and an
// unfinished run; the session of a main process that still lives; the descendants of any of these.
// Blocks the calling thread.
Result<std::vector<Stray>> EndStrays(RunJournal& journal, microseconds grace, const Clock& clock);

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_STRAYS_H_
