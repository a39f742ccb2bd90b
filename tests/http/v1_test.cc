// GopherCron v1's API beyond what was recorded: parameters, who may what, what became of its holes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/id.h"
#include "coordination/claim.h"
#include "http/router.h"
#include "v1_world.h"

namespace gophercron::http {
namespace {

class V1Api : public V1World {
 protected:
  static constexpr std::string_view kForm = "application/x-www-form-urlencoded";

  std::string NewV1Task(task::ProjectId project, std::string_view more = "") {
    const V1Answer saved =
        Post("/api/v1/crontab/save",
             fmt::format("project_id={}&task_id=mine&name=t&command=true&cron=%40daily{}", project,
                         more));
    EXPECT_EQ(saved.code, 0) << saved.body;
    return "mine";
  }

  json::object Task(task::ProjectId project, std::string_view task) {
    const V1Answer list = Get(fmt::format("/api/v1/crontab/list?project_id={}", project));
    for (const json::value& item : list.List()) {
      if (item.at("task_id").as_string() == task) return item.as_object();
    }
    return {};
  }

  void Record(task::ProjectId project, const std::string& task, int number, task::Outcome outcome,
              const std::string& output = "") {
    task::LedgerRecord record;
    record.run.emplace();
    const Instant at = ports().clock.Now() - seconds(100 - number);
    record.run->run_id = NewId(at, ports().random);
    record.run->task = {project, task};
    record.run->task_name = "t";
    record.run->command = "true";
    record.run->node_address = "192.0.2.2";
    record.run->claimed_at = at;
    record.run->started_at = at;
    record.run->ended_at = at + seconds(1);
    record.run->outcome = outcome;
    if (outcome == task::Outcome::kFailed) record.run->exit_code = 3;
    record.run->output_bytes = static_cast<std::int64_t>(output.size());
    record.output.head = output;
    ASSERT_TRUE(ports().store.Record(std::vector{record}).has_value());
  }
};

TEST_F(V1Api, ArgumentsComeFromQueryFormAndJson) {
  const std::string create = "/api/v1/project/create";
  EXPECT_EQ(Ask(admin_token_, "POST", create + "?title=a", "", "").code, 0) << "query alone";
  EXPECT_EQ(Ask(admin_token_, "POST", create + "?title=a", "title=b", kForm).code, 0)
      << "the body's value counts";
  EXPECT_EQ(Ask(admin_token_, "POST", create, "title=c&title=a", kForm).code, 0)
      << "the first of a name counts";
  EXPECT_EQ(Ask(admin_token_, "POST", create, R"({"Title":"d"})", "application/json; x=y").code, 0);
  EXPECT_EQ(Ask(admin_token_, "POST", create,
                "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ne\r\n--x--\r\n",
                "multipart/form-data; boundary=x")
                .code,
            0);
  EXPECT_EQ(Ask(admin_token_, "POST", create, R"({"title":1})", "application/json").status, 400);
  EXPECT_EQ(Ask(admin_token_, "POST", create, "{", "application/json").status, 400);
  EXPECT_EQ(Ask(admin_token_, "POST", create, "--x", "multipart/form-data; boundary=x").status,
            400);
  std::string titles;
  for (const json::value& item : Get("/api/v1/project/list").List()) {
    titles += item.at("title").as_string();
  }
  EXPECT_EQ(titles, "abcde");
  for (const std::string_view id : {"abc", "1.5", "", "0", "99999999999999999999", "%2B-1", "+1"}) {
    const V1Answer bad = Get(fmt::format("/api/v1/crontab/list?project_id={}", id));
    EXPECT_EQ(bad.status, 400) << id;
    EXPECT_EQ(bad.code, 400) << id;
  }
  EXPECT_EQ(Get("/api/v1/crontab/list?project_id=%2B1").code, 0) << "a sign is allowed";
  EXPECT_EQ(Ask(admin_token_, "POST", "/api/v1/crontab/execute",
                R"({"projectId":"1","task_id":"x"})", "application/json")
                .status,
            400)
      << "a text is no number";
}

TEST_F(V1Api, UnknownRoutesAndPreflights) {
  EXPECT_EQ(Get("/api/v1/nope").code, 404);
  EXPECT_EQ(Ask("", "POST", "/api/v1/version").code, 405);
  const V1Answer moved = Ask("", "GET", "/api/v1/version/?x=1");
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(Ask("", "POST", "/api/v1/user/login/", "account=a").status, 307);
  Connection connection(server().port());
  connection.Send("OPTIONS /api/v1/user/info HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\n\r\n");
  const Answer preflight = connection.Receive();
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.headers.at("access-control-allow-origin"), "*");
  EXPECT_NE(preflight.headers.at("access-control-allow-headers").find("access-token"),
            std::string::npos);
  EXPECT_FALSE(preflight.headers.contains("access-control-allow-credentials"));
  EXPECT_FALSE(Call("GET", "/api/v2/projects").headers.contains("access-control-allow-origin"));
}

TEST_F(V1Api, NeitherCookieNorBearerIsATokenHere) {
  Connection connection(server().port());
  connection.Send(
      fmt::format("GET /api/v1/user/info HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Gophercron: 1\r\nCookie: "
                  "gophercron_session={0}\r\nAuthorization: Bearer {0}\r\n\r\n",
                  admin_token_));
  EXPECT_EQ(connection.Receive().status, 401);
  EXPECT_EQ(Get("/api/v1/user/info").code, 0);
}

// Every route that is about a project, for each role, and for somebody else's project.
TEST_F(V1Api, RolesMayWhatTheirRoutesDeclareAndForeignIsAbsent) {
  const task::ProjectId project = NewProject("own");
  NewV1Task(project);
  AddNode();
  std::vector<std::pair<std::string, storage::Role>> all;
  for (const auto& [account, role] :
       {std::pair{"viewer", storage::Role::kViewer},
        std::pair{"operator", storage::Role::kOperator},
        std::pair{"editor", storage::Role::kEditor}, std::pair{"owner", storage::Role::kOwner}}) {
    all.emplace_back(NewUser(account), role);
    AddMember(project, account, role);
  }
  const std::string stranger = NewUser("stranger");
  int checked = 0;
  for (const Route& route : Routes()) {
    if (!route.pattern.starts_with("/api/v1/") || route.permission < Permission::kView ||
        route.permission > Permission::kOwn) {
      continue;
    }
    ++checked;
    // Asks for nothing that could be done: what else is needed is missing or names nobody.
    const auto ask = [&](const std::string& token, std::string_view id) {
      const std::string form = fmt::format("project_id={}&task_id=absent", id);
      return route.method == "GET" ? Ask(token, "GET", fmt::format("{}?{}", route.pattern, form))
                                   : Ask(token, "POST", route.pattern, form);
    };
    const std::string own = std::to_string(project);
    const int needed = static_cast<int>(route.permission) - static_cast<int>(Permission::kView);
    for (const auto& [token, role] : all) {
      // What would remove the place itself, or empty it.
      if (route.pattern.ends_with("/project/delete") && role == storage::Role::kOwner) continue;
      const bool may = static_cast<int>(role) >= needed;
      const V1Answer answer = ask(token, own);
      EXPECT_EQ(answer.code == 10014, !may) << route.pattern << " " << static_cast<int>(role);
      EXPECT_NE(answer.status, 401) << route.pattern;
    }
    const V1Answer foreign = ask(stranger, own);
    EXPECT_EQ(foreign.code, 10012) << route.pattern;
    EXPECT_EQ(foreign.status, 200) << route.pattern;
    for (const std::string_view absent : {"999999", "-1", "9223372036854775807"}) {
      const V1Answer none = ask(stranger, absent);
      EXPECT_EQ(none.code, 10012) << route.pattern << " " << absent;
      EXPECT_EQ(none.body.size() > 0, true);
    }
    EXPECT_EQ(ask("", own).status, 401) << route.pattern;
    EXPECT_EQ(ask(stranger, "").status, 400) << route.pattern;
  }
  EXPECT_EQ(checked, 14);
  EXPECT_EQ(Ask(stranger, "GET", "/api/v1/user/list?page=1&pagesize=5").code, 10014);
  EXPECT_EQ(Ask(stranger, "GET", "/api/v1/client/list").body.find("192."), std::string::npos);
  EXPECT_TRUE(Ask(stranger, "GET", "/api/v1/client/list").response.is_null());
}

TEST_F(V1Api, ADefaultPasswordLetsNobodyDoAnythingButChangeIt) {
  auto user = ports().store.UserByAccount("admin");
  ASSERT_TRUE(user.has_value());
  const auto oblige = [](storage::User& edited) -> Status {
    edited.must_change_password = true;
    return {};
  };
  ASSERT_TRUE(ports().store.EditUser(user->id, oblige, nullptr).has_value());
  const std::string token = SignIn("admin", kPassword);
  ASSERT_FALSE(token.empty());
  for (const Route& route : Routes()) {
    if (!route.pattern.starts_with("/api/v1/")) continue;
    const V1Answer answer = route.method == "GET" ? Ask(token, "GET", std::string(route.pattern))
                                                  : Ask(token, "POST", route.pattern, "");
    const bool open =
        route.permission == Permission::kPublic || route.permission == Permission::kSignedIn;
    EXPECT_EQ(answer.code == 10014, !open) << route.pattern << answer.body;
    EXPECT_NE(answer.status, 401) << route.pattern;
  }
  EXPECT_EQ(Ask(token, "GET", "/api/v1/user/info").code, 0);
  EXPECT_EQ(Ask(token, "POST", "/api/v1/user/change_password",
                fmt::format("password={}&new_password=123456", kPassword))
                .status,
            400);
  const V1Answer changed = Ask(token, "POST", "/api/v1/user/change_password",
                               fmt::format("password={}&new_password=one+of+my+own", kPassword));
  ASSERT_EQ(changed.code, 0) << changed.body;
  EXPECT_EQ(Ask(token, "GET", "/api/v1/user/info").status, 401) << "the old session is over";
  const std::string fresh(json::String(changed.Object(), "token").value_or(""));
  EXPECT_EQ(Ask(fresh, "GET", "/api/v1/project/list").code, 0);
}

TEST_F(V1Api, SavingKeepsWhatV1DoesNotKnow) {
  const task::ProjectId project = NewProject("p");
  NewV1Task(project, "&exclusion=2&status=1");
  const std::string path = fmt::format("/api/v2/projects/{}/tasks/mine", project);
  ASSERT_EQ(Call("PATCH", path, R"({"overlap":"allow","argv":["/bin/echo","a b"]})").status, 200);
  const json::object shown = Task(project, "mine");
  EXPECT_EQ(shown.at("command").as_string(), "/bin/echo 'a b'");
  const auto save = [&](std::string_view command, std::string_view more) {
    return Post(
        "/api/v1/crontab/save",
        fmt::format("project_id={}&task_id=mine&name=t2&command={}&cron=%40daily&status=0{}",
                    project, command, more));
  };
  const V1Answer previous = save("/bin/echo+%27a+b%27", "");
  ASSERT_EQ(previous.code, 0) << previous.body;
  EXPECT_EQ(previous.Object().at("name").as_string(), "t") << "the previous definition comes back";
  const json::object kept = Call("GET", path).Json();
  EXPECT_EQ(kept.at("overlap").as_string(), "allow");
  EXPECT_EQ(kept.at("argv").as_array().size(), 2u);
  EXPECT_EQ(kept.at("enabled").as_bool(), false);
  EXPECT_EQ(Task(project, "mine").at("exclusion").as_int64(), 2);
  ASSERT_EQ(save("true", "&exclusion=0").code, 0);
  EXPECT_EQ(Call("GET", path).Json().at("command").as_string(), "true");
  EXPECT_EQ(Task(project, "mine").at("exclusion").as_int64(), 0);
  EXPECT_EQ(
      Post("/api/v1/crontab/save",
           fmt::format("project_id={}&task_id=a/t_status&name=n&command=c&cron=%40daily", project))
          .status,
      400)
      << "an id can not name another key";
}

TEST_F(V1Api, KillEndsWhatRunsAndPauses) {
  const task::ProjectId project = NewProject("p");
  NewV1Task(project, "&status=1");
  EXPECT_EQ(
      Post("/api/v1/crontab/execute", fmt::format("project_id={}&task_id=mine", project)).code,
      10018);
  AddNode();
  const V1Answer run =
      Post("/api/v1/crontab/execute", fmt::format("project_id={}&task_id=mine", project));
  ASSERT_EQ(run.code, 0) << run.body;
  task::RunRecord live;
  live.run_id = NewId(ports().clock.Now(), ports().random);
  live.task = {project, "mine"};
  live.claimed_at = ports().clock.Now();
  PutLiveRun(live);
  EXPECT_EQ(Task(project, "mine").at("is_running").as_int64(), 1);
  ASSERT_EQ(Post("/api/v1/crontab/kill", fmt::format("project_id={}&task_id=mine", project)).code,
            0);
  EXPECT_EQ(Task(project, "mine").at("status").as_int64(), 0);
  const json::object killed = Call("GET", "/api/v2/runs/" + live.run_id).Json();
  EXPECT_EQ(killed.at("kill_requested").as_bool(), true);
  const std::string waiting(json::String(run.Object(), "run_id").value_or(""));
  EXPECT_EQ(Call("GET", "/api/v2/runs/" + waiting).status, 404) << "what waited is withdrawn";
}

TEST_F(V1Api, LogsAreCountedPagedAndCleaned) {
  const task::ProjectId project = NewProject("p");
  NewV1Task(project);
  for (int i = 0; i < 5; ++i) Record(project, "mine", i, task::Outcome::kSucceeded, "out <1>\n");
  Record(project, "mine", 9, task::Outcome::kFailed);
  const std::string list =
      fmt::format("/api/v1/log/list?project_id={}&task_id=mine&pagesize=2&page=", project);
  const V1Answer first = Get(list + "1");
  ASSERT_EQ(first.code, 0) << first.body;
  EXPECT_EQ(first.Object().at("total").as_int64(), 6);
  const json::array& newest = first.Object().at("list").as_array();
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[0].at("with_error").as_int64(), 1);
  EXPECT_EQ(newest[0].at("client_ip").as_string(), "192.0.2.2");
  EXPECT_EQ(newest[0].at("project").as_string(), "p");
  EXPECT_TRUE(newest[0].at("task_id").is_string());
  EXPECT_EQ(newest[0].at("result").as_string(),
            R"({"result":"","system_error":"exit status 3","error":""})");
  EXPECT_EQ(newest[1].at("result").as_string(),
            "{\"result\":\"out \\u003c1\\u003e\\n\",\"system_error\":\"\",\"error\":\"\"}");
  EXPECT_GT(newest[0].at("id").as_int64(), newest[1].at("id").as_int64());
  EXPECT_EQ(Get(list + "3").Object().at("list").as_array().size(), 2u);
  EXPECT_EQ(Get(list + "4").Object().at("list").as_array().size(), 0u);
  EXPECT_EQ(Get(list + "-1").Object().at("list").as_array().size(), 2u);

  const json::array days = Get("/api/v1/log/recent").response.as_array();
  ASSERT_EQ(days.size(), 7u);
  // Two days, when the clock just passed midnight.
  const auto sum = [&](std::string_view name) {
    return days[5].at(name).as_int64() + days[6].at(name).as_int64();
  };
  EXPECT_EQ(sum("success_count"), 5);
  EXPECT_EQ(sum("error_count"), 1);
  EXPECT_EQ(days[0].at("success_count").as_int64(), 0);

  ASSERT_EQ(Post("/api/v1/log/clean", fmt::format("project_id={}", project)).code, 0);
  EXPECT_EQ(Get(list + "1").Object().at("total").as_int64(), 0);
}

TEST_F(V1Api, TheLastAdministratorAndTheLastOwnerStay) {
  const std::string self = std::to_string(Get("/api/v1/user/info").Object().at("id").as_int64());
  EXPECT_EQ(Post("/api/v1/user/delete", "id=" + self).code, 10014);
  EXPECT_EQ(Post("/api/v1/user/delete", "id=4711").code, 0) << "nobody is gone already";
  const task::ProjectId project = NewProject("p");
  NewUser("ann");
  const std::string add = fmt::format("project_id={}&user_account=", project);
  EXPECT_EQ(Post("/api/v1/project/add_user", add + "ann").code, 0);
  EXPECT_EQ(Post("/api/v1/project/add_user", add + "ann").code, 0);
  EXPECT_EQ(Post("/api/v1/project/add_user", add + "admin").code, 0);
  const auto members = ports().store.ListMembers(project);
  ASSERT_TRUE(members.has_value());
  EXPECT_EQ(members->size(), 2u);
  EXPECT_TRUE(std::ranges::any_of(*members, [](const storage::Member& member) {
    return member.role == storage::Role::kOwner;
  })) << "adding an owner again keeps the role";
  const std::string other = NewUser("root2", "admin");
  EXPECT_EQ(Ask(other, "POST", "/api/v1/project/remove_user",
                fmt::format("project_id={}&user_id={}", project, self))
                .code,
            10017);
  EXPECT_EQ(Post("/api/v1/user/delete", "id=" + self).code, 0) << "there is another one now";
  EXPECT_EQ(Get("/api/v1/user/info").status, 401) << "and its sessions ended";
}

TEST_F(V1Api, MembersHaveRolesOnV2) {
  const task::ProjectId project = NewProject("p");
  const std::string path = fmt::format("/api/v2/projects/{}/members/", project);
  const std::string made = R"({"account":"ann","password":"anns password"})";
  EXPECT_EQ(Call("POST", "/api/v2/users", made).status, 201);
  EXPECT_EQ(Call("POST", "/api/v2/users", made).status, 409);
  EXPECT_EQ(Call("PUT", path + "ann", R"({"role":"king"})").status, 422);
  EXPECT_EQ(Call("PUT", path + "nobody", "{}").status, 404);
  EXPECT_EQ(Call("PUT", path + "ann", R"({"role":"viewer"})").status, 204);
  const std::string ann = SignIn("ann", "anns password");
  const std::string shown = fmt::format("/api/v2/projects/{}/members", project);
  const json::array members = CallAs(ann, "GET", shown).Json().at("items").as_array();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].at("role").as_string(), "viewer");
  EXPECT_EQ(CallAs(ann, "PUT", path + "ann", R"({"role":"owner"})").status, 403);
  EXPECT_EQ(Call("DELETE", path + "admin").status, 409) << "the only owner";
  EXPECT_EQ(Call("PUT", path + "admin", R"({"role":"viewer"})").status, 409);
  EXPECT_EQ(Call("PUT", path + "ann", R"({"role":"owner"})").status, 204);
  EXPECT_EQ(Call("DELETE", path + "admin").status, 204);
  EXPECT_EQ(Call("DELETE", "/api/v2/users/ann").status, 204);
  EXPECT_EQ(CallAs(ann, "GET", "/api/v2/session").status, 401);
  EXPECT_EQ(Call("DELETE", "/api/v2/users/ann").status, 404);
}

TEST_F(V1Api, DeletingAProjectTakesItsTasks) {
  const task::ProjectId project = NewProject("p");
  const task::ProjectId other = NewProject("q");
  NewV1Task(project);
  NewTask(other, "stays");
  Record(project, "mine", 1, task::Outcome::kSucceeded);
  ASSERT_EQ(Post("/api/v1/project/delete", fmt::format("project_id={}", project)).code, 0);
  EXPECT_EQ(Get(fmt::format("/api/v1/crontab/list?project_id={}", project)).code, 10012);
  const json::array left = Get("/api/v1/project/list").Object().at("list").as_array();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].at("task_count").as_int64(), 1);
}

TEST_F(V1Api, UsersAreFoundByPartsOfTheirNames) {
  for (const std::string name : {"ann", "anna", "bob"}) NewUser(name);
  const std::string list = "/api/v1/user/list?page=1&pagesize=2";
  const json::object found = Get(list + "&name=an").Object();
  EXPECT_EQ(found.at("total").as_int64(), 2);
  EXPECT_EQ(Get(list + "&account=ann").Object().at("total").as_int64(), 1);
  EXPECT_EQ(Get(list).Object().at("list").as_array().size(), 2u);
  EXPECT_EQ(Get("/api/v1/user/list?page=2&pagesize=3").Object().at("list").as_array().size(), 1u);
  EXPECT_EQ(Get(list).body.find("argon2"), std::string::npos);
}

}  // namespace
}  // namespace gophercron::http
