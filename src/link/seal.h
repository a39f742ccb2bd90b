// Seal: how processes of one cluster recognise each other over HTTP: with a secret that stands in
// the coordinator, which only they can read.
//
// The seal of a request is an HMAC-SHA256 over its method, path, time, a random number and the hash
// of its body. It is good for a minute and for once. Because the hash stands in the seal, it can be
// checked before the body is read: a stranger does not get that far.
//
// Threads: any.
#ifndef GOPHERCRON_LINK_SEAL_H_
#define GOPHERCRON_LINK_SEAL_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::link {

inline constexpr std::string_view kSealHeader = "gophercron-seal";

// The text of the header: "t=<unix seconds>,n=<nonce>,b=<hash of the body>,s=<HMAC>", both in hex.
std::string MakeSeal(std::string_view secret, std::string_view method, std::string_view path,
                     std::string_view body, Instant now, std::string_view nonce);

// Remembers the seals of the last minute; over kSealsMax of them it takes no further ones.
class SealChecker {
 public:
  static constexpr seconds kValidFor{60};
  static constexpr std::size_t kSealsMax = 200'000;

  explicit SealChecker(std::string secret) : secret_(std::move(secret)) {}

  // kUnauthenticated: not of this cluster, or too old (clocks further apart than kValidFor count as
  // that).
  Status CheckHead(std::string_view seal, std::string_view method, std::string_view path,
                   Instant now) const;
  // The same, and also when the body is another or the seal was seen before.
  Status Check(std::string_view seal, std::string_view method, std::string_view path,
               std::string_view body, Instant now);

 private:
  struct Seen {
    std::deque<std::pair<Instant, std::string>> by_time;
    std::unordered_set<std::string> seals;
  };

  const std::string secret_;
  Guarded<Seen> seen_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_SEAL_H_
