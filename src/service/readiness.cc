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

}  // namespace

Status CheckReadiness(const Ports& ports) {
  coordination::Txn probe;
  probe.then = {coordination::Put(ports.keys.Setting(kProbe), FormatRfc3339(ports.clock.Now()))};
  auto written = coordination::CommitAndWait(ports.coordinator, std::move(probe), kPatience);
  if (!written) return std::unexpected(std::move(written).error());
  return ports.store.Ping();
}

}  // namespace gophercron::service
