#include "storage/store.h"

namespace gophercron::storage {

std::string_view Name(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kEditor:
      return "editor";
    case Role::kOwner:
      return "owner";
  }
  return "viewer";
}

std::optional<Role> ParseRole(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kEditor, Role::kOwner}) {
    if (name == Name(role)) return role;
  }
  return std::nullopt;
}

}  // namespace gophercron::storage
