#include "http/message.h"

#include "base/log.h"

namespace gophercron::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view TitleOf(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

json::object Problem(int status, std::string_view code, std::string_view detail,
                     std::string_view request_id) {
  json::object problem;
  problem["type"] = "about:blank";
  problem["title"] = TitleOf(status);
  problem["status"] = status;
  problem["code"] = code;
  problem["detail"] = Utf8(detail);
  problem["request_id"] = request_id;
  return problem;
}

Response ProblemResponseOf(int status, const json::object& problem) {
  Response response = JsonResponse(status, problem);
  response.headers.front().second = "application/problem+json";
  return response;
}

// The length of the character that begins at `at`: 0 when it is not UTF-8, more than is left when
// its rest is missing.
std::size_t CharacterLength(std::string_view bytes, std::size_t at, bool* incomplete) {
  *incomplete = false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= bytes.size()) {
      *incomplete = true;
      return i;
    }
    if (byte(at + i) < low || byte(at + i) > high) return 0;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

}  // namespace

std::string_view Request::Header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string_view> Request::Query(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Response JsonResponse(int status, const json::value& body) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = json::serialize(body);
  return response;
}

Response NoContent() {
  Response response;
  response.status = 204;
  return response;
}

int StatusOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument: {
      const bool about_fields = !error.fields.empty() && !error.fields.front().field.empty();
      return about_fields ? 422 : 400;
    }
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kResourceExhausted:
      return 503;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kOutcomeUnknown:
      return 504;
    case ErrorCode::kUnsupported:
      return 422;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

Response ProblemResponse(const Error& error, std::string_view request_id) {
  const int status = StatusOf(error);
  if (status == 500) {
    log::LogError("request {} failed: {}", request_id, error.message);
    return ProblemResponse(
        500, Name(error.code),
        "something broke here; the log of the service says more under this request id", request_id);
  }
  json::object problem = Problem(status, Name(error.code), error.message, request_id);
  if (!error.fields.empty()) {
    json::array errors;
    for (const FieldError& field : error.fields) {
      json::object entry{{"field", Utf8(field.field)}, {"message", Utf8(field.message)}};
      if (field.offset) entry["offset"] = *field.offset;
      if (field.length) entry["length"] = *field.length;
      errors.emplace_back(std::move(entry));
    }
    problem["errors"] = std::move(errors);
  }
  Response response = ProblemResponseOf(status, problem);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response ProblemResponse(int status, std::string_view code, std::string_view detail,
                         std::string_view request_id) {
  return ProblemResponseOf(status, Problem(status, code, detail, request_id));
}

std::optional<std::string> PercentDecoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::map<std::string, std::string, std::less<>> ParseQuery(std::string_view text) {
  std::map<std::string, std::string, std::less<>> out;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t equals = part.find('=');
    auto name = PercentDecoded(part.substr(0, equals), true);
    auto value = equals == std::string_view::npos
                     ? std::string()
                     : PercentDecoded(part.substr(equals + 1), true).value_or(std::string());
    if (name && !name->empty()) out[*std::move(name)] = std::move(value);
  }
  return out;
}

std::string Utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    bool incomplete = false;
    const std::size_t length = CharacterLength(bytes, at, &incomplete);
    if (length == 0 || incomplete) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      out.append(bytes.substr(at, length));
      at += length;
    }
  }
  return out;
}

std::size_t IncompleteUtf8Tail(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const std::size_t at = bytes.size() - back;
    if ((static_cast<unsigned char>(bytes[at]) & 0xc0) == 0x80) continue;
    bool incomplete = false;
    CharacterLength(bytes, at, &incomplete);
    return incomplete ? back : 0;
  }
  return 0;
}

}  // namespace gophercron::http
