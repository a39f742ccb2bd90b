// HttpPoster: one HTTP POST at a time to somebody else's server, whose answer's status is all that
// counts. Bounded in time; the answer's body is dropped.
//
// Threads: Post on one thread at a time; Cancel from any.
#ifndef GOPHERCRON_OUTBOUND_HTTP_POST_H_
#define GOPHERCRON_OUTBOUND_HTTP_POST_H_

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::outbound {

struct PostRequest {
  std::string url;                   // http or https
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  milliseconds timeout{10'000};  // of the whole exchange
  // As browsers and Go do: 301, 302 and 303 are followed by a GET, 307 and 308 by the same POST.
  bool follow_redirects = false;
};

class HttpPoster {
 public:
  HttpPoster();
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  // The status of the answer, whatever it is. Keeps the connection for the next one.
  // kUnavailable: nothing was sent. kOutcomeUnknown: sent, and no answer came.
  // kInvalidArgument: the URL or a header is none.
  Result<int> Post(const PostRequest& request);
  // The call that is under way, and every later one, ends soon with kOutcomeUnknown.
  void Cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gophercron::outbound

#endif  // GOPHERCRON_OUTBOUND_HTTP_POST_H_
