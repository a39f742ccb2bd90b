// RemoteLedger: hands results to whichever service of the cluster takes them, for agents without a
// database of their own.
//
// Threads: Record from one at a time; destroy it when nobody calls.
#ifndef GOPHERCRON_LINK_REMOTE_LEDGER_H_
#define GOPHERCRON_LINK_REMOTE_LEDGER_H_

#include <span>

#include "base/random.h"
#include "base/result.h"
#include "link/sealed_post.h"
#include "link/service_directory.h"
#include "storage/result_sink.h"
#include "task/run.h"

namespace gophercron::link {

class RemoteLedger final : public storage::ResultSink {
 public:
  // All outlive this.
  RemoteLedger(ServiceDirectory& services, std::string secret, const Clock& clock, Random& random)
      : services_(services), post_(std::move(secret), clock), random_(random) {}

  // Tries one service after the other, beginning with a random one, until one says yes or refuses.
  Status Record(std::span<const task::LedgerRecord> batch) override;

 private:
  ServiceDirectory& services_;
  SealedPost post_;
  Random& random_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_REMOTE_LEDGER_H_
