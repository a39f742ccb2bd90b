// What GopherCron v1's agents post to `report_addr`, byte for byte: field names and their order,
// times, error texts, Go's JSON escapes. Receivers were written against it, so it is frozen; what
// v1 does not have stands behind its fields under names of our own.
//
// Pure.
#ifndef GOPHERCRON_REPORT_V1_ENCODING_H_
#define GOPHERCRON_REPORT_V1_ENCODING_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cron/zone.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::report {

// One request: what the header Report-Type says, and the body.
struct Message {
  std::string_view type;
  std::string body;
};
inline constexpr std::string_view kTaskResult = "report_task_result";
inline constexpr std::string_view kWarning = "report_warning";

// What the record does not know itself.
struct Origin {
  std::string address;  // v1's agent IP
  cron::Zone zone;      // whose offset times are written with
  // As far as it still exists. Its name and command are taken from the record.
  std::optional<task::Task> definition;
};

// What is sent for a record, in this order: the warning of what went wrong, then the result.
// Nothing for a tick that nobody was to run and for one that was edited away.
std::vector<Message> Messages(const task::LedgerRecord& record, const Origin& origin);

// v1's text for how a run ended; empty for a success.
std::string ErrorText(const task::RunRecord& run);

// A JSON text as Go's encoder writes it: <, > and & escaped, bytes that are no UTF-8 replaced.
std::string QuoteAsGo(std::string_view text);

}  // namespace gophercron::report

#endif  // GOPHERCRON_REPORT_V1_ENCODING_H_
