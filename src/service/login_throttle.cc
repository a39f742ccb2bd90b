#include "service/login_throttle.h"

#include <algorithm>

namespace gophercron::service {
namespace {

// IPv6: whoever has one address has its whole /64.
std::string_view Network(std::string_view address) {
  if (address.find('.') != std::string_view::npos) return address;
  std::size_t groups = 0;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] == ':' && ++groups == 4) return address.substr(0, i);
  }
  return address;
}

std::string AddressKey(std::string_view address) {
  return "a" + std::string(Network(address));
}
std::string AccountKey(std::string_view account) {
  return "u" + std::string(account.substr(0, 128));
}
std::string PairKey(std::string_view account, std::string_view address) {
  return "p" + std::string(Network(address)) + " " + std::string(account.substr(0, 128));
}

}  // namespace

LoginThrottle::Times& LoginThrottle::At(const std::string& key, BootTime now) {
  Times& times = failures_[key];
  while (!times.empty() && times.front() + kWindow <= now) times.pop_front();
  return times;
}

std::optional<seconds> LoginThrottle::Begin(std::string_view account, std::string_view address,
                                            BootTime now) {
  if (failures_.size() > kEntriesMax) Forget(now);
  const auto wait = [&](const Times& times) {
    const auto left = times[times.size() - kFailuresMax] + kWindow - now;
    return std::max(seconds(1), std::chrono::ceil<seconds>(left));
  };
  // References into the map stay good when others are added.
  Times& by_address = At(AddressKey(address), now);
  Times& by_account = At(AccountKey(account), now);
  Times& by_pair = At(PairKey(account, address), now);
  if (by_address.size() >= kFailuresMax) return wait(by_address);
  if (by_account.size() >= kFailuresMax && !by_pair.empty()) return wait(by_account);
  by_address.push_back(now);
  by_account.push_back(now);
  by_pair.push_back(now);
  // What is over the limit need not be counted further.
  while (by_account.size() > 2 * kFailuresMax) by_account.pop_front();
  return std::nullopt;
}

void LoginThrottle::Succeeded(std::string_view account, std::string_view address) {
  for (const std::string& key :
       {AddressKey(address), AccountKey(account), PairKey(account, address)}) {
    const auto found = failures_.find(key);
    if (found == failures_.end()) continue;
    if (!found->second.empty()) found->second.pop_back();
    if (found->second.empty()) failures_.erase(found);
  }
}

void LoginThrottle::Forget(BootTime now) {
  std::erase_if(failures_, [&](const auto& entry) {
    return entry.second.empty() || entry.second.back() + kWindow <= now;
  });
  // A flood from more addresses than fit: better to forget failures than to grow.
  if (failures_.size() > kEntriesMax) failures_.clear();
}

}  // namespace gophercron::service
