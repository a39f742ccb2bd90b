// The two live streams as server-sent events. Each asks again from time to time whether its reader
// may still read, so that a sign-out ends it.
#ifndef GOPHERCRON_HTTP_STREAMS_H_
#define GOPHERCRON_HTTP_STREAMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "http/router.h"
#include "task/task.h"

namespace gophercron::http {

// One event of the wire. `data` is one line.
std::string FormatEvent(std::string_view name, std::string_view data, std::string_view id = {});

// What happens in the projects that the caller may see, or in one of them.
Response EventsResponse(const Context& context, std::optional<task::ProjectId> only);
// The output of a run from byte `from`, and its end. Events: `output` {offset, bytes, text}, whose
// id is the offset after it; `gap` {from, to}; `end` with the run, or null when it was withdrawn.
Response OutputResponse(const Context& context, std::string run_id, std::int64_t from);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_STREAMS_H_
