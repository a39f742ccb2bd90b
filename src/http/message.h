// Requests and responses as the routes see them: no sockets, no parser.
#ifndef GOPHERCRON_HTTP_MESSAGE_H_
#define GOPHERCRON_HTTP_MESSAGE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace gophercron::http {

struct Request {
  std::string method;
  std::string target;                                       // as sent: path and query
  std::string path;                                         // as sent, without the query
  std::map<std::string, std::string, std::less<>> query;    // decoded; the last of a name counts
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
  std::string remote_address;
  std::string request_id;

  // Empty when there is none.
  std::string_view Header(std::string_view name) const;
  std::optional<std::string_view> Query(std::string_view name) const;
};

// Server-sent events. Made and asked on worker threads, one call at a time.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // Adds what there is to be sent now, in the wire's form; nothing is fine. False: the stream is
  // over once that was sent. Called after each wake, and at least every few seconds.
  virtual bool Next(std::string* out) = 0;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Instead of a body. `wake` may be called from any thread until the stream is destroyed.
  using Open = std::function<std::unique_ptr<EventStream>(std::function<void()> wake)>;
  Open stream;
};

Response JsonResponse(int status, const json::value& body);
Response NoContent();
// application/problem+json. A broken machine's details go to the log under the request's id, not
// out.
Response ProblemResponse(const Error& error, std::string_view request_id);
Response ProblemResponse(int status, std::string_view code, std::string_view detail,
                         std::string_view request_id);
int StatusOf(const Error& error);

// "%41" and, in queries, "+". nullopt: not an encoding, or an encoded NUL.
std::optional<std::string> PercentDecoded(std::string_view text, bool plus_is_space);
// Splits "a=1&b=2". Malformed parts are left out.
std::map<std::string, std::string, std::less<>> ParseQuery(std::string_view text);

// Valid UTF-8, with U+FFFD for what is not.
std::string Utf8(std::string_view bytes);
// How many bytes at the end are the beginning of a character whose rest is missing: 0 to 3.
std::size_t IncompleteUtf8Tail(std::string_view bytes);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_MESSAGE_H_
