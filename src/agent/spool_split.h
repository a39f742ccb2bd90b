// SpoolSplit: one stream of results becomes two, each durable in a spool of its own, so that a
// receiver that is away delays only itself.
//
// Threads: as ResultSink.
#ifndef GOPHERCRON_AGENT_SPOOL_SPLIT_H_
#define GOPHERCRON_AGENT_SPOOL_SPLIT_H_

#include <functional>
#include <span>
#include <utility>

#include "agent/spool.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/result_sink.h"
#include "task/run.h"

namespace gophercron::agent {

class SpoolSplit final : public storage::ResultSink {
 public:
  // All outlive this. `appended` is called after every batch: somebody waits for the spools.
  SpoolSplit(Spool& first, Spool& second, const Clock& clock, std::function<void()> appended)
      : first_(first), second_(second), clock_(clock), appended_(std::move(appended)) {}

  // A batch of which only the first spool is sure comes again: both may then hold it twice.
  Status Record(std::span<const task::LedgerRecord> batch) override {
    const Instant now = clock_.Now();
    if (Status kept = first_.Append(batch, now); !kept) return kept;
    if (Status kept = second_.Append(batch, now); !kept) return kept;
    appended_();
    return {};
  }

 private:
  Spool& first_;
  Spool& second_;
  const Clock& clock_;
  const std::function<void()> appended_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_SPOOL_SPLIT_H_
