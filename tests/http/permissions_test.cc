// Every route × everybody who may come. What may not be known about is the same as what is not
// there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/router.h"
#include "world.h"

namespace gophercron::http {
namespace {

class Permissions : public World {
 protected:
  struct Place {
    std::string project;
    std::string task;
    std::string run;
  };

  static std::string Fill(std::string_view pattern, const Place& place) {
    std::string path(pattern);
    const auto put = [&](std::string_view name, const std::string& value) {
      if (const auto at = path.find(name); at != std::string::npos)
        path.replace(at, name.size(), value);
    };
    put("{project}", place.project);
    put("{task}", place.task);
    put("{run}", place.run);
    put("{token}", "absent");
    put("{account}", "absent");
    return path;
  }

  static bool IsStream(std::string_view pattern) {
    return pattern.ends_with("/stream") || pattern.ends_with("/events");
  }

  Place NewPlace(const std::string& name) {
    const task::ProjectId project = NewProject(name);
    Place place{.project = std::to_string(project), .task = NewTask(project, name), .run = ""};
    task::LedgerRecord record;
    record.run.emplace();
    record.run->run_id = "01run" + name;
    record.run->task = {project, place.task};
    record.run->outcome = task::Outcome::kSucceeded;
    record.run->ended_at = ports().clock.Now();
    EXPECT_TRUE(ports().store.Record(std::vector{record}).has_value());
    place.run = record.run->run_id;
    return place;
  }

  // The answer without what differs in every answer.
  static std::string Comparable(const Answer& answer) {
    json::object problem = answer.Json();
    problem.erase("request_id");
    return fmt::format("{} {}", answer.status, json::serialize(problem));
  }
};

TEST_F(Permissions, NobodyGetsNothingButPublicRoutes) {
  const Place place = NewPlace("own");
  for (const Route& route : Routes()) {
    const std::string path = Fill(route.pattern, place);
    const Answer answer = CallAs("", route.method, path, route.method == "GET" ? "" : "{}");
    if (route.permission == Permission::kPublic) {
      EXPECT_NE(answer.status, 403) << route.pattern;
      continue;
    }
    EXPECT_EQ(answer.status, 401) << route.method << " " << route.pattern;
    for (const std::string_view token :
         {"garbage", "a.b.c", "gct_0000", "eyJhbGciOiJub25lIn0.eyJzdWIiOjF9."}) {
      EXPECT_EQ(CallAs(token, route.method, path).status, 401) << route.pattern << " " << token;
    }
  }
}

TEST_F(Permissions, ForeignAndAbsentLookTheSame) {
  const Place foreign = NewPlace("foreign");
  const std::string stranger = NewUser("stranger");
  int compared = 0;
  for (const Route& route : Routes()) {
    const bool about_project = route.pattern.find("{project}") != std::string_view::npos;
    const bool about_run = route.pattern.find("{run}") != std::string_view::npos;
    if (!about_project && !about_run) continue;
    ++compared;
    const std::string body = route.method == "GET" || route.method == "DELETE" ? "" : "{}";
    const Answer theirs = CallAs(stranger, route.method, Fill(route.pattern, foreign), body);
    EXPECT_EQ(theirs.status, 404) << route.method << " " << route.pattern;
    for (const Place& absent :
         {Place{"999999", foreign.task, "01runabsent"}, Place{"-1", "x", "01runabsent"},
          Place{"99999999999999999999999", "x", "01runabsent"},
          Place{"%5B1%5D", "x", "01runabsent"}}) {
      const Answer none = CallAs(stranger, route.method, Fill(route.pattern, absent), body);
      EXPECT_EQ(Comparable(none), Comparable(theirs)) << route.method << " " << route.pattern;
    }
  }
  EXPECT_GT(compared, 15);
  EXPECT_EQ(CallAs(stranger, "GET", "/api/v2/projects").Json().at("items").as_array().size(), 0u);
  EXPECT_EQ(CallAs(stranger, "GET", "/api/v2/runs").Json().at("items").as_array().size(), 0u);
  AddNode();
  EXPECT_EQ(CallAs(stranger, "GET", "/api/v2/nodes").Json().at("items").as_array().size(), 0u);
  for (const std::string_view path : {"/api/v2/runs", "/api/v2/events"}) {
    EXPECT_EQ(
        Comparable(CallAs(stranger, "GET", fmt::format("{}?project={}", path, foreign.project))),
        Comparable(CallAs(stranger, "GET", fmt::format("{}?project=999999", path))));
  }
}

TEST_F(Permissions, EachRoleMayWhatItsRouteDeclares) {
  const Place place = NewPlace("own");
  const task::ProjectId project = std::stoll(place.project);
  struct Who {
    std::string token;
    storage::Role role;
  };
  std::vector<Who> all;
  for (const auto& [account, role] :
       {std::pair{"viewer", storage::Role::kViewer},
        std::pair{"operator", storage::Role::kOperator},
        std::pair{"editor", storage::Role::kEditor}, std::pair{"owner", storage::Role::kOwner}}) {
    const std::string token = NewUser(account);
    AddMember(project, account, role);
    all.push_back({token, role});
  }
  for (const Route& route : Routes()) {
    const bool about = route.pattern.find("{project}") != std::string_view::npos ||
                       route.pattern.find("{run}") != std::string_view::npos;
    if (!about || IsStream(route.pattern)) continue;
    const int needed = static_cast<int>(route.permission) - static_cast<int>(Permission::kView);
    ASSERT_GE(needed, 0) << route.pattern;
    for (const Who& who : all) {
      // What would remove the place itself is asked for something that is not there.
      Place asked = place;
      if (route.method == "DELETE") asked.task = "absent";
      if (route.method == "DELETE" && route.permission == Permission::kOwn &&
          who.role == storage::Role::kOwner) {
        continue;
      }
      const Answer answer = CallAs(who.token, route.method, Fill(route.pattern, asked),
                                   route.method == "GET" || route.method == "DELETE" ? "" : "{}");
      const bool may = static_cast<int>(who.role) >= needed;
      EXPECT_EQ(answer.status == 403, !may)
          << route.method << " " << route.pattern << " " << static_cast<int>(who.role) << " "
          << answer.status << " " << answer.body;
      EXPECT_NE(answer.status, 500);
    }
  }
}

TEST_F(Permissions, AdministratorsRoutesAreTheirs) {
  const std::string user = NewUser("user");
  // A permission that only contains the word.
  const std::string almost = NewUser("almost", "administrators,not-admin");
  for (const std::string& token : {user, almost}) {
    EXPECT_EQ(CallAs(token, "POST", "/api/v2/users/admin/reset-password", "{}").status, 403);
  }
  EXPECT_EQ(Call("POST", "/api/v2/users/user/reset-password", "{}").status, 200);
  EXPECT_EQ(CallAs(user, "GET", "/api/v2/session").status, 401) << "a reset ends its sessions";
}

TEST(RoutesDeathTest, ARouteWithoutPermissionDoesNotStart) {
  const Route routes[] = {{"GET", "/x", Permission::kUnset, Routes().front().handler, false}};
  service::Services* none = nullptr;
  EXPECT_DEATH(Router(routes, *none, {}), "permission");
}

}  // namespace
}  // namespace gophercron::http
