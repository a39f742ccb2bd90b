// Users: the accounts as administrators see to them. How somebody proves to be one is Accounts'
// business.
//
// Everything here is for administrators; kPermissionDenied for others. Users come back without
// their password's hash. Threads: any; Create hashes, so it belongs where sign-ins wait.
#ifndef GOPHERCRON_SERVICE_USERS_H_
#define GOPHERCRON_SERVICE_USERS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/access.h"
#include "service/accounts.h"
#include "service/ports.h"
#include "storage/store.h"

namespace gophercron::service {

struct UserFilter {
  storage::UserId id = 0;  // 0: any
  std::string account;     // exactly; empty: any
  std::string name;        // a part of it; empty: any
  std::size_t offset = 0;
  std::size_t limit = 100;
};

struct UserPage {
  std::vector<storage::User> items;  // ascending ids
  std::int64_t total = 0;            // without offset and limit
};

// What is not set stays.
struct UserChange {
  std::optional<std::string> name;
  std::optional<bool> administrator;
};
using UserDemand = std::function<Status(const storage::User& now)>;

class Users {
 public:
  // `accounts` outlives this.
  Users(const Ports& ports, Accounts& accounts) : ports_(ports), accounts_(accounts) {}

  Result<UserPage> List(const Caller& caller, const UserFilter& filter) const;
  // No administrator, member of no project. kConflict: the account is taken.
  Result<storage::User> Create(const Caller& caller, std::string account, std::string name,
                               std::string_view password) const;
  // `demand`, when there is one, is asked about the account as it is, as one with the change. What
  // somebody no longer may is refused at their next request. kConflict: the last administrator
  // stays one.
  Result<storage::User> Edit(const Caller& caller, storage::UserId id, const UserChange& change,
                             const UserDemand& demand) const;
  // With memberships and tokens; its sessions end at once. kConflict: the last administrator stays.
  Status Delete(const Caller& caller, storage::UserId id) const;

 private:
  Ports ports_;
  Accounts& accounts_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_USERS_H_
