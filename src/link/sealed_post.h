// SealedPost: one sealed request to a service of the cluster.
//
// Threads: one at a time for each object; Cancel from any.
#ifndef GOPHERCRON_LINK_SEALED_POST_H_
#define GOPHERCRON_LINK_SEALED_POST_H_

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "outbound/http_post.h"

namespace gophercron::link {

class SealedPost {
 public:
  // `secret` is the cluster's. `clock` outlives this.
  SealedPost(std::string secret, const Clock& clock) : secret_(std::move(secret)), clock_(clock) {}

  // A success is a 2xx. A refusal has the code that its status stands for; kUnavailable for a
  // service that is in trouble itself.
  Status Send(const std::string& url, std::string_view path, std::string body, milliseconds limit);
  void Cancel() { poster_.Cancel(); }

 private:
  const std::string secret_;
  const Clock& clock_;
  outbound::HttpPoster poster_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_SEALED_POST_H_
