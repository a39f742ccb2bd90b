// Who is asking, and what they may do in a project. Denies by default: a use case of a project
// takes a Grant, and only Access makes one.
#ifndef GOPHERCRON_SERVICE_ACCESS_H_
#define GOPHERCRON_SERVICE_ACCESS_H_

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "service/ports.h"
#include "storage/store.h"
#include "task/task.h"

namespace gophercron::service {

// Somebody who has proved who they are, for the length of one request.
struct Caller {
  storage::UserId user_id = 0;
  std::string account;
  std::string name;
  // May do what is for administrators, and is in every project as an owner.
  bool administrator = false;
  std::string permission;  // as stored: GopherCron v1's comma list
  // Signed in with a first or reset password: may do nothing but change it.
  bool must_change_password = false;
  // The session of the request; empty where an API token stands for one.
  std::string session_id{};
  Instant session_expires_at{};
  // Of the API token of the request. With one nobody is an administrator, only in every project.
  std::optional<storage::TokenScope> scope{};
  bool in_every_project = false;  // an administrator's account, whatever the token is good for
  // In a session, or on the machine itself: what a lost API token must not be able to do.
  bool in_person = false;
};

// kPermissionDenied where an API token asks for what makes or takes ways in: it could outlive
// itself, or do more than it was made for.
Status RequireInPerson(const Caller& caller);

// What a call needs in its project, weakest first. A stronger role has the weaker rights.
enum class Right { kView, kOperate, kEdit, kOwn };

// That a caller may be in a project, and as what. Good for the request that it was made for.
class Grant {
 public:
  task::ProjectId project() const { return project_; }
  const Caller& caller() const { return caller_; }
  storage::Role role() const { return role_; }
  // kPermissionDenied and what it would take.
  Status Require(Right right) const;

 private:
  friend class Access;
  Grant(Caller caller, task::ProjectId project, storage::Role role)
      : caller_(std::move(caller)), project_(project), role_(role) {}

  Caller caller_;
  task::ProjectId project_;
  storage::Role role_;
};

// Threads: any.
class Access {
 public:
  explicit Access(const Ports& ports) : ports_(ports) {}

  // A project that is somebody else's and one that does not exist are the same kNotFound.
  Result<Grant> Enter(const Caller& caller, task::ProjectId project) const;
  // The projects that the caller may see; nullopt: all.
  Result<std::optional<std::vector<task::ProjectId>>> Visible(const Caller& caller) const;

  static Error NoSuchProject();

 private:
  Ports ports_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_ACCESS_H_
