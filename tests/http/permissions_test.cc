// Every route × everybody who may come × what is theirs, what is not, what is not there and what
// can not be. The routes are those of the program's own table, so a new one is in the matrix by
// itself. What may not be known about looks, byte for byte, like what is not there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "http/router.h"
#include "http/v1/envelope.h"
#include "world.h"

namespace gophercron::http {
namespace {

// What permissions can make of a request.
enum class Fate { kStranger, kForbidden, kNotThere, kUnreadable, kThrough };

enum class Of { kOwn, kForeign, kAbsent, kMalformed };

std::ostream& operator<<(std::ostream& out, Fate fate) {
  constexpr std::string_view kNames[] = {"stranger", "forbidden", "not there", "unreadable",
                                         "through"};
  return out << kNames[static_cast<std::size_t>(fate)];
}

struct Place {
  std::string project;
  std::string task;
  std::string run;
};

struct Who {
  std::string name;
  std::string token;                               // empty: nobody is signed in
  std::optional<storage::Role> role = {};          // in the project that is "own"
  std::optional<storage::Role> foreign_role = {};  // in the other
  bool administrator = false;
  bool must_change_password = false;
  bool by_api_token = false;
};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsAboutAProject(const Route& route) {
  const bool by_right =
      route.permission >= Permission::kView && route.permission <= Permission::kOwn;
  // On /api/v1 the project is an argument.
  if (v1::IsV1(route.pattern)) return by_right;
  return Contains(route.pattern, "{project}") || Contains(route.pattern, "{run}");
}

Fate Expected(const Route& route, const Who& who, Of of) {
  if (route.permission == Permission::kPublic) return Fate::kThrough;
  if (route.permission == Permission::kCluster || who.token.empty()) return Fate::kStranger;
  if (who.must_change_password && route.permission != Permission::kSignedIn) {
    return Fate::kForbidden;
  }
  if (route.permission == Permission::kAdministrator) {
    return who.administrator ? Fate::kThrough : Fate::kForbidden;
  }
  if (route.permission == Permission::kInPerson) {
    return who.by_api_token ? Fate::kForbidden : Fate::kThrough;
  }
  if (route.permission == Permission::kAdministratorInPerson) {
    return who.administrator && !who.by_api_token ? Fate::kThrough : Fate::kForbidden;
  }
  if (!IsAboutAProject(route)) return Fate::kThrough;
  if (v1::IsV1(route.pattern) && of == Of::kMalformed) return Fate::kUnreadable;
  if (of == Of::kAbsent || of == Of::kMalformed) return Fate::kNotThere;
  if (who.administrator) return Fate::kThrough;
  const auto role = of == Of::kOwn ? who.role : who.foreign_role;
  if (!role) return Fate::kNotThere;
  const int needed = static_cast<int>(route.permission) - static_cast<int>(Permission::kView);
  return static_cast<int>(*role) >= needed ? Fate::kThrough : Fate::kForbidden;
}

class Permissions : public World {
 protected:
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

  void SetUp() override {
    World::SetUp();
    own_ = NewPlace("own");
    foreign_ = NewPlace("foreign");
  }

  std::vector<Who> Everybody() {
    std::vector<Who> all = {{.name = "nobody", .token = ""}};
    for (const storage::Role role : {storage::Role::kViewer, storage::Role::kOperator,
                                     storage::Role::kEditor, storage::Role::kOwner}) {
      const std::string name(storage::Name(role));
      all.push_back({.name = name, .token = NewUser(name), .role = role});
      AddMember(std::stoll(own_.project), name, role);
    }
    all.push_back({.name = "member of another project",
                   .token = NewUser("other"),
                   .foreign_role = storage::Role::kOwner});
    AddMember(std::stoll(foreign_.project), "other", storage::Role::kOwner);
    all.push_back({.name = "administrator", .token = admin_, .administrator = true});
    NewUser("fresh");
    AddMember(std::stoll(own_.project), "fresh", storage::Role::kOwner);
    const std::string code = Call("POST", "/api/v2/users/fresh/reset-password", "{}").Text("code");
    const Answer session =
        CallAs("", "POST", "/api/v2/session/redeem", fmt::format(R"({{"code":"{}"}})", code));
    all.push_back({.name = "must change the password",
                   .token = session.Text("token"),
                   .role = storage::Role::kOwner,
                   .must_change_password = true});
    const auto add_token = [&](std::string name, std::string_view owner, std::string_view scope) {
      const Answer made = CallAs(owner, "POST", "/api/v2/session/tokens",
                                 fmt::format(R"({{"name":"x"{}}})", scope));
      EXPECT_EQ(made.status, 201) << made.body;
      all.push_back({.name = std::move(name), .token = made.Text("token"), .by_api_token = true});
      return &all.back();
    };
    add_token("administrator's token", admin_, "")->administrator = true;
    Who* one = add_token("administrator's token for operators", admin_, R"(,"role":"operator")");
    one->role = one->foreign_role = storage::Role::kOperator;
    one = add_token("administrator's token for operators of the other project", admin_,
                    fmt::format(R"(,"role":"operator","projects":[{}])", foreign_.project));
    one->foreign_role = storage::Role::kOperator;
    const auto owner = std::ranges::find(all, "owner", &Who::name);
    one = add_token("owner's token for viewers", std::string(owner->token),
                    fmt::format(R"(,"role":"viewer","projects":[{}])", own_.project));
    one->role = storage::Role::kViewer;
    return all;
  }

  Place PlaceOf(Of of) const {
    switch (of) {
      case Of::kOwn:
        return own_;
      case Of::kForeign:
        return foreign_;
      case Of::kAbsent:
        return {.project = "999999", .task = own_.task, .run = "01runabsent"};
      case Of::kMalformed:
        return {.project = "%5B1%5D", .task = "x", .run = "%5B%20%5D"};
    }
    return {};
  }

  // Asks for the route at this place; on /api/v1 with it as arguments.
  Answer Ask(const Route& route, const Who& who, const Place& place) {
    std::string path(route.pattern);
    for (const auto& [name, value] :
         {std::pair<std::string_view, std::string>{"{project}", place.project},
          {"{task}", place.task},
          {"{run}", place.run},
          {"{token}", "absent"},
          {"{account}", "absent"},
          {"{node}", "absent"},
          {"{file...}", "index.html"}}) {
      if (const auto at = path.find(name); at != std::string::npos)
        path.replace(at, name.size(), value);
    }
    const bool bodiless = route.method == "GET" || route.method == "DELETE";
    if (!v1::IsV1(route.pattern)) {
      return CallAs(who.token, route.method, path, bodiless ? "" : "{}");
    }
    const Headers headers = {{"Access-Token", who.token}};
    if (bodiless) {
      path += fmt::format("?project_id={}&task_id={}", place.project, place.task);
      return CallAs("", route.method, path, "", headers);
    }
    const bool number = place.project.find_first_not_of("0123456789") == std::string::npos;
    return CallAs("", route.method, path,
                  fmt::format(R"({{"project_id":{},"task_id":"{}"}})",
                              number ? place.project : "[1]", place.task),
                  headers);
  }

  static Fate FateOf(const Route& route, const Answer& answer) {
    if (answer.status == 401) return Fate::kStranger;
    if (v1::IsV1(route.pattern)) {
      const json::object whole = answer.Json();
      const json::object* meta = json::Object(whole, "meta");
      const auto code = meta == nullptr ? std::nullopt : json::Int(*meta, "code");
      if (code == v1::kNotPermitted) return Fate::kForbidden;
      if (code == v1::kNoSuchProject) return Fate::kNotThere;
      const bool of_the_project = Contains(answer.body, "project_id: ");
      return code == 400 && of_the_project ? Fate::kUnreadable : Fate::kThrough;
    }
    if (answer.status == 403) return Fate::kForbidden;
    const std::string detail = answer.status == 404 ? answer.Text("detail") : "";
    const bool not_there = Contains(detail, "no such project") || Contains(detail, "no such run");
    return not_there ? Fate::kNotThere : Fate::kThrough;
  }

  // Whether a request that gets through takes the place away from those who come later.
  static bool Destroys(const Route& route) {
    constexpr std::string_view kDestroying[] = {
        "DELETE /api/v2/projects/{project}/tasks/{task}", "POST /api/v1/project/delete",
        "POST /api/v1/crontab/delete", "POST /api/v1/log/clean"};
    return std::ranges::find(kDestroying, fmt::format("{} {}", route.method, route.pattern)) !=
           std::end(kDestroying);
  }

  // The whole answer, without what differs in every one: the time, the request's id, and on /api/v1
  // the address, which the asker knows.
  static std::string Comparable(const Answer& answer) {
    std::string text = std::to_string(answer.status);
    for (const auto& [name, value] : answer.headers) {
      if (name != "date" && name != "x-request-id" && name != "content-length")
        text += fmt::format("\n{}: {}", name, value);
    }
    text += "\n\n" + answer.body;
    const auto cut = [&](std::string_view begin, std::string_view end) {
      const std::size_t at = text.find(begin);
      if (at == std::string::npos) return;
      text.erase(at, text.find(end, at + begin.size()) - at);
    };
    cut(R"("request_id":")", R"(")");
    cut(R"("request_uri":")", R"(")");
    return text;
  }

  void Look(const Route& route, const Who& who) {
    std::optional<std::string> not_there;
    for (const Of of : {Of::kOwn, Of::kForeign, Of::kAbsent, Of::kMalformed}) {
      if (of != Of::kOwn && !IsAboutAProject(route)) break;
      const Fate expected = Expected(route, who, of);
      Place place = PlaceOf(of);
      if (expected == Fate::kThrough && IsAboutAProject(route) && Destroys(route)) {
        place = NewPlace(fmt::format("for one{}", ++places_));
        for (const Who& each : everybody_) {
          const auto role = of == Of::kOwn ? each.role : each.foreign_role;
          if (&each == &who && role) {
            AddMember(std::stoll(place.project), of == Of::kOwn ? each.name : "other", *role);
          }
        }
      }
      const Answer answer = Ask(route, who, place);
      ++asked_;
      EXPECT_EQ(FateOf(route, answer), expected)
          << route.method << " " << route.pattern << " by " << who.name << " of "
          << static_cast<int>(of) << ": " << answer.status << " " << answer.body;
      EXPECT_NE(answer.status, 500) << route.pattern;
      if (expected != Fate::kNotThere) continue;
      const std::string seen = Comparable(answer);
      EXPECT_EQ(not_there.value_or(seen), seen)
          << route.method << " " << route.pattern << " by " << who.name;
      not_there = seen;
    }
  }

  Place own_;
  Place foreign_;
  std::vector<Who> everybody_;
  int asked_ = 0;
  int places_ = 0;
};

TEST_F(Permissions, EveryRouteLetsThroughWhomItDeclaresAndNobodyElse) {
  everybody_ = Everybody();
  for (const Who& who : everybody_) {
    const Route* sign_out = nullptr;
    for (const Route& route : Routes()) {
      if (route.method == "DELETE" && route.pattern == "/api/v2/session") {
        sign_out = &route;
      } else {
        Look(route, who);
      }
    }
    ASSERT_NE(sign_out, nullptr);
    // It would end what the others of the table are asked with.
    if (!who.administrator || who.by_api_token) Look(*sign_out, who);
  }
  const auto about = std::ranges::count_if(Routes(), IsAboutAProject);
  EXPECT_EQ(asked_, static_cast<int>(everybody_.size() *
                                     (Routes().size() + 3 * static_cast<std::size_t>(about))) -
                        1);
  EXPECT_GT(about, 30);
}

TEST_F(Permissions, ForgedTokensAreNobodys) {
  for (const Route& route : Routes()) {
    if (route.permission == Permission::kPublic) continue;
    for (const std::string_view token :
         {"garbage", "gct_0000", "eyJhbGciOiJub25lIn0.eyJzdWIiOjF9."}) {
      const Who forger{.name = "forger", .token = std::string(token)};
      EXPECT_EQ(Ask(route, forger, own_).status, 401) << route.pattern << " " << token;
    }
  }
}

TEST_F(Permissions, ListsHaveNothingOfProjectsThatAreNotOnes) {
  const std::string stranger = NewUser("stranger");
  AddNode();
  for (const std::string_view path : {"/api/v2/projects", "/api/v2/runs", "/api/v2/nodes"}) {
    EXPECT_EQ(CallAs(stranger, "GET", path).Json().at("items").as_array().size(), 0u) << path;
  }
  for (const std::string_view path : {"/api/v2/runs", "/api/v2/events"}) {
    const auto ask = [&](std::string_view project) {
      return Comparable(CallAs(stranger, "GET", fmt::format("{}?project={}", path, project)));
    };
    EXPECT_EQ(ask(foreign_.project), ask("999999")) << path;
  }
}

TEST_F(Permissions, ATokenNeverGivesMoreThanItsOwnerHas) {
  const std::string viewer = NewUser("vera");
  AddMember(std::stoll(own_.project), "vera", storage::Role::kViewer);
  const std::string run = fmt::format("/api/v2/projects/{}/tasks/{}/runs", own_.project, own_.task);
  const std::string token =
      CallAs(viewer, "POST", "/api/v2/session/tokens", R"({"name":"x","role":"owner"})")
          .Text("token");
  EXPECT_EQ(CallAs(token, "POST", run, "{}").status, 403);
  EXPECT_EQ(CallAs(viewer, "POST", "/api/v2/session/tokens",
                   fmt::format(R"({{"name":"x","projects":[{}]}})", foreign_.project))
                .status,
            422);
  EXPECT_EQ(
      CallAs(viewer, "POST", "/api/v2/session/tokens", R"({"name":"x","projects":[]})").status, 422)
      << "none is not all";
  AddMember(std::stoll(own_.project), "vera", storage::Role::kOperator);
  EXPECT_NE(CallAs(token, "POST", run, "{}").status, 403) << "it follows its owner";
}

TEST_F(Permissions, ListsHaveOnlyWhatATokenIsGoodFor) {
  const std::string token = Call("POST", "/api/v2/session/tokens",
                                 fmt::format(R"({{"name":"x","projects":[{}]}})", foreign_.project))
                                .Text("token");
  const json::object projects = CallAs(token, "GET", "/api/v2/projects").Json();
  ASSERT_EQ(projects.at("items").as_array().size(), 1u);
  EXPECT_EQ(projects.at("items").as_array()[0].at("title"), "foreign");
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/runs").Json().at("items").as_array().size(), 1u);
  EXPECT_EQ(CallAs(token, "POST", "/api/v2/projects", R"({"title":"more"})").status, 403);
  EXPECT_FALSE(json::Bool(CallAs(token, "GET", "/api/v2/session").Json(), "administrator").value());
}

TEST_F(Permissions, AnApiTokenMakesAndTakesNoWaysIn) {
  const std::string before = NewUser("ann");
  const std::string token =
      CallAs(before, "POST", "/api/v2/session/tokens", R"({"name":"x"})").Text("token");
  const auto refused = [&](std::string_view method, std::string_view path, std::string_view body) {
    EXPECT_EQ(CallAs(token, method, path, body).status, 403) << method << " " << path;
  };
  refused("POST", "/api/v2/session/tokens", R"({"name":"y"})");
  refused("DELETE", "/api/v2/session?all=true", "");
  refused("PUT", "/api/v2/session/password", R"({"password":"x","new_password":"correct horse"})");
  EXPECT_EQ(CallAs(before, "GET", "/api/v2/session").status, 200);
}

TEST_F(Permissions, OneAdministratorStays) {
  NewUser("second");
  const auto set = [&](std::string_view account, bool administrator) {
    return Call("PATCH", fmt::format("/api/v2/users/{}", account),
                fmt::format(R"({{"administrator":{}}})", administrator));
  };
  EXPECT_EQ(set("admin", false).status, 409);
  EXPECT_EQ(Call("DELETE", "/api/v2/users/admin").status, 409);
  EXPECT_EQ(set("second", true).status, 200);
  const Answer seen = Call("GET", "/api/v2/users/second");
  EXPECT_EQ(json::Bool(seen.Json(), "administrator"), true);
  const std::string tag = seen.headers.at("etag");
  EXPECT_EQ(set("second", false).status, 200);
  EXPECT_EQ(Call("PATCH", "/api/v2/users/second", R"({"name":"Sec"})", {{"If-Match", tag}}).status,
            412);
  EXPECT_EQ(Call("GET", "/api/v2/users/second").Text("name"), "second");
}

TEST_F(Permissions, AdministratorsAreNamedExactly) {
  // A permission that only contains the word.
  const std::string almost = NewUser("almost", "administrators,not-admin");
  EXPECT_EQ(CallAs(almost, "POST", "/api/v2/users/admin/reset-password", "{}").status, 403);
  const std::string user = NewUser("user");
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
