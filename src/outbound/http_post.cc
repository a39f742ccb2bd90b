#include "outbound/http_post.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/check.h"

namespace gophercron::outbound {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 << 10;
constexpr long kRedirectsMax = 10;

struct HeaderList {
  curl_slist* list = nullptr;

  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void Add(const char* line) {
    list = curl_slist_append(list, line);
    CHECK(list != nullptr);
  }
};

// Reads the answer and forgets it; one that does not end is cut off.
std::size_t DropBody(char*, std::size_t size, std::size_t count, void* user) {
  auto* read = static_cast<std::size_t*>(user);
  *read += size * count;
  return *read > kAnswerBytesMax ? 0 : size * count;
}

int AskCancelled(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(user)->load() ? 1 : 0;
}

Error TransportError(CURLcode code, bool sent, const std::string& url) {
  const char* const reason = curl_easy_strerror(code);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {.code = ErrorCode::kInvalidArgument,
            .message = fmt::format("{} can not be posted to ({}); write http:// or https://, host "
                                   "and path",
                                   url, reason)};
  }
  if (!sent) {
    return {.code = ErrorCode::kUnavailable,
            .message = fmt::format("{} can not be reached: {}", url, reason)};
  }
  return {.code = ErrorCode::kOutcomeUnknown,
          .message = fmt::format("{} did not answer: {}", url, reason)};
}

}  // namespace

struct HttpPoster::Impl {
  CURL* curl = nullptr;
  std::atomic<bool> cancelled = false;
};

HttpPoster::HttpPoster() : impl_(std::make_unique<Impl>()) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(ready == CURLE_OK);
  impl_->curl = curl_easy_init();
  CHECK(impl_->curl != nullptr);
}

HttpPoster::~HttpPoster() {
  curl_easy_cleanup(impl_->curl);
}

void HttpPoster::Cancel() {
  impl_->cancelled = true;
}

Result<int> HttpPoster::Post(const PostRequest& request) {
  HeaderList headers;
  for (const std::string& line : request.headers) {
    if (std::ranges::any_of(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      return Fail(ErrorCode::kInvalidArgument, "a header may not hold control characters");
    }
    headers.Add(line.c_str());
  }
  headers.Add("Expect:");  // no waiting for "100 Continue"
  headers.Add("Accept:");  // nothing of the answer is read

  CURL* const curl = impl_->curl;
  std::size_t read = 0;
  curl_easy_reset(curl);  // keeps the connection
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  // A proxy of the environment must not see what goes to this very machine.
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kRedirectsMax);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, DropBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &read);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, AskCancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &impl_->cancelled);
  const CURLcode code = curl_easy_perform(curl);

  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  const bool cut_off = code == CURLE_WRITE_ERROR && read > kAnswerBytesMax;
  if ((code == CURLE_OK || cut_off) && status > 0) return static_cast<int>(status);
  long sent = 0;
  curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
  return std::unexpected(TransportError(code, sent > 0 || impl_->cancelled, request.url));
}

}  // namespace gophercron::outbound
