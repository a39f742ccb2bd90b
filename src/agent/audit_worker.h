// AuditWorker: asks the store the auditor's questions, on a thread of its own because the store may
// be slow.
//
// Threads: Look from any thread; `on_found` is called on the worker's. The store and the delivery
// must outlive it.
#ifndef GOPHERCRON_AGENT_AUDIT_WORKER_H_
#define GOPHERCRON_AGENT_AUDIT_WORKER_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/auditor.h"
#include "agent/decider.h"
#include "agent/delivery.h"
#include "agent/ledger_audit.h"
#include "storage/store.h"
#include "task/run.h"

namespace gophercron::agent {

class AuditWorker {
 public:
  AuditWorker(storage::Store& store, Delivery& delivery, AuditConfig config,
              std::function<void(std::vector<task::OutcomeSpan>)> on_found);
  ~AuditWorker();
  AuditWorker(const AuditWorker&) = delete;
  AuditWorker& operator=(const AuditWorker&) = delete;

  // `open` is the decider's ListOpenTicks of this moment, `now`. A look that comes while one is
  // under way is left out: the next minute brings another.
  void Look(std::vector<OpenTicks> open, Instant now);

 private:
  struct Question {
    std::vector<OpenTicks> open;
    Instant now{};
  };

  void Run();
  void Answer(const Question& question);
  // True when the store has everything that was spooled before `moment`.
  bool DeliveredUpTo(Instant moment);

  Delivery& delivery_;
  LedgerAudit audit_;
  const std::function<void(std::vector<task::OutcomeSpan>)> on_found_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Question> asked_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_AUDIT_WORKER_H_
