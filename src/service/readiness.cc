#include "service/readiness.h"

#include <string_view>
#include <utility>

#include "base/time.h"
#include "coordination/coordinator.h"

namespace gophercron::service {
namespace {

// Its value is when it was written last; nobody reads it.
constexpr std::string_view kProbe = "readiness";
constexpr seconds kPatience{2};
constexpr seconds kAnswerHolds{1};

}  // namespace

Status Readiness::Check() {
  return last_.With([this](Answer& last) {
    if (ports_.clock.Boot() >= last.until) {
      last.status = Ask();
      last.until = ports_.clock.Boot() + kAnswerHolds;
    }
    return last.status;
  });
}

Status Readiness::Ask() const {
  coordination::Txn probe;
  probe.then = {coordination::Put(ports_.keys.Setting(kProbe), FormatRfc3339(ports_.clock.Now()))};
  auto written = coordination::CommitAndWait(ports_.coordinator, std::move(probe), kPatience);
  if (!written) return std::unexpected(std::move(written).error());
  return ports_.store.Ping();
}

}  // namespace gophercron::service
