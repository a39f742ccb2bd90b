#include <fmt/format.h>
#include <gtest/gtest.h>

#include "coordination/claim.h"
#include "coordination/node_orders.h"
#include "service/housekeeping.h"
#include "service/stale_triggers.h"
#include "world.h"

namespace gophercron::http {
namespace {

class Api : public World {};

TEST_F(Api, HealthIsPublicAndAdminPageHasAStrictPolicy) {
  EXPECT_EQ(CallAs("", "GET", "/healthz").status, 200);
  EXPECT_EQ(CallAs("", "GET", "/readyz").status, 200);
  const Answer page = CallAs("", "GET", "/admin/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-security-policy").find("unsafe"), std::string::npos);
  EXPECT_EQ(page.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.body.find("<script>"), std::string::npos);
}

TEST_F(Api, BodyThatDoesNotSayThatItIsJsonIsOfAnUnsupportedType) {
  Connection connection(server().port());
  const auto post = [&](std::string_view type) {
    connection.Send(fmt::format(
        "POST /api/v2/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
        "{}Content-Length: 13\r\n\r\n{{\"title\":\"a\"}}",
        admin_, type));
    return connection.Receive().status;
  };
  EXPECT_EQ(post(""), 415);
  EXPECT_EQ(post("Content-Type: text/plain\r\n"), 415);
  EXPECT_EQ(post("Content-Type: application/jsonx\r\n"), 415);
  EXPECT_EQ(post("Content-Type: Application/JSON ; charset=utf-8\r\n"), 201);
}

TEST_F(Api, IdempotencyKeyMakesOneTaskAndIsRefusedWhereItCanNot) {
  const task::ProjectId project = NewProject("p");
  const std::string tasks = fmt::format("/api/v2/projects/{}/tasks", project);
  const std::string body = R"({"name":"t","cron":"* * * * *","command":"true"})";
  const Answer first = Call("POST", tasks, body, {{"Idempotency-Key", "one"}});
  ASSERT_EQ(first.status, 201) << first.body;
  const Answer again = Call("POST", tasks, body, {{"Idempotency-Key", "one"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.Text("task_id"), first.Text("task_id"));
  const Answer other = Call("POST", tasks, body, {{"Idempotency-Key", "two"}});
  EXPECT_EQ(other.status, 201);
  EXPECT_NE(other.Text("task_id"), first.Text("task_id"));
  EXPECT_EQ(Call("POST", tasks, body, {{"Idempotency-Key", std::string(257, 'x')}}).status, 400);
  for (const auto& [path, content] : {std::pair{"/api/v2/projects", R"({"title":"x"})"},
                                      std::pair{"/api/v2/session/tokens", R"({"name":"x"})"}}) {
    const Answer refused = Call("POST", path, content, {{"Idempotency-Key", "one"}});
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_NE(refused.Text("detail").find("Idempotency-Key"), std::string::npos);
  }
}

TEST_F(Api, ACrontabIsPlannedLineByLineAndNothingIsMade) {
  const task::ProjectId project = NewProject("p");
  const Answer plan = Call("POST", "/api/v2/crontab/preview",
                           R"({"text":"# nightly\n0 3 * * * backup%in\n@reboot x\nMAILTO=a\n"})");
  ASSERT_EQ(plan.status, 200) << plan.body;
  const json::object said = plan.Json();
  const json::array& lines = said.at("lines").as_array();
  ASSERT_EQ(lines.size(), 3u);
  const json::object task = lines.at(0).at("task").as_object();
  EXPECT_EQ(lines.at(0).at("next").as_array().size(), 3u);
  EXPECT_TRUE(lines.at(1).at("task").is_null());
  EXPECT_NE(lines.at(1).at("problem").as_string(), "");
  EXPECT_TRUE(lines.at(2).at("setting").as_bool());
  const std::string tasks = fmt::format("/api/v2/projects/{}/tasks", project);
  EXPECT_EQ(Call("GET", tasks).Json().at("items").as_array().size(), 0u);
  EXPECT_EQ(Call("POST", tasks, json::serialize(task)).status, 201);
}

TEST_F(Api, NodesAreListedAndOrdered) {
  EXPECT_EQ(Call("POST", "/api/v2/nodes/node/drain").status, 404);
  AddNode();
  const json::object nodes = Call("GET", "/api/v2/nodes").Json();
  ASSERT_EQ(nodes.at("items").as_array().size(), 1u);
  EXPECT_EQ(nodes.at("items").as_array().at(0).at("node_id"), "node");
  const auto drained = [&] {
    const auto orders = coordination::RangeAndWait(
        ports().coordinator, {.begin = ports().keys.NodeOrders("node"), .end = {}});
    return coordination::ParseNodeOrders(orders.value().items.at(0).value).value().drain;
  };
  EXPECT_EQ(Call("POST", "/api/v2/nodes/node/drain").status, 204);
  EXPECT_TRUE(drained());
  EXPECT_EQ(Call("POST", "/api/v2/nodes/node/reload").status, 204);
  EXPECT_EQ(Call("POST", "/api/v2/nodes/node/resume").status, 204);
  EXPECT_FALSE(drained());
}

TEST_F(Api, AccountsAreListedAndFoundByName) {
  NewUser("ann");
  const auto found = [&](const std::string& query) {
    return Call("GET", "/api/v2/users" + query).Json().at("items").as_array().size();
  };
  EXPECT_EQ(found(""), 2u);
  EXPECT_EQ(found("?name=nn"), 1u);
}

TEST_F(Api, MetricsAreForThisMachineOrWithTheirToken) {
  services().SetMetrics({.text = [] { return std::string("up 1\n"); },
                         .content_type = "text/plain; version=0.0.4",
                         .token = "secret"});
  EXPECT_EQ(CallAs("", "GET", "/metrics").body, "up 1\n");
  const Headers elsewhere = {{"X-Forwarded-For", "192.0.2.1"}};
  EXPECT_EQ(CallAs("", "GET", "/metrics", "", elsewhere).status, 401);
  EXPECT_EQ(CallAs("secre", "GET", "/metrics", "", elsewhere).status, 401);
  EXPECT_EQ(CallAs("secret", "GET", "/metrics", "", elsewhere).status, 200);
}

TEST_F(Api, EveryAnswerSaysTheTime) {
  const std::string date = CallAs("", "GET", "/healthz").headers.at("date");
  EXPECT_TRUE(date.ends_with(" GMT")) << date;
}

TEST_F(Api, BrowsersFindAnIcon) {
  EXPECT_EQ(CallAs("", "GET", "/favicon.ico").headers.at("content-type"), "image/svg+xml");
}

TEST_F(Api, FirstSignInByCodeSetsAPasswordAndNothingElse) {
  const std::string redeem = fmt::format(R"({{"code":"{}"}})", code_);
  const Answer first = CallAs("", "POST", "/api/v2/session/redeem", redeem);
  ASSERT_EQ(first.status, 200) << first.body;
  const std::string token = first.Text("token");
  EXPECT_EQ(CallAs("", "POST", "/api/v2/session/redeem", redeem).status, 401)
      << "a code works once";
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/projects").status, 403);
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/session").status, 200);
  EXPECT_EQ(
      CallAs(token, "PUT", "/api/v2/session/password", R"({"new_password":"12345678"})").status,
      422);
  const Answer changed =
      CallAs(token, "PUT", "/api/v2/session/password", R"({"new_password":"a long enough one"})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/session").status, 401) << "the session before is over";
  EXPECT_EQ(CallAs(changed.Text("token"), "GET", "/api/v2/projects").status, 200);
  const Answer login = CallAs("", "POST", "/api/v2/session",
                              R"({"account":"admin","password":"a long enough one"})");
  EXPECT_EQ(login.status, 200);
}

TEST_F(Api, ASignOutEndsOneSessionOrAll) {
  NewUser("ann");
  const auto sign_in = [&] {
    return CallAs("", "POST", "/api/v2/session",
                  R"({"account":"ann","password":"correct horse battery"})")
        .Text("token");
  };
  const auto status = [&](const std::string& token) {
    return CallAs(token, "GET", "/api/v2/session").status;
  };
  const std::string one = sign_in();
  const std::string two = sign_in();
  EXPECT_EQ(CallAs(one, "DELETE", "/api/v2/session?all=perhaps").status, 422);
  EXPECT_EQ(CallAs(one, "DELETE", "/api/v2/session").status, 204);
  EXPECT_EQ(status(one), 401);
  EXPECT_EQ(status(two), 200) << "another session goes on";
  const std::string three = sign_in();
  const std::string program =
      CallAs(three, "POST", "/api/v2/session/tokens", R"({"name":"ci"})").Text("token");
  EXPECT_EQ(CallAs(program, "DELETE", "/api/v2/session").status, 409) << "it is no session";
  EXPECT_EQ(CallAs(two, "DELETE", "/api/v2/session?all=true").status, 204);
  EXPECT_EQ(status(two), 401);
  EXPECT_EQ(status(three), 401);
  EXPECT_EQ(status(program), 200) << "tokens are taken back by name";
}

TEST_F(Api, UnknownAccountAndWrongPasswordAreTheSameAnswer) {
  NewUser("ann");
  Answer unknown = CallAs("", "POST", "/api/v2/session", R"({"account":"nobody","password":"x"})");
  Answer wrong = CallAs("", "POST", "/api/v2/session", R"({"account":"ann","password":"x"})");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.Text("detail"), wrong.Text("detail"));
  EXPECT_EQ(unknown.Text("code"), wrong.Text("code"));
}

TEST_F(Api, V1HashIsTakenOnceAndRewritten) {
  storage::User user;
  user.account = "old";
  user.password_hash = "527bd5b5d689e2c32ae974c6229ff785";  // MD5 of "john"
  ASSERT_TRUE(ports().store.CreateUser(user).has_value());
  const Answer login =
      CallAs("", "POST", "/api/v2/session", R"({"account":"old","password":"john"})");
  EXPECT_EQ(login.status, 200);
  EXPECT_TRUE(ports().store.UserByAccount("old")->password_hash.starts_with("$argon2id$"));
  EXPECT_EQ(CallAs("", "POST", "/api/v2/session", R"({"account":"old","password":"john"})").status,
            200);
}

TEST_F(Api, SignOutActsAtOnce) {
  const std::string token = NewUser("ann");
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/session").status, 200);
  EXPECT_EQ(CallAs(token, "DELETE", "/api/v2/session").status, 204);
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/session").status, 401);
}

TEST_F(Api, CookieSessionsNeedOurHeaderOurOriginAndOurHost) {
  NewUser("ann");
  const Answer login =
      CallAs("", "POST", "/api/v2/session",
             fmt::format(R"({{"account":"ann","password":"{}","cookie":true}})", kPassword));
  ASSERT_EQ(login.status, 200);
  EXPECT_EQ(login.Text("token"), "");
  const std::string set = login.headers.at("set-cookie");
  EXPECT_NE(set.find("HttpOnly"), std::string::npos);
  EXPECT_NE(set.find("SameSite=Strict"), std::string::npos);
  const std::string cookie = set.substr(0, set.find(';'));
  const std::string body = R"({"title":"p"})";
  EXPECT_EQ(CallAs("", "GET", "/api/v2/session", "", {{"Cookie", cookie}}).status, 200);
  EXPECT_EQ(CallAs("", "POST", "/api/v2/projects", body, {{"Cookie", cookie}}).status, 403);
  EXPECT_EQ(CallAs("", "POST", "/api/v2/projects", body,
                   {{"Cookie", cookie}, {"X-Gophercron", "1"}, {"Origin", "http://evil.example"}})
                .status,
            403);
  EXPECT_EQ(
      CallAs("", "POST", "/api/v2/projects", body, {{"Cookie", cookie}, {"X-Gophercron", "1"}})
          .status,
      201);
  Connection connection(server().port());
  connection.Send("GET /api/v2/session HTTP/1.1\r\nHost: evil.example\r\nCookie: " + cookie +
                  "\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 403) << "a name that was bent to this address";
}

TEST_F(Api, SignInsAreThrottledBeforeTheyAreHashed) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(CallAs("", "POST", "/api/v2/session", R"({"account":"ann","password":"x"})").status,
              401);
  }
  const Answer refused =
      CallAs("", "POST", "/api/v2/session", R"({"account":"ann","password":"x"})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.headers.find("retry-after"), refused.headers.end());
}

TEST_F(Api, TaskLivesFromCreateToDelete) {
  const task::ProjectId project = NewProject("p");
  const std::string tasks = fmt::format("/api/v2/projects/{}/tasks", project);
  const Answer made = Call("POST", tasks,
                           R"({"name":"n","command":"echo hi","cron":"*/5 * * * *","zone":"UTC",)"
                           R"("catch_up":{"mode":"all"},"labels":{"a":"b"}})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string at = tasks + "/" + made.Text("task_id");
  EXPECT_EQ(made.headers.at("location"), at);
  const Answer shown = Call("GET", at);
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.body, made.body);
  EXPECT_NE(shown.Text("next"), "");

  const std::string tag = shown.headers.at("etag");
  const Answer edited = Call("PATCH", at, R"({"name":"m"})", {{"If-Match", tag}});
  EXPECT_EQ(edited.status, 200) << edited.body;
  EXPECT_EQ(edited.Text("name"), "m");
  EXPECT_EQ(edited.Text("command"), "echo hi");
  EXPECT_EQ(edited.Text("scheduled_since"), shown.Text("scheduled_since"));
  EXPECT_EQ(Call("PATCH", at, R"({"name":"lost"})", {{"If-Match", tag}}).status, 412);
  EXPECT_EQ(Call("DELETE", at, "", {{"If-Match", tag}}).status, 412);
  const Answer rescheduled = Call("PATCH", at, R"({"cron":"@hourly"})");
  EXPECT_NE(rescheduled.Text("scheduled_since"), shown.Text("scheduled_since"));

  const Answer paused = Call("POST", at + "/pause");
  EXPECT_EQ(paused.status, 200);
  EXPECT_EQ(json::Bool(paused.Json(), "enabled"), false);
  EXPECT_EQ(paused.Text("next"), "");
  EXPECT_EQ(json::Bool(Call("POST", at + "/resume").Json(), "enabled"), true);

  const Answer list = Call("GET", tasks);
  EXPECT_EQ(list.Json().at("items").as_array().size(), 1u);
  EXPECT_EQ(Call("DELETE", fmt::format("/api/v2/projects/{}", project)).status, 409);
  EXPECT_EQ(Call("DELETE", at).status, 204);
  EXPECT_EQ(Call("GET", at).status, 404);
  EXPECT_EQ(Call("DELETE", fmt::format("/api/v2/projects/{}", project)).status, 204);
}

TEST_F(Api, AProjectThatSomebodyChangedIsNotOverwritten) {
  const std::string at = fmt::format("/api/v2/projects/{}", NewProject("p"));
  const std::string tag = Call("GET", at).headers.at("etag");
  EXPECT_EQ(Call("GET", at, "", {{"If-None-Match", tag}}).status, 304);
  const Answer first = Call("PATCH", at, R"({"remark":"one"})", {{"If-Match", tag}});
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_NE(first.headers.at("etag"), tag);
  EXPECT_EQ(Call("GET", at).headers.at("etag"), first.headers.at("etag"));
  EXPECT_EQ(Call("GET", at, "", {{"If-None-Match", tag}}).status, 200);
  EXPECT_EQ(Call("PATCH", at, R"({"remark":"lost"})", {{"If-Match", tag}}).status, 412);
  EXPECT_EQ(Call("GET", at).Text("remark"), "one");
  EXPECT_EQ(Call("PATCH", at, R"({"title":"q"})", {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(Call("PATCH", at, R"({"title":"r"})").status, 200) << "who demands nothing";
  NewProject("taken");
  const Headers now = {{"If-Match", Call("GET", at).headers.at("etag")}};
  EXPECT_EQ(Call("PATCH", at, R"({"title":"taken"})", now).status, 409) << "not a matter of ETags";
}

TEST_F(Api, MembersThatSomebodyChangedAreNotOverwritten) {
  const std::string at = fmt::format("/api/v2/projects/{}/members", NewProject("p"));
  NewUser("ann");
  const std::string tag = Call("GET", at).headers.at("etag");
  const Headers wanted = {{"If-Match", tag}};
  EXPECT_EQ(Call("PUT", at + "/ann", R"({"role":"owner"})", wanted).status, 204);
  EXPECT_EQ(Call("PUT", at + "/ann", R"({"role":"viewer"})", wanted).status, 412);
  EXPECT_EQ(Call("DELETE", at + "/ann", "", wanted).status, 412);
  EXPECT_NE(Call("GET", at).headers.at("etag"), tag);
  EXPECT_EQ(Call("PUT", at + "/ann", "", {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(Call("DELETE", at + "/admin").status, 204) << "an owner is left";
  EXPECT_EQ(Call("PUT", at + "/ann", R"({"role":"viewer"})").status, 409);
  EXPECT_EQ(Call("DELETE", at + "/ann").status, 409);
}

TEST_F(Api, PutMakesOrReplaces) {
  const task::ProjectId project = NewProject("p");
  const std::string at = fmt::format("/api/v2/projects/{}/tasks/mine", project);
  const std::string body = R"({"name":"n","command":"true","cron":"@daily","timeout_s":5})";
  EXPECT_EQ(Call("PUT", at, body, {{"If-Match", "\"1\""}}).status, 404);
  EXPECT_EQ(Call("PUT", at, body).status, 201);
  EXPECT_EQ(Call("PUT", at, body, {{"If-None-Match", "*"}}).status, 412);
  const Answer replaced = Call("PUT", at, R"({"name":"n","argv":["true"],"cron":"@daily"})");
  EXPECT_EQ(replaced.status, 200);
  EXPECT_EQ(json::Int(replaced.Json(), "timeout_s"), 0)
      << "what a replacement leaves out is the default";
  EXPECT_EQ(replaced.Text("command"), "");
}

TEST_F(Api, TasksComeInPages) {
  const task::ProjectId project = NewProject("p");
  for (int i = 0; i < 5; ++i) NewTask(project, fmt::format("t{}", i));
  std::string cursor;
  int seen = 0;
  int pages = 0;
  do {
    const Answer page =
        Call("GET", fmt::format("/api/v2/projects/{}/tasks?limit=2&cursor={}", project, cursor));
    ASSERT_EQ(page.status, 200);
    seen += static_cast<int>(page.Json().at("items").as_array().size());
    cursor = page.Text("next");
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(pages, 3);
}

TEST_F(Api, BadInputIsToldWithItsPlace) {
  const task::ProjectId project = NewProject("p");
  const std::string tasks = fmt::format("/api/v2/projects/{}/tasks", project);
  const Answer bad = Call("POST", tasks, R"({"name":"n","command":"x","cron":"0 25 * * *"})");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.headers.at("content-type"), "application/problem+json");
  const json::object problem = bad.Json();
  const json::object& error = problem.at("errors").as_array().at(0).as_object();
  EXPECT_EQ(json::String(error, "field"), "cron");
  EXPECT_EQ(json::Int(error, "offset"), 2);
  EXPECT_EQ(json::Int(error, "length"), 2);

  const Answer unknown =
      Call("POST", tasks, R"({"name":"n","command":"x","cron":"@daily","colour":1})");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_NE(unknown.body.find("colour"), std::string::npos);
  EXPECT_EQ(
      Call("POST", tasks, R"({"name":"n","command":"x","cron":"@daily","project_id":9})").status,
      422);
  EXPECT_EQ(
      Call("POST", tasks, R"({"name":"n","command":"x","cron":"@daily","run_as":"root"})").status,
      422);
  const Answer broken = Call("POST", tasks, R"({"name":)");
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(Call("POST", tasks, "[1]").status, 400);
  EXPECT_EQ(Call("POST", tasks, R"({"name":"n","command":"x","cron":"@daily","valid_from":"soon"})")
                .status,
            422);
  EXPECT_EQ(Call("GET", tasks + "?limit=0").status, 422);
  EXPECT_EQ(Call("PUT", "/api/v2/projects").status, 405);
  EXPECT_EQ(Call("GET", "/api/v2/nothing").status, 404);
  EXPECT_EQ(Call("GET", "/api/v2/projects/%zz").status, 400);
}

TEST_F(Api, PreviewNamesTicksAndExplains) {
  const Answer answer = Call("POST", "/api/v2/cron/preview",
                             R"({"cron":"30 2 * * *","zone":"Europe/Berlin",)"
                             R"("from":"2026-03-28T12:00:00Z","count":2})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::object preview = answer.Json();
  EXPECT_EQ(preview.at("next").as_array().at(0), "2026-03-29T01:00:00Z");
  EXPECT_EQ(preview.at("next").as_array().at(1), "2026-03-30T00:30:00Z");
  EXPECT_EQ(Call("POST", "/api/v2/cron/preview", R"({"cron":"x"})").status, 422);
  EXPECT_EQ(Call("POST", "/api/v2/cron/preview", R"({"cron":"@daily","zone":"Mars"})").status, 422);
}

TEST_F(Api, TriggerNeedsANodeAndActsOnceForAKey) {
  const task::ProjectId project = NewProject("p");
  const std::string at =
      fmt::format("/api/v2/projects/{}/tasks/{}/runs", project, NewTask(project, "t"));
  EXPECT_EQ(Call("POST", at).status, 503);
  AddNode();
  const Answer first = Call("POST", at, "", {{"Idempotency-Key", "k"}});
  ASSERT_EQ(first.status, 202) << first.body;
  const Answer again = Call("POST", at, "", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.Text("run_id"), first.Text("run_id"));
  EXPECT_EQ(json::Bool(again.Json(), "repeated"), true);
  EXPECT_NE(Call("POST", at, "", {{"Idempotency-Key", "other"}}).Text("run_id"),
            first.Text("run_id"));

  const std::string run = "/api/v2/runs/" + first.Text("run_id");
  EXPECT_EQ(Call("GET", run).Text("state"), "waiting");
  EXPECT_EQ(Call("GET", "/api/v2/runs?live=true").Json().at("items").as_array().size(), 2u);
  EXPECT_EQ(Call("POST", run + "/kill").status, 202);
  EXPECT_EQ(Call("GET", run).status, 404) << "withdrawn";
  EXPECT_EQ(Call("POST", fmt::format("/api/v2/projects/{}/tasks/absent/runs", project)).status,
            404);
}

// The system's clock, moved on.
class LaterClock final : public Clock {
 public:
  explicit LaterClock(seconds by) : by_(by) {}
  Instant Now() const override { return today_.Now() + by_; }
  BootTime Boot() const override { return today_.Boot(); }

 private:
  const seconds by_;
  SystemClock today_;
};

TEST_F(Api, AManualRunThatNobodyTakesIsWrittenDownAsMissed) {
  const task::ProjectId project = NewProject("p");
  const std::string task_id = NewTask(project, "t");
  AddNode();
  const std::string run_id =
      Call("POST", fmt::format("/api/v2/projects/{}/tasks/{}/runs", project, task_id))
          .Text("run_id");
  const std::string run = "/api/v2/runs/" + run_id;
  EXPECT_EQ(service::ExpireTriggers(ports()), 0) << "an agent still has time to take it";
  EXPECT_EQ(Call("GET", run).Text("state"), "waiting");

  const LaterClock clock(service::kTriggerLife + seconds(1));
  const service::Ports later{.coordinator = ports().coordinator,
                             .keys = ports().keys,
                             .store = ports().store,
                             .clock = clock,
                             .random = ports().random};
  EXPECT_EQ(service::ExpireTriggers(later), 1);
  EXPECT_EQ(service::ExpireTriggers(later), 0);
  const Answer missed = Call("GET", run);
  EXPECT_EQ(missed.Text("state"), "ended") << missed.body;
  EXPECT_EQ(missed.Text("outcome"), "missed");
  EXPECT_EQ(missed.Text("reason"), "no_agent");
  EXPECT_EQ(missed.Text("task_name"), "t");
  const auto keys = [&](const std::pair<std::string, std::string>& span) {
    return coordination::RangeAndWait(ports().coordinator,
                                      {.begin = span.first, .end = span.second})
        ->items.size();
  };
  EXPECT_EQ(keys(ports().keys.AllTriggers()), 0u);
  EXPECT_EQ(keys(ports().keys.AllRuns()), 0u);
}

// The service died between taking a trigger and writing it down.
TEST_F(Api, AnExpiredRunThatWasNotWrittenDownIsShownAndWrittenLater) {
  const task::ProjectId project = NewProject("p");
  task::RunRecord taken;
  taken.run_id = "01cccccccccccccccccccccccc";
  taken.task = {project, NewTask(project, "t")};
  taken.cause = task::Cause::kManual;
  taken.claimed_at = ports().clock.Now();
  taken.ended_at = taken.claimed_at;
  taken.outcome = task::Outcome::kMissed;
  taken.reason = task::Reason::kNoAgent;
  PutLiveRun(taken);
  EXPECT_EQ(Call("GET", "/api/v2/runs/" + taken.run_id).Text("outcome"), "missed");
  EXPECT_EQ(Call("GET", "/api/v2/runs?live=true").Json().at("items").as_array().size(), 0u);
  EXPECT_TRUE(service::KeepHouse(ports(), {}, 100).has_value());
  EXPECT_EQ(ports().store.RunById(taken.run_id)->reason, task::Reason::kNoAgent);
  const auto [begin, end] = ports().keys.AllRuns();
  EXPECT_TRUE(
      coordination::RangeAndWait(ports().coordinator, {.begin = begin, .end = end})->items.empty());
}

TEST_F(Api, ATaskComesWithItsFirstMark) {
  const task::ProjectId project = NewProject("p");
  const Instant before = ports().clock.Now();
  const task::TaskKey key{project, NewTask(project, "t")};
  const auto mark = [&] {
    const auto read = coordination::RangeAndWait(ports().coordinator,
                                                 {.begin = ports().keys.Mark(key), .end = ""});
    return read->items.empty() ? coordination::Mark()
                               : coordination::ParseMark(read->items.front().value).value();
  };
  EXPECT_GE(mark().at, std::chrono::floor<seconds>(before));
  EXPECT_LE(mark().at, ports().clock.Now());
}

TEST_F(Api, HousekeepingForgetsDeletedTasksAndOldTriggersAfterADay) {
  const task::ProjectId project = NewProject("p");
  const std::string task_id = NewTask(project, "t");
  const std::string at = fmt::format("/api/v2/projects/{}/tasks/{}", project, task_id);
  const task::TaskKey key{project, task_id};
  AddNode();
  const std::string run = Call("POST", at + "/runs", "", {{"Idempotency-Key", "k"}}).Text("run_id");
  EXPECT_EQ(Call("DELETE", at).status, 204);
  EXPECT_EQ(Call("GET", "/api/v2/runs/" + run).status, 200)
      << "a trigger outlives its task: somebody writes down what became of it";

  const auto kept = [&](const std::pair<std::string, std::string>& span) {
    return coordination::RangeAndWait(ports().coordinator,
                                      {.begin = span.first, .end = span.second})
        ->items.size();
  };
  // It has run, as has one that was deleted and is there again.
  const std::string living = NewTask(project, "living");
  const task::TaskKey living_key{project, living};
  const auto has_run = [&](const task::TaskKey& of) {
    task::LedgerRecord record;
    record.run.emplace();
    record.run->run_id = "run-of-" + of.task_id;
    record.run->task = of;
    record.run->claimed_at = ports().clock.Now();
    ASSERT_TRUE(ports().store.Record(std::vector{record}).has_value());
  };
  has_run(key);
  has_run(living_key);
  ASSERT_TRUE(
      coordination::CommitAndWait(ports().coordinator,
                                  {.when = {},
                                   .then = {coordination::Put(ports().keys.Deleted(living_key),
                                                              FormatRfc3339(ports().clock.Now()))},
                                   .otherwise = {}})
          .has_value());
  // A node that ran the living task, as every node does, and has not been seen since.
  ASSERT_TRUE(coordination::CommitAndWait(
                  ports().coordinator, coordination::BuildFirstMark(
                                           ports().keys, living_key,
                                           {.at = std::chrono::floor<seconds>(ports().clock.Now()),
                                            .node_id = "gone",
                                            .run_id = {},
                                            .claim_id = {}},
                                           true))
                  .has_value());
  EXPECT_TRUE(service::KeepHouse(ports(), {}, 100).has_value());
  EXPECT_TRUE(ports().store.RunById("run-of-" + task_id).has_value());
  EXPECT_EQ(kept(ports().keys.AllMarks()), 3u);
  EXPECT_EQ(kept(ports().keys.AllSettings()), 1u);
  const LaterClock tomorrow(std::chrono::hours(25));
  const service::Ports later{.coordinator = ports().coordinator,
                             .keys = ports().keys,
                             .store = ports().store,
                             .clock = tomorrow,
                             .random = ports().random};
  EXPECT_TRUE(service::KeepHouse(later, {}, 100).has_value());
  EXPECT_EQ(kept(ports().keys.AllMarks()), 2u) << "the living task's";
  EXPECT_TRUE(service::ForgetGoneNodes(ports()).has_value());
  EXPECT_EQ(kept(ports().keys.AllMarks()), 2u) << "it may come back";
  EXPECT_TRUE(service::ForgetGoneNodes(later).has_value());
  EXPECT_EQ(kept(ports().keys.AllMarks()), 1u);
  EXPECT_EQ(kept(ports().keys.AllDeleted()), 0u);
  EXPECT_FALSE(ports().store.RunById("run-of-" + task_id).has_value());
  EXPECT_TRUE(ports().store.RunById("run-of-" + living).has_value());
  EXPECT_EQ(kept(ports().keys.AllSettings()), 0u);
}

TEST_F(Api, LiveAndEndedRunsAreOneList) {
  const task::ProjectId project = NewProject("p");
  const std::string task_id = NewTask(project, "t");
  task::RunRecord run;
  run.run_id = "01aaaaaaaaaaaaaaaaaaaaaaaa";
  run.task = {project, task_id};
  run.outcome = task::Outcome::kFailed;
  run.exit_code = 3;
  run.claimed_at = ports().clock.Now();
  run.started_at = run.ended_at = run.claimed_at;
  run.output_bytes = 6;
  task::LedgerRecord record;
  record.run = run;
  record.output.head = "hello\n";
  ASSERT_TRUE(ports().store.Record(std::vector{record}).has_value());
  task::RunRecord live;
  live.run_id = "01bbbbbbbbbbbbbbbbbbbbbbbb";
  live.task = run.task;
  PutLiveRun(live);

  const Answer list = Call("GET", "/api/v2/runs");
  const json::object page = list.Json();
  ASSERT_EQ(page.at("items").as_array().size(), 2u) << list.body;
  EXPECT_EQ(page.at("items").as_array().at(0).at("run_id"), live.run_id.c_str());
  EXPECT_EQ(page.at("items").as_array().at(0).at("state"), "running");
  EXPECT_TRUE(page.at("items").as_array().at(0).at("outcome").is_null());
  EXPECT_EQ(page.at("items").as_array().at(1).at("exit_code"), 3);
  const Answer first = Call("GET", "/api/v2/runs?limit=1");
  const Answer second = Call("GET", "/api/v2/runs?limit=1&cursor=" + first.Text("next"));
  EXPECT_EQ(second.Json().at("items").as_array().at(0).at("run_id"), run.run_id.c_str());
  EXPECT_EQ(Call("GET", "/api/v2/runs?outcome=failed").Json().at("items").as_array().size(), 1u);

  const auto within = [&](std::string_view range) {
    const Answer answer = Call("GET", fmt::format("/api/v2/runs?{}", range));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> ids;
    const json::object listed = answer.Json();
    for (const json::value& item : listed.at("items").as_array()) {
      ids.emplace_back(item.at("run_id").as_string());
    }
    return ids;
  };
  // The time that an id begins with: 01aaaaaaaa and 01bbbbbbbb, in milliseconds.
  const std::string old = "2016-01-30T22:26:38.026Z";
  const std::string later = "2017-03-16T10:41:55.051Z";
  EXPECT_EQ(within("from=" + old), (std::vector{live.run_id, run.run_id}));
  EXPECT_EQ(within("from=" + later), std::vector{live.run_id});
  EXPECT_EQ(within("to=" + later), std::vector{run.run_id});
  EXPECT_EQ(within("from=" + old + "&to=" + later + "&limit=1"), std::vector{run.run_id});
  EXPECT_TRUE(within("from=1969-01-01T00:00:00Z&to=" + old).empty());
  EXPECT_EQ(Call("GET", "/api/v2/runs?from=yesterday").status, 422);
  EXPECT_EQ(
      Call("GET", fmt::format("/api/v2/runs?project={}&task={}&from={}", project, task_id, old))
          .status,
      400);

  const Answer output = Call("GET", "/api/v2/runs/" + run.run_id + "/output?from=1&limit=3");
  EXPECT_EQ(output.body, "ell");
  EXPECT_EQ(output.headers.at("x-output-total"), "6");
  EXPECT_EQ(Call("POST", "/api/v2/runs/" + run.run_id + "/kill").status, 409);
  const Answer killed = Call("POST", "/api/v2/runs/" + live.run_id + "/kill");
  EXPECT_EQ(killed.status, 202);
  EXPECT_EQ(killed.Text("kill_requested_by"), "admin");
  EXPECT_EQ(json::Bool(Call("GET", "/api/v2/runs/" + live.run_id).Json(), "kill_requested"), true);
}

TEST_F(Api, WhyIsNeverVague) {
  const task::ProjectId project = NewProject("p");
  const std::string task_id = NewTask(project, "t");  // @daily in the cluster's zone, UTC here
  const std::string at = fmt::format("/api/v2/projects/{}/tasks/{}/why?instant=", project, task_id);
  const auto verdict = [&](const std::string& instant) {
    const Answer answer = Call("GET", at + instant);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.Text("answer"), "");
    return answer.Text("verdict");
  };
  EXPECT_EQ(verdict("2026-01-01T00:00:01Z"), "not_a_tick");
  EXPECT_EQ(verdict("2020-01-01T00:00:00Z"), "before_schedule");
  EXPECT_EQ(verdict("2090-01-01T00:00:00Z"), "not_due");
  Call("POST", fmt::format("/api/v2/projects/{}/tasks/{}/pause", project, task_id));
  EXPECT_EQ(verdict("2090-01-01T00:00:00Z"), "paused");
  EXPECT_EQ(Call("GET", at).status, 422);
  EXPECT_EQ(Call("GET", at + "yesterday").status, 422);

  task::LedgerRecord record;
  record.span.emplace();
  record.span->task = {project, task_id};
  record.span->first = record.span->last =
      TickInstant(std::chrono::floor<seconds>(ParseRfc3339("2026-01-02T00:00:00Z").value()));
  record.span->outcome = task::Outcome::kSkipped;
  record.span->reason = task::Reason::kOverlap;
  record.span->detail = "01run";
  ASSERT_TRUE(ports().store.Record(std::vector{record}).has_value());
  EXPECT_EQ(verdict("2026-01-02T00:00:00Z"), "skipped");
  EXPECT_NE(Call("GET", at + "2026-01-02T00:00:00Z").Text("answer").find("01run"),
            std::string::npos);
  const Answer ledger =
      Call("GET", fmt::format("/api/v2/projects/{}/tasks/{}/ledger", project, task_id));
  EXPECT_EQ(ledger.Json().at("items").as_array().at(0).at("reason"), "overlap");
}

TEST_F(Api, ApiTokensAreShownOnceAndCanBeTakenBack) {
  const std::string token = NewUser("ann");
  const Answer made = CallAs(token, "POST", "/api/v2/session/tokens", R"({"name":"ci"})");
  ASSERT_EQ(made.status, 201);
  const std::string secret = made.Text("token");
  EXPECT_EQ(CallAs(secret, "GET", "/api/v2/session").Text("account"), "ann");
  EXPECT_EQ(CallAs(token, "GET", "/api/v2/session/tokens").body.find(secret), std::string::npos);
  const std::string at = "/api/v2/session/tokens/" + made.Text("token_id");
  EXPECT_EQ(CallAs(NewUser("bob"), "DELETE", at).status, 404);
  EXPECT_EQ(CallAs(token, "DELETE", at).status, 204);
  EXPECT_EQ(CallAs(secret, "GET", "/api/v2/session").status, 401);
}

TEST_F(Api, MachineTokenIsKeptWhileItCounts) {
  EXPECT_EQ(services().accounts().MachineToken(admin_).value(), admin_);
  EXPECT_NE(services().accounts().MachineToken("gct_forged").value(), admin_);
  EXPECT_EQ(Call("GET", "/api/v2/session").status, 401) << "the one before is gone";
}

}  // namespace
}  // namespace gophercron::http
