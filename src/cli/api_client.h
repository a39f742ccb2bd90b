// ApiClient: one service's HTTP API v2, as Results. The only file that knows the HTTP library.
//
// Threads: one at a time. Every call blocks until it is answered, refused or timed out.
//
// Failure: an answer of the service that is no success becomes an Error whose code follows the
// status (401 kUnauthenticated, 404 kNotFound, 409 and 412 kConflict, 400 and 422 kInvalidArgument,
// ...) and whose message and fields are those of its problem document. Nobody answering is
// kUnavailable; an answer that did not come in time is kOutcomeUnknown, and kUnavailable when it
// was only a read.
#ifndef GOPHERCRON_CLI_API_CLIENT_H_
#define GOPHERCRON_CLI_API_CLIENT_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::cli {

// Where a service is and who is asking.
struct Endpoint {
  std::string url;         // "http://127.0.0.1:6306", without a slash at the end
  std::string token = {};  // empty: nobody
};

struct ApiRequest {
  std::string method = "GET";
  std::string path = {};  // from the slash, query included, encoded
  std::optional<json::value> body = {};
  std::string if_match = {};  // the value of the header, quotes included; empty: none
  // Set for what must happen once: then a call without an answer is made again with the same key.
  std::string idempotency_key = {};
};

struct ApiResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string bytes = {};                           // as they came
  json::object body = {};                           // empty when the answer is not a JSON object

  // "" when there is none of that name.
  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// One event of a stream of server-sent events.
struct StreamEvent {
  std::string id = {};
  std::string name = {};  // "message" when the service names none
  std::string data = {};
};

class ApiClient {
 public:
  explicit ApiClient(Endpoint endpoint);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

  Result<ApiResponse> Call(const ApiRequest& request);
  Result<ApiResponse> Get(std::string path);

  // Calls `on_event` for each event until it returns false or the service ends the stream; both are
  // success. A stream that says nothing, not even a comment, for `silence_max` is kUnavailable.
  Status Stream(const std::string& path, const std::string& last_event_id,
                const std::function<bool(const StreamEvent&)>& on_event,
                seconds silence_max = seconds(60));

 private:
  struct Impl;
  Endpoint endpoint_;
  std::unique_ptr<Impl> impl_;
};

// Percent-encoded, so that it stands for itself in a path or a query.
std::string UrlEncode(std::string_view text);

// Splits a byte stream into server-sent events. Takes pieces, cut anywhere.
class EventParser {
 public:
  // False when `on_event` did not want more. An event beyond kEventBytesMax is cut off there.
  bool Feed(std::string_view bytes, const std::function<bool(const StreamEvent&)>& on_event);

  static constexpr std::size_t kEventBytesMax = 4 << 20;

 private:
  bool Line(std::string_view line, const std::function<bool(const StreamEvent&)>& on_event);

  std::string line_;
  StreamEvent event_;
  bool has_data_ = false;
  bool after_carriage_return_ = false;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_API_CLIENT_H_
