// A world whose client speaks GopherCron v1's API.
#ifndef GOPHERCRON_TESTS_HTTP_V1_WORLD_H_
#define GOPHERCRON_TESTS_HTTP_V1_WORLD_H_

#include <string>
#include <string_view>

#include "world.h"

namespace gophercron::http {

struct V1Answer {
  int status = 0;
  std::string type;  // Content-Type
  std::string body;
  std::int64_t code = -1;  // of `meta`; -1: there is none
  json::value response;

  const json::object& Object() const { return response.as_object(); }
  json::array List() const { return Object().at("list").as_array(); }
};

class V1World : public World {
 protected:
  void SetUp() override;

  // `form` is a body as v1's front end sends it; a GET has none.
  V1Answer Ask(std::string_view token, std::string_view method, std::string_view target,
               std::string_view form = "",
               std::string_view type = "application/x-www-form-urlencoded");
  V1Answer Get(std::string_view target) { return Ask(admin_token_, "GET", target); }
  V1Answer Post(std::string_view target, std::string_view form) {
    return Ask(admin_token_, "POST", target, form);
  }
  // Empty when it is refused.
  std::string SignIn(std::string_view account, std::string_view password);

  std::string admin_token_;  // of a session
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_TESTS_HTTP_V1_WORLD_H_
