#include "cli/api_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <thread>
#include <utility>

#include "base/check.h"

namespace gophercron::cli {
namespace {

constexpr long kConnectTimeoutMs = 5'000;
constexpr long kCallTimeoutMs = 60'000;
constexpr std::size_t kAnswerBytesMax = 64 << 20;
constexpr std::size_t kHeadersMax = 100;
constexpr int kAttemptsMax = 3;

struct Answer {
  std::string body;
  std::map<std::string, std::string> headers;
  bool too_big = false;
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto* answer = static_cast<Answer*>(user);
  const std::size_t bytes = size * count;
  if (answer->body.size() + bytes > kAnswerBytesMax) {
    answer->too_big = true;
    return 0;
  }
  answer->body.append(data, bytes);
  return bytes;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto* answer = static_cast<Answer*>(user);
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string_view value = Trim(line.substr(colon + 1));
    if (answer->headers.size() < kHeadersMax) answer->headers[name] = value;
  }
  return size * count;
}

ErrorCode CodeOf(long status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return ErrorCode::kInvalidArgument;
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
    case 412:
    case 428:
      return ErrorCode::kConflict;
    case 429:
      return ErrorCode::kResourceExhausted;
    case 501:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kInternal;
  }
}

Error ProblemOf(long status, const Answer& answer, const std::string& url) {
  Error error{.code = CodeOf(status), .message = ""};
  const auto problem = json::ParseObject(answer.body);
  if (!problem) {
    error.message = fmt::format(
        "the server at {} answered {} and no problem document: is this a GopherCron service?", url,
        status);
    return error;
  }
  error.message = json::String(*problem, "detail").value_or("");
  if (error.message.empty()) error.message = json::String(*problem, "title").value_or("");
  if (error.message.empty()) error.message = fmt::format("the service answered {}", status);
  if (const auto* faults = json::Array(*problem, "errors")) {
    for (const auto& fault : *faults) {
      if (!fault.is_object()) continue;
      const auto& from = fault.get_object();
      FieldError field{.field = std::string(json::String(from, "field").value_or("")),
                       .message = std::string(json::String(from, "message").value_or(""))};
      const auto offset = json::Int(from, "offset");
      const auto length = json::Int(from, "length");
      if (offset && *offset >= 0) field.offset = static_cast<std::size_t>(*offset);
      if (length && *length >= 0) field.length = static_cast<std::size_t>(*length);
      error.fields.push_back(std::move(field));
    }
  }
  if (const auto id = json::String(*problem, "request_id");
      id && error.code == ErrorCode::kInternal) {
    error.message += fmt::format(" (request {})", *id);
  }
  return error;
}

// What the transport's failure means. `sent`: the request, or a part of it, went out.
Error TransportError(CURLcode code, bool sent, bool read_only, const std::string& url) {
  const char* reason = curl_easy_strerror(code);
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || !sent) {
    return {.code = ErrorCode::kUnavailable,
            .message = fmt::format("nobody answers at {}: {}", url, reason)};
  }
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {.code = ErrorCode::kInvalidArgument,
            .message = fmt::format("{} is not the URL of a service ({}); one looks like "
                                   "http://127.0.0.1:6306",
                                   url, reason)};
  }
  if (read_only) {
    return {.code = ErrorCode::kUnavailable,
            .message = fmt::format("the service at {} did not answer: {}", url, reason)};
  }
  return {.code = ErrorCode::kOutcomeUnknown,
          .message = fmt::format("the service at {} did not answer ({}): what was asked may have "
                                 "happened; look before asking again",
                                 url, reason)};
}

class HeaderList {
 public:
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void Add(const std::string& line) {
    list_ = curl_slist_append(list_, line.c_str());
    CHECK(list_ != nullptr);
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

struct ApiClient::Impl {
  CURL* curl = nullptr;

  Impl() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(ready == CURLE_OK);
    curl = curl_easy_init();
    CHECK(curl != nullptr);
  }
  ~Impl() { curl_easy_cleanup(curl); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Prepare(const std::string& url, const std::string& method, const HeaderList& headers) {
    curl_easy_reset(curl);  // keeps the connection
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "gophercron");
    // A proxy of the environment must not see what goes to this very machine.
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  }
};

ApiClient::ApiClient(Endpoint endpoint)
    : endpoint_(std::move(endpoint)), impl_(std::make_unique<Impl>()) {
  while (endpoint_.url.ends_with('/')) endpoint_.url.pop_back();
}

ApiClient::~ApiClient() = default;

Result<ApiResponse> ApiClient::Get(std::string path) {
  return Call({.path = std::move(path)});
}

Result<ApiResponse> ApiClient::Call(const ApiRequest& request) {
  for (const std::string* value :
       {&std::as_const(endpoint_.token), &request.if_match, &request.idempotency_key}) {
    if (std::ranges::any_of(*value, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a token, a revision or a key may not hold control characters");
    }
  }
  const std::string url = endpoint_.url + request.path;
  HeaderList headers;
  headers.Add("Accept: application/json, application/problem+json");
  headers.Add("Expect:");  // no waiting for "100 Continue"
  if (!endpoint_.token.empty()) headers.Add("Authorization: Bearer " + endpoint_.token);
  if (!request.if_match.empty()) headers.Add("If-Match: " + request.if_match);
  if (!request.idempotency_key.empty()) {
    headers.Add("Idempotency-Key: " + request.idempotency_key);
  }
  const bool read_only = request.method == "GET";
  const std::string body = request.body ? json::serialize(*request.body) : std::string();
  if (request.body) headers.Add("Content-Type: application/json");

  for (int attempt = 1;; ++attempt) {
    Answer answer;
    impl_->Prepare(url, request.method, headers);
    CURL* curl = impl_->curl;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kCallTimeoutMs);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, TakeHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    if (request.body || request.method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    const CURLcode code = curl_easy_perform(curl);
    if (answer.too_big) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the answer of {} is larger than {} bytes", url, kAnswerBytesMax));
    }
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
      if (status < 200 || status >= 300) {
        return std::unexpected(ProblemOf(status, answer, endpoint_.url));
      }
      ApiResponse response{.status = static_cast<int>(status),
                           .headers = std::move(answer.headers)};
      if (response.Header("content-type").starts_with("application/json")) {
        auto parsed = json::ParseObject(answer.body);
        if (!parsed) {
          return Fail(ErrorCode::kInternal, fmt::format("the answer of {} cannot be read: {}", url,
                                                        parsed.error().message));
        }
        response.body = std::move(*parsed);
      }
      response.bytes = std::move(answer.body);
      return response;
    }
    long sent = 0;
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    const bool may_repeat = read_only || !request.idempotency_key.empty();
    if (sent > 0 && may_repeat && attempt < kAttemptsMax && code != CURLE_OPERATION_TIMEDOUT) {
      std::this_thread::sleep_for(milliseconds(200 * attempt));
      continue;
    }
    return std::unexpected(TransportError(code, sent > 0, read_only, endpoint_.url));
  }
}

namespace {

struct StreamState {
  CURL* curl = nullptr;
  EventParser parser;
  const std::function<bool(const StreamEvent&)>* on_event = nullptr;
  Answer problem;
  bool stopped = false;
};

std::size_t TakeStream(char* data, std::size_t size, std::size_t count, void* user) {
  auto* state = static_cast<StreamState*>(user);
  const std::size_t bytes = size * count;
  long status = 0;
  curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return TakeBody(data, size, count, &state->problem);
  if (!state->parser.Feed({data, bytes}, *state->on_event)) {
    state->stopped = true;
    return 0;
  }
  return bytes;
}

}  // namespace

Status ApiClient::Stream(const std::string& path, const std::string& last_event_id,
                         const std::function<bool(const StreamEvent&)>& on_event,
                         seconds silence_max) {
  HeaderList headers;
  headers.Add("Accept: text/event-stream");
  if (!endpoint_.token.empty()) headers.Add("Authorization: Bearer " + endpoint_.token);
  if (!last_event_id.empty()) headers.Add("Last-Event-ID: " + last_event_id);
  StreamState state{.curl = impl_->curl, .parser = {}, .on_event = &on_event, .problem = {}};
  impl_->Prepare(endpoint_.url + path, "GET", headers);
  CURL* curl = impl_->curl;
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeStream);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &state);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence_max.count()));
  const CURLcode code = curl_easy_perform(curl);
  if (state.stopped) return {};
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && status == 200) return {};
  if (code == CURLE_OK) return std::unexpected(ProblemOf(status, state.problem, endpoint_.url));
  return std::unexpected(TransportError(code, true, true, endpoint_.url));
}

std::string UrlEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

bool EventParser::Feed(std::string_view bytes,
                       const std::function<bool(const StreamEvent&)>& on_event) {
  for (const char c : bytes) {
    const bool second_of_pair = c == '\n' && std::exchange(after_carriage_return_, false);
    if (second_of_pair) continue;
    after_carriage_return_ = c == '\r';
    if (c != '\n' && c != '\r') {
      if (line_.size() < kEventBytesMax) line_ += c;
      continue;
    }
    const std::string line = std::exchange(line_, {});
    if (!Line(line, on_event)) return false;
  }
  return true;
}

bool EventParser::Line(std::string_view line,
                       const std::function<bool(const StreamEvent&)>& on_event) {
  if (line.empty()) {
    if (!std::exchange(has_data_, false)) return true;
    if (event_.name.empty()) event_.name = "message";
    const bool more = on_event(event_);
    event_.name.clear();
    event_.data.clear();
    return more;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") event_.id = value;
  if (field == "event") event_.name = value;
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    has_data_ = true;
    if (event_.data.size() + value.size() <= kEventBytesMax) event_.data += value;
  }
  return true;
}

}  // namespace gophercron::cli
