#include "link/remote_ledger.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "link/wire.h"

namespace gophercron::link {
namespace {
constexpr seconds kLimit{30};
}  // namespace

Status RemoteLedger::Record(std::span<const task::LedgerRecord> batch) {
  std::vector<std::string> urls;
  for (auto& [lease, url] : services_.Urls()) urls.push_back(url);
  if (urls.empty()) {
    return Fail(ErrorCode::kUnavailable, "no service of this cluster is running to take results");
  }
  const auto first = static_cast<std::ptrdiff_t>(random_.Below(urls.size()));
  std::ranges::rotate(urls, urls.begin() + first);

  const std::string body = FormatRecords(batch);
  Status last;
  for (const auto& url : urls) {
    last = post_.Send(url, kLedgerPath, body, kLimit);
    const bool away = !last && (last.error().code == ErrorCode::kUnavailable ||
                                last.error().code == ErrorCode::kOutcomeUnknown);
    if (!away) return last;
  }
  return last;
}

}  // namespace gophercron::link
