#include "link/sealed_post.h"

#include <fmt/format.h>

#include "base/random.h"
#include "link/seal.h"

namespace gophercron::link {
namespace {

// 4xx says that the request is wrong and will stay so, but for those that speak of this moment.
ErrorCode CodeOf(int status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return ErrorCode::kInvalidArgument;
    case 409:
      return ErrorCode::kConflict;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

Status SealedPost::Send(const std::string& url, std::string_view path, std::string body,
                        milliseconds limit) {
  const std::string seal = MakeSeal(secret_, "POST", path, body, clock_.Now(), RandomHex(16));
  outbound::PostRequest request{
      .url = url + std::string(path),
      .headers = {"Content-Type: application/json", fmt::format("{}: {}", kSealHeader, seal)},
      .body = std::move(body)};
  request.timeout = limit;
  const auto status = poster_.Post(request);
  if (!status) return std::unexpected(status.error());
  if (*status / 100 == 2) return {};
  return Fail(CodeOf(*status),
              fmt::format("{} answered {}; its log says why", request.url, *status));
}

}  // namespace gophercron::link
