// How fast passwords may be tried. Decided before anything is hashed. Pure; one caller at a time.
//
// An attempt counts when it begins and is taken back when it was right. One address may fail ten
// times a minute, whatever accounts it names. An account that others fail at does not lock its
// owner out: beyond ten failures a minute it refuses only addresses that have failed there
// themselves, so an address always has its first try.
#ifndef GOPHERCRON_SERVICE_LOGIN_THROTTLE_H_
#define GOPHERCRON_SERVICE_LOGIN_THROTTLE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace gophercron::service {

class LoginThrottle {
 public:
  static constexpr std::size_t kFailuresMax = 10;
  static constexpr seconds kWindow{60};
  // Beyond so many names those that were quiet longest are forgotten.
  static constexpr std::size_t kEntriesMax = 20'000;

  // nullopt: go on, and the attempt is counted as failed until Succeeded. Else how long to wait.
  std::optional<seconds> Begin(std::string_view account, std::string_view address, BootTime now);
  void Succeeded(std::string_view account, std::string_view address);

 private:
  using Times = std::deque<BootTime>;

  Times& At(const std::string& key, BootTime now);
  void Forget(BootTime now);

  std::unordered_map<std::string, Times> failures_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_LOGIN_THROTTLE_H_
