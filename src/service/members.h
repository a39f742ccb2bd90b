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
  Status Put(const Grant& grant, std::string_view account, std::optional<storage::Role> role) const;
  // Nothing when it is no member. kConflict: the last owner stays.
  Status Remove(const Grant& grant, storage::UserId user) const;

 private:
  Status KeepAnOwner(const Grant& grant, storage::UserId without) const;

  Ports ports_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_MEMBERS_H_
