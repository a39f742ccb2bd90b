// AskDate: what time somebody else's server shows, by the Date header of its answer. Threads: any.
#ifndef GOPHERCRON_OUTBOUND_HTTP_DATE_H_
#define GOPHERCRON_OUTBOUND_HTTP_DATE_H_

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::outbound {

struct DateRequest {
  std::string url = {};        // http or https
  std::string ca_file = {};    // PEM; empty: the system's authorities
  std::string cert_file = {};  // the client's own certificate and its key, both or none
  std::string key_file = {};
  milliseconds timeout{2'000};  // of the whole exchange
};

// The middle of the second that the answer names: the header has no finer time. kUnavailable: no
// answer, or none with a date.
Result<Instant> AskDate(const DateRequest& request);

}  // namespace gophercron::outbound

#endif  // GOPHERCRON_OUTBOUND_HTTP_DATE_H_
