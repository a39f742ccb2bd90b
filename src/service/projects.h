// Projects: namespaces of tasks, with members. Threads: any.
#ifndef GOPHERCRON_SERVICE_PROJECTS_H_
#define GOPHERCRON_SERVICE_PROJECTS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "service/access.h"
#include "service/ports.h"
#include "service/tasks.h"
#include "storage/store.h"

namespace gophercron::service {

class Projects {
 public:
  Projects(const Ports& ports, const Access& access) : ports_(ports), access_(access) {}

  // Those that the caller may see, ascending ids.
  Result<std::vector<storage::Project>> List(const Caller& caller) const;
  Result<storage::Project> Show(const Grant& grant) const;
  // The caller becomes its owner. kConflict: the title is taken.
  Result<storage::Project> Create(const Caller& caller, std::string title,
                                  std::string remark) const;
  // `demand`, when there is one, is asked about the project as it is now; nothing is written when
  // it fails, and its error comes back.
  using Demand = std::function<Status(const storage::Project&)>;
  Result<storage::Project> Update(const Grant& grant, const std::optional<std::string>& title,
                                  const std::optional<std::string>& remark,
                                  const Demand& demand = {}) const;
  // With its ledger. kConflict while it has tasks: those are deleted one by one, knowingly.
  Status Delete(const Grant& grant) const;
  // With its tasks too.
  Status DeleteWithTasks(const Grant& grant, const Tasks& tasks) const;

 private:
  Ports ports_;
  Access access_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_PROJECTS_H_
