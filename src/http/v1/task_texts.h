// TaskTexts: the tasks of projects as the JSON that v1's list is made of, kept until one changes.
//
// Threads: any. Bounded: beyond it everything is forgotten and made again.
#ifndef GOPHERCRON_HTTP_V1_TASK_TEXTS_H_
#define GOPHERCRON_HTTP_V1_TASK_TEXTS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "service/access.h"
#include "service/tasks.h"
#include "task/task.h"

namespace gophercron::http::v1 {

class TaskTexts {
 public:
  static constexpr std::size_t kBytesMax = 64 << 20;

  // `[…]` of the project's tasks; `running` are those that run, ascending.
  Result<std::string> ListText(const service::Tasks& tasks, const service::Grant& grant,
                               const std::vector<task::TaskId>& running) const;

 private:
  struct Text {
    task::TaskId task_id;
    std::string idle;
    std::string running;
  };
  struct Project {
    std::vector<service::Tasks::Version> versions;
    std::vector<Text> texts;
    std::string all_idle;  // the whole list, while nothing runs
    std::size_t bytes = 0;
  };
  struct Known {
    std::map<task::ProjectId, std::shared_ptr<const Project>> projects;
    std::size_t bytes = 0;
  };

  static std::string Joined(const Project& project, const std::vector<task::TaskId>& running);
  Result<std::shared_ptr<const Project>> Find(const service::Tasks& tasks,
                                              const service::Grant& grant) const;

  mutable Guarded<Known> known_;
};

}  // namespace gophercron::http::v1

#endif  // GOPHERCRON_HTTP_V1_TASK_TEXTS_H_
