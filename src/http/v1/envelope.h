// The one form in which GopherCron v1 answers: HTTP status, `meta` with a code and texts in two
// languages, `response`. Frozen; docs/api.md has the codes.
//
// A code below 600 is the HTTP status too; one of 100xx comes with status 200.
#ifndef GOPHERCRON_HTTP_V1_ENVELOPE_H_
#define GOPHERCRON_HTTP_V1_ENVELOPE_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace gophercron::http::v1 {

enum Code : int {
  kBadParameter = 400,
  kNotSignedIn = 401,
  kNoSuchRoute = 404,
  kWrongMethod = 405,
  kBroken = 500,
  kNoSuchRecord = 10006,
  kNoSuchUser = 10007,
  kBusy = 10008,
  kLocked = 10009,
  kWrongPassword = 10011,
  kNoSuchProject = 10012,
  kTitleTaken = 10013,
  kNotPermitted = 10014,
  kBadCron = 10015,
  kAccountTaken = 10016,
  kOwnerStays = 10017,
  kNoNode = 10018,
};

// Whether the request is for this API.
bool IsV1(std::string_view path);

// `response` is JSON text.
Response Answer(const Request& request, std::string_view response);
// A success that says nothing more: `{}`.
Response Done(const Request& request);
// `detail` is for the person who asked; empty: the code's own text.
Response Refuse(const Request& request, int code, std::string_view detail = "");
// With the code that fits the error in most places. What broke here goes to the log, not out.
Response Refuse(const Request& request, const Error& error);
// What a browser asks before it sends a page's request from another origin.
Response Preflight();

}  // namespace gophercron::http::v1

#endif  // GOPHERCRON_HTTP_V1_ENVELOPE_H_
