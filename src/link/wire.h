// What agents send to services, as JSON: results for the ledger, and what they tell about runs
// while they live. Output may be any bytes, so it travels as base64.
#ifndef GOPHERCRON_LINK_WIRE_H_
#define GOPHERCRON_LINK_WIRE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/live.h"
#include "base/json.h"
#include "base/result.h"
#include "task/run.h"

namespace gophercron::link {

inline constexpr std::string_view kLedgerPath = "/api/cluster/v1/ledger";
inline constexpr std::string_view kLivePath = "/api/cluster/v1/live";
// A request's body. One record with the largest output fits.
inline constexpr std::size_t kBodyBytesMax = 16 << 20;

// {"records": [{"run": {…}, "head": "…", "tail": "…"} | {"span": {…}}]}
std::string FormatRecords(std::span<const task::LedgerRecord> records);
Result<std::vector<task::LedgerRecord>> ParseRecords(std::string_view body);

// {"events": [...]}: each element is one of these, in the order in which they happened.
json::object StartedEvent(const task::RunRecord& run);
json::object OutputEvent(std::string_view run_id, std::int64_t offset, std::string_view bytes);
json::object EndedEvent(const task::RunRecord& run, const task::RunOutput& output);
json::object TicksEvent(const task::OutcomeSpan& span);
// Tells all `sinks` what the body says. All of it is read before the first event is told.
Status Tell(std::string_view body, std::span<agent::LiveSink* const> sinks);

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_WIRE_H_
