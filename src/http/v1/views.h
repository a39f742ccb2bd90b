// What GopherCron v1 says of things, as JSON text: all members, in v1's order.
#ifndef GOPHERCRON_HTTP_V1_VIEWS_H_
#define GOPHERCRON_HTTP_V1_VIEWS_H_

#include <optional>
#include <string>
#include <string_view>

#include "service/run_log.h"
#include "storage/store.h"
#include "task/task.h"

namespace gophercron::http::v1 {

std::string TextOf(const storage::User& user);
// Without `running`: as it is stored.
std::string TextOf(const task::Task& task, std::optional<bool> running);
std::string TextOf(const service::LoggedRun& run, std::string_view project_title);
std::string TextOf(const storage::V1Log& log);

// A JSON text, as Go writes it.
std::string Quoted(std::string_view text);

}  // namespace gophercron::http::v1

#endif  // GOPHERCRON_HTTP_V1_VIEWS_H_
