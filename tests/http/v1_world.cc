#include "v1_world.h"

#include <fmt/format.h>

namespace gophercron::http {

void V1World::SetUp() {
  World::SetUp();
  ASSERT_TRUE(services().accounts().ResetPassword("admin", kPassword).has_value());
  admin_token_ = SignIn("admin", kPassword);
  ASSERT_FALSE(admin_token_.empty());
}

V1Answer V1World::Ask(std::string_view token, std::string_view method, std::string_view target,
                      std::string_view form, std::string_view type) {
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, target);
  if (!token.empty()) request += fmt::format("Access-Token: {}\r\n", token);
  if (!type.empty()) request += fmt::format("Content-Type: {}\r\n", type);
  if (method == "POST") request += fmt::format("Content-Length: {}\r\n", form.size());
  Connection connection(server().port());
  connection.Send(request + "\r\n" + std::string(form));
  const Answer got = connection.Receive();
  V1Answer answer;
  answer.status = got.status;
  if (got.headers.contains("content-type")) answer.type = got.headers.at("content-type");
  answer.body = got.body;
  const json::object whole = got.Json();
  if (const json::object* meta = json::Object(whole, "meta")) {
    answer.code = json::Int(*meta, "code").value_or(-1);
  }
  if (whole.contains("response")) answer.response = whole.at("response");
  return answer;
}

std::string V1World::SignIn(std::string_view account, std::string_view password) {
  const V1Answer answer = Ask("", "POST", "/api/v1/user/login",
                              fmt::format("account={}&password={}", account, password));
  if (answer.code != 0) return "";
  return std::string(json::String(answer.Object(), "token").value_or(""));
}

}  // namespace gophercron::http
