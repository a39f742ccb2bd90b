#include "service/services.h"

#include <utility>

namespace gophercron::service {

Services::Services(const Ports& ports, std::unique_ptr<Accounts> accounts,
                   std::string cluster_secret)
    : ports_(ports),
      accounts_(std::move(accounts)),
      access_(ports),
      users_(ports, *accounts_),
      projects_(ports, access_),
      members_(ports),
      tasks_(ports),
      nodes_(ports, access_),
      events_(ports),
      readiness_(ports),
      runs_(ports, access_, nodes_, events_),
      run_log_(ports, access_, tasks_),
      why_(ports, tasks_, nodes_) {
  if (!cluster_secret.empty()) intake_.emplace(ports, events_, std::move(cluster_secret));
}

Result<std::unique_ptr<Services>> Services::Open(const Ports& ports, AccountsOptions options,
                                                 std::string cluster_secret) {
  auto accounts = Accounts::Open(ports, std::move(options));
  if (!accounts) return std::unexpected(std::move(accounts).error());
  return std::unique_ptr<Services>(
      new Services(ports, *std::move(accounts), std::move(cluster_secret)));
}

}  // namespace gophercron::service
