#include "service/intake.h"

#include "link/wire.h"

namespace gophercron::service {

Status Intake::TakeResults(std::string_view body) {
  const auto records = link::ParseRecords(body);
  if (!records) return std::unexpected(records.error());
  return ports_.store.Record(*records);
}

Status Intake::TakeNews(std::string_view body) {
  return link::Tell(body, listeners_);
}

}  // namespace gophercron::service
