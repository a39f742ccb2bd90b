// The OpenAPI document and the program say the same. Every answer that World::CallAs gets in this
// program is held to it besides.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "contract.h"
#include "http/router.h"
#include "world.h"

namespace gophercron::http {
namespace {

// Not for people and programs: another surface, the console's files, processes of the cluster.
bool IsOfTheContract(const Route& route) {
  if (route.permission == Permission::kCluster) return false;
  return route.pattern.starts_with("/api/v2/") || route.pattern == "/healthz" ||
         route.pattern == "/readyz" || route.pattern == "/metrics";
}

std::string NameOf(const Route& route) {
  return fmt::format("{} {}", route.method, route.pattern);
}

class ContractOf : public World {
 protected:
  // A path at which the body of this route is looked at.
  std::string Target(std::string_view pattern) {
    std::string path(pattern);
    for (const auto& [name, value] :
         {std::pair<std::string_view, std::string>{"{project}", std::to_string(project_)},
          {"{task}", task_},
          {"{account}", "admin"}}) {
      if (const auto at = path.find(name); at != std::string::npos)
        path.replace(at, name.size(), value);
    }
    return path;
  }

  void SetUp() override {
    World::SetUp();
    project_ = NewProject("p");
    task_ = NewTask(project_, "t");
  }

  // What the service says of each member when all of them are of a wrong kind.
  std::map<std::string, std::string> Said(const Route& route, const json::object& members) {
    json::object body;
    for (const auto& [name, schema] : members) body[name] = {{json::array()}};
    body["of no contract"] = 1;
    const Answer answer = Call(route.method, Target(route.pattern), json::serialize(body));
    EXPECT_EQ(answer.status, 422) << NameOf(route) << answer.body;
    std::map<std::string, std::string> said;
    const json::object problem = answer.Json();
    for (const json::value& error : problem.at("errors").as_array()) {
      said.emplace(error.at("field").as_string(), error.at("message").as_string());
    }
    return said;
  }

  task::ProjectId project_ = 0;
  std::string task_;
};

TEST(ContractDocument, EveryRouteIsInItWithItsPermissionAndNothingElseIs) {
  std::set<std::string> left;
  for (const auto& [name, operation] : Contract::Served().operations()) left.insert(name);
  for (const Route& route : Routes()) {
    if (!IsOfTheContract(route)) continue;
    const std::string name = NameOf(route);
    ASSERT_EQ(left.erase(name), 1u) << name << " is not in src/http/openapi";
    const json::object& operation = *Contract::Served().operations().at(name);
    EXPECT_EQ(json::String(operation, "x-permission"), Name(route.permission)) << name;
  }
  EXPECT_TRUE(left.empty()) << *left.begin() << " is no route";
}

TEST(ContractDocument, AnAnswerThatIsNotInItIsNoticed) {
  Contract& contract = Contract::Served();
  Answer answer;
  answer.status = 200;
  answer.headers["content-type"] = "application/json";
  answer.body = R"({"user_id":1,"account":"a","name":"a","administrator":true,)"
                R"("must_change_password":false})";
  const auto faults = [&] { return contract.Faults("GET", "/api/v2/session", "", answer).size(); };
  EXPECT_EQ(faults(), 0u);
  const Answer good = answer;
  answer.body.replace(1, 0, R"("secret":1,)");
  EXPECT_EQ(faults(), 1u) << "a member that nobody wrote down";
  answer.body = R"({"user_id":"1","account":"a","administrator":true,"must_change_password":null})";
  EXPECT_EQ(faults(), 3u) << "two of a wrong type, and one that is missing";
  answer = good;
  answer.headers["x-new"] = "1";
  EXPECT_EQ(faults(), 1u);
  answer = good;
  answer.status = 203;
  EXPECT_EQ(faults(), 1u);
  answer = good;
  answer.headers["content-type"] = "text/html";
  EXPECT_EQ(faults(), 1u);
  EXPECT_EQ(contract.Faults("GET", "/api/v2/session?colour=1", "", good).size(), 1u);
}

// The names that the handlers ask queries for, as their source has them.
std::set<std::string> NamesInSource() {
  const std::regex asks(R"re((?:Query|Parameter)\((?:context\.request,\s*)?"([a-z_]+)")re");
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator("src/http")) {
    if (!file.path().filename().string().ends_with("_routes.cc")) continue;
    std::ifstream in(file.path());
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    for (std::sregex_iterator at(text.begin(), text.end(), asks), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
  }
  return names;
}

TEST(ContractDocument, EveryParameterOfAQueryIsInItAndNoOthersAre) {
  std::set<std::string> documented;
  for (const auto& [name, operation] : Contract::Served().operations()) {
    const json::array* parameters = json::Array(*operation, "parameters");
    if (parameters == nullptr) continue;
    for (const json::value& value : *parameters) {
      const json::object& parameter = value.as_object();
      if (json::String(parameter, "in") != "query") continue;
      documented.emplace(*json::String(parameter, "name"));
    }
  }
  EXPECT_GT(documented.size(), 5u);
  EXPECT_EQ(NamesInSource(), documented);
}

TEST_F(ContractOf, BodiesHaveTheMembersThatAreInItAndNoOthers) {
  int compared = 0;
  for (const Route& route : Routes()) {
    if (!IsOfTheContract(route) || route.permission == Permission::kUnset) continue;
    const json::object* members = Contract::Served().BodyMembers(NameOf(route));
    if (members == nullptr) continue;
    ++compared;
    std::set<std::string> documented;
    for (const auto& [name, schema] : *members) documented.emplace(name);
    auto said = Said(route, *members);
    const std::string unknown = said["of no contract"];
    EXPECT_EQ(unknown, fmt::format("there is no such member here; there are {}",
                                   fmt::join(documented, ", ")))
        << NameOf(route);
    for (const std::string& name : documented) {
      EXPECT_EQ(said[name].substr(0, 10), "it must be") << NameOf(route) << " " << name;
    }
  }
  EXPECT_GT(compared, 10);
}

TEST_F(ContractOf, ParametersThatAreInItAreLookedAt) {
  int compared = 0;
  for (const auto& [name, operation] : Contract::Served().operations()) {
    const json::array* parameters = json::Array(*operation, "parameters");
    if (parameters == nullptr || name.find("{run}") != std::string::npos) continue;
    for (const json::value& value : *parameters) {
      const json::object& parameter = value.as_object();
      if (json::String(parameter, "in") != "query") continue;
      const json::object& schema = Contract::Served().Resolved(parameter.at("schema").as_object());
      const bool free = json::String(schema, "type") == "string" && !schema.contains("format") &&
                        !schema.contains("enum");
      if (free) continue;
      ++compared;
      const std::size_t space = name.find(' ');
      const std::string query = std::string(*json::String(parameter, "name")) + "=garbage";
      EXPECT_EQ(Call(name.substr(0, space), Target(name.substr(space + 1)) + "?" + query).status,
                422)
          << name << " " << query;
    }
  }
  EXPECT_GT(compared, 10);
}

TEST_F(ContractOf, ItIsForThisMachineAndForWhoeverIsSignedIn) {
  const Answer here = CallAs("", "GET", "/api/v2/openapi.json");
  ASSERT_EQ(here.status, 200);
  EXPECT_EQ(here.Text("openapi"), "3.1.0");
  const Headers elsewhere = {{"X-Forwarded-For", "192.0.2.1"}};
  EXPECT_EQ(CallAs("", "GET", "/api/v2/openapi.json", "", elsewhere).status, 401);
  EXPECT_EQ(CallAs("garbage", "GET", "/api/v2/openapi.json", "", elsewhere).status, 401);
  EXPECT_EQ(Call("GET", "/api/v2/openapi.json", "", elsewhere).status, 200);
  const Headers known = {{"If-None-Match", here.headers.at("etag")}};
  EXPECT_EQ(Call("GET", "/api/v2/openapi.json", "", known).status, 304);
}

// When the whole program ran, a good answer of every operation was held to the contract.
class NothingUnseen final : public testing::Environment {
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*") return;
    for (const std::string& name : Contract::Served().Unseen()) {
      ADD_FAILURE() << name << " was never answered well in any test";
    }
  }
};
[[maybe_unused]] const auto* const kNothingUnseen =
    testing::AddGlobalTestEnvironment(new NothingUnseen);

}  // namespace
}  // namespace gophercron::http
