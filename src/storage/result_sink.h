// ResultSink: where results go from an agent's spool: the store itself, or whatever stands between.
//
// Threads: any; a call may wait as long as the other side's time limits allow.
#ifndef GOPHERCRON_STORAGE_RESULT_SINK_H_
#define GOPHERCRON_STORAGE_RESULT_SINK_H_

#include <span>

#include "base/result.h"
#include "task/run.h"

namespace gophercron::storage {

class ResultSink {
 public:
  virtual ~ResultSink() = default;

  // All of the batch or nothing; durable at the other side on return. Sending a record again
  // changes nothing. kUnavailable and kOutcomeUnknown: it may work later, send it again; anything
  // else: something in this batch is refused for what it is.
  virtual Status Record(std::span<const task::LedgerRecord> batch) = 0;
};

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_RESULT_SINK_H_
