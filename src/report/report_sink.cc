#include "report/report_sink.h"

#include <fmt/format.h>

#include <utility>

namespace gophercron::report {
namespace {

// After so many refusals in a row nobody expects the next record to pass.
constexpr int kRefusalsInARow = 4;
constexpr std::size_t kRememberedMax = 10'000;

// Names a record and one of its messages.
std::string NameOf(const task::LedgerRecord& record) {
  if (record.run) return record.run->run_id;
  return fmt::format("{}/{}/{}/{}", record.span->task.project_id, record.span->task.task_id,
                     record.span->first.time_since_epoch().count(),
                     record.span->last.time_since_epoch().count());
}

bool IsRefusal(const Status& status) {
  return status.error().code == ErrorCode::kConflict;
}

}  // namespace

ReportSink::ReportSink(ReportOptions options, Lookup lookup)
    : options_(std::move(options)), lookup_(std::move(lookup)) {}

Status ReportSink::Record(std::span<const task::LedgerRecord> batch) {
  Status refusal;
  bool any_accepted = false;
  int refusals_in_a_row = 0;
  for (const task::LedgerRecord& record : batch) {
    const std::string name = NameOf(record);
    if (accepted_.contains(name)) continue;
    Status delivered = Deliver(record);
    if (delivered) {
      any_accepted = true;
      refusals_in_a_row = 0;
      ++accepted_count_;
      refused_.erase(name);
      accepted_.insert(name);
      continue;
    }
    if (!IsRefusal(delivered)) return delivered;
    if (refused_.size() >= kRememberedMax) refused_.clear();
    if (accepted_.size() >= kRememberedMax) accepted_.clear();
    const std::uint64_t before = refused_.try_emplace(name, accepted_count_).first->second;
    // Others passed since: it is this record.
    any_accepted = any_accepted || accepted_count_ > before;
    refusal = std::move(delivered);
    if (++refusals_in_a_row == kRefusalsInARow) break;
  }
  if (refusal) {
    for (const task::LedgerRecord& record : batch) {
      const std::string name = NameOf(record);
      accepted_.erase(accepted_.lower_bound(name), accepted_.upper_bound(name + "#~"));
    }
    return {};
  }
  if (!any_accepted) refusal.error().code = ErrorCode::kUnavailable;
  return refusal;
}

Status ReportSink::Deliver(const task::LedgerRecord& record) {
  const task::TaskKey& key = record.run ? record.run->task : record.span->task;
  const Origin origin{
      .address = options_.address, .zone = options_.zone, .definition = lookup_(key)};
  const std::string name = NameOf(record);
  int number = 0;
  for (const Message& message : Messages(record, origin)) {
    const std::string part = fmt::format("{}#{}", name, number++);
    if (accepted_.contains(part)) continue;
    if (Status posted = Post(message); !posted) return posted;
    accepted_.insert(part);
  }
  return {};
}

Status ReportSink::Post(const Message& message) {
  const auto answer = poster_.Post(
      {.url = options_.url,
       .headers = {fmt::format("Report-Type: {}", message.type), "Content-Type: application/json",
                   "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"},
       .body = message.body,
       .timeout = options_.timeout,
       .follow_redirects = true});
  if (!answer) return std::unexpected(answer.error());
  if (*answer == 200) return {};
  return Fail(ErrorCode::kConflict, fmt::format("{} answered {} to a {}; it must answer 200",
                                                options_.url, *answer, message.type));
}

}  // namespace gophercron::report
