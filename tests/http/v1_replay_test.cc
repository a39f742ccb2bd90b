// What GopherCron v1.10.8 answered, recorded, asked of this program again in the same order.
// Status, code, members, types and nullness must be the same, but for what is listed here with its
// reason.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "v1_world.h"

namespace gophercron::http {
namespace {

struct Exchange {
  std::string title;
  std::string method;
  std::string target;
  std::string who;  // "no token", "as admin"
  std::string form;
  bool json = false;
  int status = 0;
  std::string type;
  std::string body;

  std::string Name() const { return fmt::format("{} [{}] {}", target, who, form); }
};

std::vector<Exchange> ReadRecorded() {
  std::ifstream file("testdata/v1_http/recorded.txt");
  std::vector<Exchange> all;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("###")) {
      all.push_back({});
      all.back().title = line.substr(std::min<std::size_t>(4, line.size()));
      std::getline(file, line);
      std::istringstream request(line.substr(0, line.find(" [")));
      request >> all.back().method >> all.back().target;
      const std::size_t who = line.find('[');
      all.back().who = line.substr(who + 1, line.find(']') - who - 1);
    } else if (all.empty()) {
      continue;
    } else if (line.starts_with("form: ") || line.starts_with("json: ")) {
      all.back().json = line.starts_with("json");
      all.back().form = line.substr(6);
    } else if (line.starts_with("-> ")) {
      all.back().status = std::stoi(line.substr(3));
      all.back().type = line.substr(7);
    } else if (!line.empty()) {
      all.back().body += line;
    }
  }
  return all;
}

// Where an answer may be another one, and why.
struct Difference {
  std::string_view name;  // the begin of Exchange::Name
  int status;
  int code;
  std::string_view why;
};
constexpr Difference kDifferences[] = {
    {"/api/v1/user/login [no token] account=nobody", 200, 10011,
     "strangers do not learn which accounts there are"},
    {R"(/api/v1/crontab/delete [as admin] {"project_id": 1)", 500, 500,
     "snake_case JSON is read on every route, so the call gets as far as the unknown task"},
    {"/api/v1/crontab/execute [as admin] project_id=2", 200, 10012,
     "there is no project 2: that comes before its nodes"},
    {"/api/v1/project/update [as bob]", 200, 10014,
     "a member learns that it is the right that is missing"},
    {"/api/v1/project/remove_user [as bob]", 200, 10014, "401 would sign the front end out"},
    {"/api/v1/crontab/client_list?project_id=1 [as bob]", 200, 10012,
     "401 would sign the front end out; foreign is the same as absent"},
    {"/api/v1/user/delete [as bob]", 200, 10014, "401 would sign the front end out"},
    {"/api/v1/client/reload/config [as admin]", 200, 10014, "401 would sign the front end out"},
    {"/api/v1/user/info [as bob]", 401, 401, "a deleted user is signed out at once"},
    {"/api/v1/project/list [as bob] deleted", 401, 401, "a deleted user is signed out at once"},
    {"/api/v1/user/change_password [as bob] password=a&", 401, 401,
     "v1 crashed here; a deleted user is signed out at once"},
    {"/nope", 404, -1, "what is not there is 404"},
    {"/api/v1/user/login [no token] GET", 405, 405, "a wrong method is 405"},
};

// Members whose values are of their run, or meant for people.
const std::set<std::string, std::less<>> kOfTheRun = {
    "request_id", "token", "create_time", "task_id",   "date",        "msg",
    "msg_en",     "log",   "version",     "client_ip", "request_uri", "task_count"};

std::string_view Kind(const json::value& value) {
  if (value.is_null()) return "null";
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  return value.is_double() ? "fraction" : "whole number";
}

// Members may be more than v1's, never fewer.
void Compare(const json::value& theirs, const json::value& ours, const std::string& at) {
  ASSERT_EQ(Kind(ours), Kind(theirs)) << at;
  if (theirs.is_object()) {
    for (const auto& member : theirs.as_object()) {
      const std::string name(member.key());
      ASSERT_TRUE(ours.as_object().contains(name)) << at << "." << name;
      const json::value& value = ours.as_object().at(name);
      if (!kOfTheRun.contains(name)) {
        Compare(member.value(), value, at + "." + name);
      } else {
        EXPECT_EQ(Kind(value), Kind(member.value())) << at << "." << name;
      }
    }
  } else if (theirs.is_array()) {
    ASSERT_EQ(ours.as_array().size(), theirs.as_array().size()) << at;
    for (std::size_t i = 0; i < theirs.as_array().size(); ++i) {
      // Nodes as texts.
      if (theirs.as_array()[i].is_string()) continue;
      Compare(theirs.as_array()[i], ours.as_array()[i], fmt::format("{}[{}]", at, i));
    }
  } else {
    EXPECT_EQ(ours, theirs) << at;
  }
}

class V1Replay : public V1World {
 protected:
  // Their ids and passwords → ours. Passwords were shorter than any that may be chosen here.
  std::string Translate(std::string text) const {
    for (const auto& [theirs, mine] : names_) {
      for (std::size_t at = 0; (at = text.find(theirs, at)) != std::string::npos;) {
        text.replace(at, theirs.size(), mine);
        at += mine.size();
      }
    }
    return text;
  }

  // What the answers name, for later requests.
  void Learn(const json::value& theirs, const json::value& ours) {
    const auto list = [](const json::value& response) -> const json::array* {
      return response.is_object() ? json::Array(response.as_object(), "list") : nullptr;
    };
    if (list(theirs) == nullptr || list(ours) == nullptr) return;
    for (std::size_t i = 0; i < std::min(list(theirs)->size(), list(ours)->size()); ++i) {
      if (!(*list(theirs))[i].is_object() || !(*list(ours))[i].is_object()) continue;
      const auto id = json::String((*list(theirs))[i].as_object(), "task_id");
      const auto mine = json::String((*list(ours))[i].as_object(), "task_id");
      if (id && mine) names_[std::string(*id)] = *mine;
    }
  }

  const Difference* Allowed(const Exchange& exchange) {
    std::string name = exchange.Name();
    if (exchange.title == "deleted user" && exchange.form.empty()) name += "deleted";
    if (exchange.title == "wrong method") name += exchange.method;
    for (const Difference& difference : kDifferences) {
      if (name.starts_with(difference.name)) return &difference;
    }
    return nullptr;
  }

  std::map<std::string, std::string> names_{{"password=123456", "password=correct+horse+battery"},
                                            {"password=pw1", "password=bobs+first+password"},
                                            {"new_password=pw9", "new_password=bobs+second+one"},
                                            {"new_password=n", "new_password=not+too+short"}};
  std::map<std::string, std::string> tokens_;
};

TEST_F(V1Replay, AnswersAsRecorded) {
  AddNode();
  const std::vector<Exchange> recorded = ReadRecorded();
  ASSERT_GT(recorded.size(), 60u);
  std::set<const Difference*> used;
  for (const Exchange& exchange : recorded) {
    SCOPED_TRACE(fmt::format("### {}\n{} {}", exchange.title, exchange.method, exchange.Name()));
    const std::string token = exchange.who.starts_with("as ") ? tokens_[exchange.who] : "";
    const V1Answer answer =
        Ask(token, exchange.method, Translate(exchange.target), Translate(exchange.form),
            exchange.json ? "application/json" : "application/x-www-form-urlencoded");
    const bool enveloped = exchange.body.starts_with("{");
    const json::value theirs =
        enveloped ? json::Parse(exchange.body).value() : json::value(nullptr);
    if (const Difference* difference = Allowed(exchange)) {
      used.insert(difference);
      EXPECT_EQ(answer.status, difference->status) << difference->why << "\n" << answer.body;
      EXPECT_EQ(answer.code, difference->code) << difference->why << "\n" << answer.body;
      continue;
    }
    ASSERT_TRUE(enveloped);
    EXPECT_EQ(answer.status, exchange.status) << answer.body;
    EXPECT_EQ(answer.type, exchange.type);
    const auto ours = json::Parse(answer.body);
    ASSERT_TRUE(ours.has_value()) << answer.body;
    Learn(theirs.at("response"), ours->at("response"));
    if (exchange.target == "/api/v1/version") {
      EXPECT_TRUE(ours->at("response").is_string());
      continue;
    }
    Compare(theirs, *ours, "");
    EXPECT_EQ(ours->at("meta").at("request_uri").as_string(), Translate(exchange.target));
    const auto title = exchange.title;
    if (title.starts_with("login ")) {
      tokens_["as " + title.substr(6)] = json::String(answer.Object(), "token").value_or("");
    }
  }
  EXPECT_EQ(used.size(), std::size(kDifferences)) << "a difference is listed that is none";
}

}  // namespace
}  // namespace gophercron::http
