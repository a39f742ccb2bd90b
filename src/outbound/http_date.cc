#include "outbound/http_date.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "base/check.h"

namespace gophercron::outbound {
namespace {

std::size_t DropBody(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

}  // namespace

Result<Instant> AskDate(const DateRequest& request) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(ready == CURLE_OK);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> owner(curl_easy_init(),
                                                                  curl_easy_cleanup);
  CURL* const curl = owner.get();
  CHECK(curl != nullptr);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, DropBody);
  if (!request.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.cert_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, request.cert_file.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, request.key_file.c_str());
  }
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    return Fail(ErrorCode::kUnavailable, fmt::format("{} does not say what time it is: {}",
                                                     request.url, curl_easy_strerror(code)));
  }
  curl_header* header = nullptr;
  if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
    return Fail(ErrorCode::kUnavailable, fmt::format("{} answers without a date", request.url));
  }
  const std::time_t date = curl_getdate(header->value, nullptr);
  if (date < 0) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{} answers with a date that is none", request.url));
  }
  return Instant(seconds(date)) + milliseconds(500);
}

}  // namespace gophercron::outbound
