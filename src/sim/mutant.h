// Planted mistakes, to show that the checkers would notice them. They are made where the agent
// meets its world: what the decider says or hears is changed on its way, so that it behaves as one
// would that was written wrongly. The decider itself knows nothing of them.
#ifndef GOPHERCRON_SIM_MUTANT_H_
#define GOPHERCRON_SIM_MUTANT_H_

#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "task/run.h"

namespace gophercron::sim {

struct Mutant {
  bool mark_not_compared = false;       // claims without the comparison of the mark
  bool start_on_unknown = false;        // takes an unanswered claim for won
  bool edit_ignored = false;            // starts what was claimed, whatever was edited since
  bool jumped_not_accounted = false;    // forgets the ticks that a claim jumped over
  bool session_not_checked = false;     // starts past the session's trusted time
  bool lock_not_taken = false;          // claims without the lock
  bool started_early = false;           // starts before the instant
  bool unknown_taken_for_lost = false;  // forgets an unanswered claim instead of sending it again
  bool lost_not_recorded = false;       // removes run keys of a former life without a record
  bool revision_not_compared = false;   // claims whatever the definition's revision is
  bool attempt_not_compared = false;    // claims a further attempt without looking at the last one

  // What is sent instead of `txn`.
  void Tamper(const coordination::Keys& keys, coordination::Txn& txn) const;
  // What is heard instead of `answer` to `sent`.
  void Tamper(const coordination::Keys& keys, const coordination::Txn& sent,
              Result<coordination::TxnResult>& answer) const;
  // Whether the record is dropped, and called durable.
  bool Drops(const task::LedgerRecord& record) const;
  // By how much the agent's idea of the time is ahead of its clock.
  microseconds Ahead() const { return milliseconds(started_early ? 40 : 0); }
  // How long an edit that has arrived is kept from the decider.
  microseconds EditsDelayed() const { return milliseconds(edit_ignored ? 300 : 0); }
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_MUTANT_H_
