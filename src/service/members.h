// Members: who belongs to a project, and as what. Threads: any.
#ifndef GOPHERCRON_SERVICE_MEMBERS_H_
#define GOPHERCRON_SERVICE_MEMBERS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/access.h"
#include "service/ports.h"
#include "storage/store.h"

namespace gophercron::service {

struct MemberView {
  storage::User user;  // without its password's hash
  storage::Role role = storage::Role::kViewer;
};

class Members {
 public:
  explicit Members(const Ports& ports) : ports_(ports) {}

  // Ascending ids of users.
  Result<std::vector<MemberView>> List(const Grant& grant) const;
  // Adds, or changes the role; without a role adds an editor and changes nothing of a member.
  // kNotFound: no such account. kConflict: it would leave the project without an owner.
  // `demand`, when there is one, is asked about the members as they are; nothing changes when it
  // fails, and its error comes back. That an owner is left holds whatever others do meanwhile.
  using Demand = storage::Store::MembersDemand;
  Status Put(const Grant& grant, std::string_view account, std::optional<storage::Role> role,
             const Demand& demand = {}) const;
  // Nothing when it is no member. kConflict: the last owner stays.
  Status Remove(const Grant& grant, storage::UserId user, const Demand& demand = {}) const;

 private:
  Ports ports_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_MEMBERS_H_
