#include "service/services.h"

#include <utility>

namespace gophercron::service {

Services::Services(const Ports& ports, std::unique_ptr<Accounts> accounts)
    : ports_(ports),
      accounts_(std::move(accounts)),
      access_(ports),
      projects_(ports, access_),
      tasks_(ports),
      nodes_(ports, access_),
      events_(ports),
      runs_(ports, access_, nodes_, events_),
      why_(ports, tasks_, nodes_) {}

Result<std::unique_ptr<Services>> Services::Open(const Ports& ports, AccountsOptions options) {
  auto accounts = Accounts::Open(ports, std::move(options));
  if (!accounts) return std::unexpected(std::move(accounts).error());
  return std::unique_ptr<Services>(new Services(ports, *std::move(accounts)));
}

}  // namespace gophercron::service
