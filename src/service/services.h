// Services: every use case, constructed once over the ports. What the HTTP side is given.
#ifndef GOPHERCRON_SERVICE_SERVICES_H_
#define GOPHERCRON_SERVICE_SERVICES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "service/access.h"
#include "service/accounts.h"
#include "service/events.h"
#include "service/intake.h"
#include "service/members.h"
#include "service/nodes.h"
#include "service/ports.h"
#include "service/projects.h"
#include "service/readiness.h"
#include "service/run_log.h"
#include "service/runs.h"
#include "service/tasks.h"
#include "service/users.h"
#include "service/why.h"

namespace gophercron::service {

// Threads: any. Every call may wait for the store or the coordinator, so none belongs on their
// loops.
class Services {
 public:
  // `cluster_secret`: empty where no other process belongs to this one.
  static Result<std::unique_ptr<Services>> Open(const Ports& ports, AccountsOptions options = {},
                                                std::string cluster_secret = {});

  const Ports& ports() const { return ports_; }
  Accounts& accounts() { return *accounts_; }
  const Access& access() const { return access_; }
  const Projects& projects() const { return projects_; }
  const Members& members() const { return members_; }
  const Tasks& tasks() const { return tasks_; }
  const Runs& runs() const { return runs_; }
  Nodes& nodes() { return nodes_; }
  const RunLog& run_log() const { return run_log_; }
  const Users& users() const { return users_; }
  const Why& why() const { return why_; }
  EventsHub& events() { return events_; }
  Readiness& readiness() { return readiness_; }
  // What is counted, as text for Prometheus, and the token with which other machines may read it.
  struct MetricsSource {
    std::function<std::string()> text;  // empty: there is nothing to read
    std::string content_type;
    std::string token;  // empty: only this machine
  };
  // Before the first request.
  void SetMetrics(MetricsSource metrics) { metrics_ = std::move(metrics); }
  const MetricsSource& metrics() const { return metrics_; }
  // Null in a standalone.
  Intake* intake() { return intake_ ? &*intake_ : nullptr; }

 private:
  Services(const Ports& ports, std::unique_ptr<Accounts> accounts, std::string cluster_secret);

  Ports ports_;
  std::unique_ptr<Accounts> accounts_;
  Access access_;
  Users users_;
  Projects projects_;
  Members members_;
  Tasks tasks_;
  Nodes nodes_;
  EventsHub events_;
  Readiness readiness_;
  std::optional<Intake> intake_;
  MetricsSource metrics_;
  Runs runs_;
  RunLog run_log_;
  Why why_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_SERVICES_H_
