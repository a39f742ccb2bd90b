#include "http/v1/envelope.h"

#include <fmt/format.h>

#include "base/log.h"
#include "report/v1_encoding.h"

namespace gophercron::http::v1 {
namespace {

struct Texts {
  std::string_view chinese;
  std::string_view english;
};

Texts TextsOf(int code) {
  switch (code) {
    case kBadParameter:
      return {"参数无效", "a parameter is missing or wrong"};
    case kNotSignedIn:
      return {"未登录或登录已失效，请重新登录",
              "you are not signed in, or no longer: sign in again"};
    case kNoSuchRoute:
      return {"接口不存在", "there is no such route"};
    case kWrongMethod:
      return {"请求方法不允许", "this route does not know that method"};
    case 413:
      return {"请求过大", "the request is too large"};
    case 429:
    case 503:
    case kBusy:
      return {"服务繁忙，请稍后再试", "the service is busy; try again in a moment"};
    case kNoSuchRecord:
      return {"数据不存在", "there is no such record"};
    case kNoSuchUser:
      return {"用户不存在", "there is no such user"};
    case kLocked:
      return {"数据正被他人修改，请重试", "somebody else is changing this; try again"};
    case kWrongPassword:
      return {"账号或密码错误", "account or password is wrong"};
    case kNoSuchProject:
      return {"项目不存在或您不是其成员",
              "there is no such project, or you are not a member of it"};
    case kTitleTaken:
      return {"项目名称已存在", "there is a project of that title"};
    case kNotPermitted:
      return {"权限不足", "you are not permitted to do this"};
    case kBadCron:
      return {"cron 表达式错误", "the cron expression is wrong"};
    case kAccountTaken:
      return {"账号已存在", "the account is taken"};
    case kOwnerStays:
      return {"不能移除项目管理员", "the project's owner can not be removed"};
    case kNoNode:
      return {"项目没有在线节点", "no node serves this project at the moment"};
    default:
      return {"系统内部错误", "something broke here"};
  }
}

int CodeOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
      return !error.fields.empty() && error.fields.front().field == "cron" ? kBadCron
                                                                           : kBadParameter;
    case ErrorCode::kUnauthenticated:
      return kNotSignedIn;
    case ErrorCode::kPermissionDenied:
      return kNotPermitted;
    case ErrorCode::kNotFound:
      return kNoSuchRecord;
    case ErrorCode::kConflict:
      return kLocked;
    case ErrorCode::kResourceExhausted:
      return kBusy;
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return kBroken;
  }
  return kBroken;
}

// Pages of any origin may ask: nothing here goes by cookie, so a foreign page can do no more than
// its own server could.
void AddHeaders(Response* response) {
  response->headers.emplace_back("Access-Control-Allow-Origin", "*");
  response->headers.emplace_back("Access-Control-Allow-Headers",
                                 "access-token, x-requested-with, content-type");
}

Response Envelope(const Request& request, int code, std::string_view meta_texts,
                  std::string_view body) {
  Response response;
  response.status = code == 0 || code >= 600 ? 200 : code;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  AddHeaders(&response);
  response.body =
      fmt::format(R"({{"meta":{{"code":{},{},"cause":null,"request_id":"{}",)"
                  R"("request_uri":{}}},"response":{}}})",
                  code, meta_texts, request.request_id, report::QuoteAsGo(request.target), body);
  return response;
}

}  // namespace

bool IsV1(std::string_view path) {
  return path.starts_with("/api/v1/") || path == "/api/v1";
}

Response Answer(const Request& request, std::string_view response) {
  return Envelope(request, 0, R"("msg":"","msg_en":"","log":"")", response);
}

Response Done(const Request& request) {
  return Answer(request, "{}");
}

Response Refuse(const Request& request, int code, std::string_view detail) {
  const Texts texts = TextsOf(code);
  const std::string chinese =
      detail.empty() ? std::string(texts.chinese) : fmt::format("{}：{}", texts.chinese, detail);
  const std::string english =
      report::QuoteAsGo(detail.empty() ? texts.english : std::string_view(detail));
  return Envelope(
      request, code,
      fmt::format(R"("msg":{},"msg_en":{},"log":{})", report::QuoteAsGo(chinese), english, english),
      "{}");
}

Response Refuse(const Request& request, const Error& error) {
  const int code = CodeOf(error);
  if (code != kBroken) return Refuse(request, code, error.message);
  log::LogError("request {} failed: {}", request.request_id, error.message);
  return Refuse(request, code);
}

Response Preflight() {
  Response response;
  AddHeaders(&response);
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST");
  return response;
}

}  // namespace gophercron::http::v1
