// ReportSink: delivers results to GopherCron v1's `report_addr`, one POST each, in order.
//
// Success is status 200, nothing else, as in v1; its 11 attempts are the delivery's retries here,
// for as long as the receiver is away. A record is posted whole or again: what of a failed batch
// was accepted is remembered until the batch is through, so only a crash, or an answer that got
// lost, makes the receiver see a result twice (then with the same `run_id`).
//
// A receiver that is down is told from one that can not take a certain record: when others pass and
// it does not, the record is refused.
//
// Threads: Record on one thread at a time; Cancel from any.
#ifndef GOPHERCRON_REPORT_REPORT_SINK_H_
#define GOPHERCRON_REPORT_REPORT_SINK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "cron/zone.h"
#include "outbound/http_post.h"
#include "report/v1_encoding.h"
#include "storage/result_sink.h"

namespace gophercron::report {

struct ReportOptions {
  std::string url;
  std::string address;  // this node's, as v1's agent IP
  cron::Zone zone;      // this machine's
  milliseconds timeout{5'000};
};

class ReportSink final : public storage::ResultSink {
 public:
  // The task as it is now, if it is; called on the thread of Record.
  using Lookup = std::function<std::optional<task::Task>(const task::TaskKey&)>;

  ReportSink(ReportOptions options, Lookup lookup);

  // kUnavailable or kOutcomeUnknown: the receiver is away. kConflict: it answers and does not take
  // a record of this batch; kInvalidArgument: the URL is none.
  Status Record(std::span<const task::LedgerRecord> batch) override;
  // Record ends soon, also when the receiver does not answer.
  void Cancel() { poster_.Cancel(); }

 private:
  Status Deliver(const task::LedgerRecord& record);
  Status Post(const Message& message);

  const ReportOptions options_;
  const Lookup lookup_;
  outbound::HttpPoster poster_;
  // What was accepted of a batch that is not through yet.
  std::set<std::string> accepted_;
  // How many records had been accepted when the receiver first refused this one.
  std::map<std::string, std::uint64_t> refused_;
  std::uint64_t accepted_count_ = 0;
};

}  // namespace gophercron::report

#endif  // GOPHERCRON_REPORT_REPORT_SINK_H_
