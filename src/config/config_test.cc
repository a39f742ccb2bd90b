#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/default_file.h"
#include "config/keys.h"
#include "config/read.h"

namespace gophercron::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The key set that GopherCron v1 reads, both programs in one file as its schema allows.
constexpr char kV1[] = R"(
env = "dev"
log_level = "INFO"
report_addr = "http://192.0.2.9:8080/report?from=agent"

[deploy]
environment = "release"
timeout = 7
host = ["0.0.0.0:6306"]
view_path = "./web"

[etcd]
service = ["192.0.2.1:2379", "192.0.2.2:2379"]
username = "root"
password = "p#w"
dialtimeout = 5000
prefix = "/gopher_cron"
projects = [2, 1]
shell = "/bin/bash"

[mysql]
service = "192.0.2.3"
username = "u"
password = "p"
database = "gopher_cron"

[jwt]
secret = "one of ours"
exp = 24

[mongodb]
service = ["192.0.2.4:27017"]
table = "x"
auth_mechanism = "none"
)";

std::vector<std::string> Lines(const Reading& reading) {
  std::vector<std::string> lines;
  for (const Finding& finding : reading.findings) lines.push_back(Line("f.toml", finding));
  return lines;
}

TEST(Read, TakesEveryKeyOfVersionOne) {
  const Reading service = Read(kV1, Program::kService);
  EXPECT_THAT(Lines(service), IsEmpty());
  const Config& config = service.config;
  EXPECT_EQ(config.log.level, "info");
  EXPECT_TRUE(config.release);
  EXPECT_EQ(config.etcd.timeout, seconds(7));
  EXPECT_EQ(config.http.listen, (Address{.host = "0.0.0.0", .port = 6306}));
  EXPECT_EQ(config.http.view_path, "./web");
  EXPECT_THAT(config.etcd.endpoints, ElementsAre("192.0.2.1:2379", "192.0.2.2:2379"));
  EXPECT_EQ(config.etcd.username, "root");
  EXPECT_EQ(config.etcd.password, "p#w");
  EXPECT_EQ(config.etcd.dial_timeout, milliseconds(5000));
  EXPECT_EQ(config.etcd.prefix, "/gopher_cron");
  EXPECT_EQ(config.mysql.server, (Address{.host = "192.0.2.3", .port = 3306}));
  EXPECT_EQ(config.mysql.username, "u");
  EXPECT_EQ(config.mysql.password, "p");
  EXPECT_EQ(config.mysql.database, "gopher_cron");
  EXPECT_EQ(config.accounts.jwt_secret, "one of ours");
  EXPECT_EQ(config.accounts.session_lifetime, std::chrono::hours(24));
  // The client's keys say nothing to a service.
  EXPECT_THAT(config.agent.projects, IsEmpty());

  const Reading client = Read(kV1, Program::kClient);
  EXPECT_THAT(Lines(client), IsEmpty());
  EXPECT_THAT(client.config.agent.projects, ElementsAre(2, 1));
  EXPECT_EQ(client.config.agent.shell, "/bin/bash");
  EXPECT_EQ(client.config.agent.report_addr, "http://192.0.2.9:8080/report?from=agent");
}

// v1 needs these; here they have a default that a person would have meant.
TEST(Read, ForgivesWhatVersionOneCrashesOn) {
  const Reading reading = Read(
      "[etcd]\nservice=[\"h:1\"]\nprojects=[1]\nshell=\"\"\n[deploy]\ntimeout=0\n"
      "[jwt]\nexp=0",
      Program::kClient);
  EXPECT_THAT(Lines(reading), IsEmpty());
  EXPECT_EQ(reading.config.agent.shell, "/bin/sh");
  EXPECT_EQ(reading.config.etcd.timeout, seconds(5));
  EXPECT_EQ(reading.config.etcd.prefix, "");  // no default, as in v1
}

TEST(Read, MatchesNamesExactlyAndThenWithoutCase) {
  const Reading reading = Read(
      "LOG_LEVEL=\"debug\"\n[ETCD]\nService=[\"h:1\"]\nPREFIX=\"/wrong\"\nprefix=\"/right\"\n"
      "Prefix=\"/wrong too\"\nProjects=[1]",
      Program::kClient);
  EXPECT_THAT(Lines(reading), IsEmpty());
  EXPECT_EQ(reading.config.log.level, "debug");
  EXPECT_EQ(reading.config.etcd.prefix, "/right");
}

TEST(Read, SaysEverythingThatIsWrongWithItsPlace) {
  const Reading reading = Read(R"(log_level = "loud"
[deploy]
host = ["localhost:http"]
timeout = "5"
[etcd]
service = ["192.0.2.1"]
projcts = [1]
cert = "c.pem"
[mysql]
service = "db:70000"
pool = 0
[retentoin]
max_age = "90d"
[retention]
max_age = "90 days"
)",
                               Program::kService);
  EXPECT_FALSE(reading.Usable());
  EXPECT_THAT(
      Lines(reading),
      ElementsAre(HasSubstr("f.toml:1:1: error: log_level: \"loud\" is no level; write"),
                  HasSubstr("f.toml:3:1: error: deploy.host: \"localhost:http\" is no address"),
                  HasSubstr("f.toml:4:1: error: deploy.timeout: is a text; write a whole number"),
                  HasSubstr("f.toml:6:1: error: etcd.service: \"192.0.2.1\" is no endpoint"),
                  HasSubstr("f.toml:7:1: warning: etcd.projcts: no such key; etcd.projects is one"),
                  HasSubstr("f.toml:8:1: error: etcd.cert: needs etcd.key beside it"),
                  HasSubstr("f.toml:10:1: error: mysql.service: \"db:70000\" is no address"),
                  HasSubstr("f.toml:11:1: error: mysql.pool: 0 is out of range; 1 to 1000"),
                  HasSubstr("f.toml:12:2: warning: retentoin: no such section; retention is one"),
                  HasSubstr("f.toml:15:1: error: retention.max_age: \"90 days\" is no duration")));
}

TEST(Read, SaysWhatIsMissing) {
  EXPECT_THAT(Lines(Read("", Program::kService)),
              ElementsAre(HasSubstr("f.toml: error: etcd.service: names no member of etcd"),
                          HasSubstr("f.toml: error: mysql.service: names no database")));
  EXPECT_THAT(Lines(Read("[etcd]\nservice=[\"h:1\"]\nprojects=[]", Program::kClient)),
              ElementsAre(HasSubstr("f.toml:3:1: warning: etcd.projects: names no project")));
}

TEST(Read, RefusesTwoAddresses) {
  const Reading reading = Read("[deploy]\nhost=[\":1\",\":2\"]", Program::kService);
  EXPECT_THAT(Lines(reading), testing::Contains(HasSubstr("one can be listened on")));
}

TEST(Read, AFileThatIsNoTomlHasItsPlaceToo) {
  const Reading reading = Read("a = 1\nb = = 2\n", Program::kService);
  EXPECT_THAT(Lines(reading), ElementsAre(HasSubstr("f.toml:2:5: error: the file is no TOML")));
}

TEST(Read, PortOfTheEnvironmentCountsWhereNoAddressIsConfigured) {
  EXPECT_EQ(Read("", Program::kService).config.http.listen.port, 9999);
  EXPECT_EQ(Read("", Program::kService, {.port = "8080"}).config.http.listen.port, 8080);
  EXPECT_EQ(
      Read("[deploy]\nhost=[\":1\"]", Program::kService, {.port = "8080"}).config.http.listen.port,
      1);
  EXPECT_THAT(Lines(Read("", Program::kService, {.port = "http"})),
              testing::Contains(HasSubstr("PORT is \"http\"")));
}

TEST(Read, TakesOurKeys) {
  const Reading reading = Read(R"([etcd]
service = ["https://h:2379"]
projects = [1]
ca = "/ca"
[agent]
data_dir = "/d"
labels = { disk = "ssd", zone = "b" }
stop_grace = "2m"
run_limit = 8
[log]
format = "json"
[cluster]
zone = "UTC"
)",
                               Program::kClient);
  EXPECT_THAT(Lines(reading), IsEmpty());
  EXPECT_EQ(reading.config.etcd.tls.ca, "/ca");
  EXPECT_EQ(reading.config.agent.data_dir, "/d");
  EXPECT_EQ(reading.config.agent.labels.at("zone"), "b");
  EXPECT_EQ(reading.config.agent.stop_grace, seconds(120));
  EXPECT_EQ(reading.config.agent.run_limit, 8);
  EXPECT_TRUE(reading.config.log.json);
  EXPECT_EQ(reading.config.cluster_zone, "UTC");
}

TEST(Read, AddressesAndUrls) {
  const auto listens = [](const std::string& text) {
    return Read("[deploy]\nhost=[\"" + text + "\"]", Program::kService).config.http.listen;
  };
  EXPECT_EQ(listens(":80"), (Address{.host = "", .port = 80}));
  EXPECT_EQ(listens("[::1]:80"), (Address{.host = "::1", .port = 80}));
  for (const char* bad : {"::1:80", "h", "h:", "h:x", "h:65536", "[::1:80", "a b:1"}) {
    EXPECT_EQ(listens(bad), Http().listen) << bad;
  }
  const auto reports = [](const std::string& text) {
    return Read("report_addr=\"" + text + "\"", Program::kClient).config.agent.report_addr;
  };
  for (const char* good : {"http://h", "https://u:p@h:1/p?q=a@b", "http://[::1]:8/x"}) {
    EXPECT_EQ(reports(good), good);
  }
  for (const char* bad : {"h:1", "ftp://h", "http://", "http:///x", "http://h h", "http://h:x/"}) {
    EXPECT_EQ(reports(bad), "") << bad;
  }
}

TEST(Keys, EachStandsOnceAndSectionsStandTogether) {
  std::set<std::string> names;
  std::set<std::string_view> closed;
  std::string_view section;
  for (const Key& key : Keys()) {
    EXPECT_TRUE(names.insert(FullName(key)).second) << FullName(key);
    // It would end a cell of the documentation's tables.
    EXPECT_EQ(key.about.find('|'), std::string_view::npos) << FullName(key);
    if (key.section != section) {
      EXPECT_TRUE(closed.insert(section).second) << FullName(key);
      EXPECT_FALSE(closed.contains(key.section)) << FullName(key);
      section = key.section;
    }
  }
}

// What is printed can be read, with the optional keys commented in as well.
TEST(DefaultFile, IsAGoodFile) {
  for (const Program program : {Program::kService, Program::kClient}) {
    const std::string text = DefaultFile(program);
    EXPECT_THAT(Lines(Read(text, program)), IsEmpty()) << text;
    EXPECT_EQ(GuessProgram(text), program);

    std::istringstream lines(text);
    std::string all;
    for (std::string line; std::getline(lines, line);) {
      const bool is_key = line.starts_with("# ") && line.find(" = ") != std::string::npos &&
                          line.find(' ', 2) == line.find(" = ");
      all += (is_key ? line.substr(2) : line) + "\n";
    }
    const Reading reading = Read(all, program);
    EXPECT_TRUE(reading.Usable()) << testing::PrintToString(Lines(reading)) << all;
    EXPECT_EQ(reading.config.retention.max_age, std::chrono::days(90));
    EXPECT_NE(all, text);
  }
}

TEST(KeyTables, StandInTheDocumentation) {
  std::ifstream file("docs/configuration.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(KeyTables())) << "put this into docs/configuration.md:\n"
                                                  << KeyTables();
}

}  // namespace
}  // namespace gophercron::config
