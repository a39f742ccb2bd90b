#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "base/log.h"

namespace gophercron::config {
namespace {

const std::string& Text(const Value& value) {
  return std::get<std::string>(value);
}
std::int64_t Number(const Value& value) {
  return std::get<std::int64_t>(value);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// --- kinds of value

bool ParsePort(std::string_view text, std::uint16_t* port) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *port);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && !text.empty();
}

// "host:port", ":port", "[::1]:port"; without a port `default_port`, unless that is 0.
bool ParseAddress(std::string_view text, std::uint16_t default_port, Address* address) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  address->port = default_port;
  if (has_port && !ParsePort(text.substr(colon + 1), &address->port)) return false;
  if (!has_port && default_port == 0) return false;
  std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.starts_with('[') != host.ends_with(']')) return false;
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  if (host.find_first_of("/ \t@?#[]") != std::string_view::npos) return false;
  address->host = host;
  return true;
}

bool IsUrl(std::string_view text) {
  const bool plain =
      std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  const std::size_t scheme = text.find("://");
  if (!plain || scheme == std::string_view::npos) return false;
  if (text.substr(0, scheme) != "http" && text.substr(0, scheme) != "https") return false;
  std::string_view authority = text.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  Address address;
  return ParseAddress(authority, 80, &address) && !address.host.empty();
}

std::string TakeUrl(const Value& value, std::string* to) {
  if (!Text(value).empty() && !IsUrl(Text(value))) {
    return fmt::format("\"{}\" is no URL; write it as http://host:port/path", Text(value));
  }
  *to = Text(value);
  return {};
}

std::string TakeDuration(const Value& value, seconds least, seconds* to) {
  seconds read{0};
  if (!ParseDuration(Text(value), &read)) {
    return fmt::format("\"{}\" is no duration; write a number with s, m, h or d, as 90s or 7d",
                       Text(value));
  }
  if (read < least) {
    return fmt::format("\"{}\" is too short; {}s at least", Text(value), least.count());
  }
  *to = read;
  return {};
}

template <class To>
std::string TakeNumber(const Value& value, std::int64_t least, std::int64_t most, To* to) {
  if (Number(value) < least || Number(value) > most) {
    return fmt::format("{} is out of range; {} to {}", Number(value), least, most);
  }
  *to = static_cast<To>(Number(value));
  return {};
}

template <std::size_t n>
std::string TakeOneOf(const std::string& text, const std::array<std::string_view, n>& words,
                      std::size_t* at) {
  const auto found = std::ranges::find(words, Lower(text));
  if (found == words.end()) {
    return fmt::format("\"{}\" is none of {}", text, fmt::join(words, ", "));
  }
  *at = static_cast<std::size_t>(found - words.begin());
  return {};
}

std::string TakeProjects(const Value& value, std::vector<std::int64_t>* to) {
  to->clear();
  for (const std::int64_t id : std::get<std::vector<std::int64_t>>(value)) {
    if (id < 1) return fmt::format("{} is no project; ids are 1 and up", id);
    if (std::ranges::find(*to, id) == to->end()) to->push_back(id);
  }
  return {};
}

// --- v1's keys that need more than one line

std::string TakeLevel(const Value& value, Config* config) {
  // v1's levels, and what they are here.
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kLevels{
      {{"panic", "error"},
       {"fatal", "error"},
       {"error", "error"},
       {"warn", "warn"},
       {"warning", "warn"},
       {"info", "info"},
       {"debug", "debug"},
       {"trace", "debug"}}};
  for (const auto& [theirs, ours] : kLevels) {
    if (Lower(Text(value)) == theirs) {
      config->log.level = ours;
      return {};
    }
  }
  return fmt::format("\"{}\" is no level; write panic, fatal, error, warn, info, debug or trace",
                     Text(value));
}

std::string TakeHost(const Value& value, Config* config) {
  const auto& hosts = std::get<std::vector<std::string>>(value);
  if (hosts.empty()) return {};
  if (hosts.size() > 1) {
    return fmt::format("{} addresses; one can be listened on, as [\"0.0.0.0:6306\"]", hosts.size());
  }
  Address listen;
  if (!ParseAddress(hosts[0], 0, &listen)) {
    return fmt::format(
        "\"{}\" is no address; write host:port, as \"0.0.0.0:6306\", or \":6306\" for every "
        "address of the machine",
        hosts[0]);
  }
  config->http.listen = listen;
  return {};
}

std::string TakeEndpoints(const Value& value, Config* config) {
  for (const std::string& endpoint : std::get<std::vector<std::string>>(value)) {
    Address address;
    const bool good = endpoint.find("://") != std::string::npos
                          ? IsUrl(endpoint)
                          : ParseAddress(endpoint, 0, &address) && !address.host.empty();
    if (!good) {
      return fmt::format("\"{}\" is no endpoint; write host:port, as \"127.0.0.1:2379\"", endpoint);
    }
  }
  config->etcd.endpoints = std::get<std::vector<std::string>>(value);
  return {};
}

std::string TakeTimeout(const Value& value, Config* config) {
  // v1 takes 0 and then fails every call; nobody can mean that.
  if (Number(value) == 0) return {};
  return TakeNumber(value, 1, 3600, &config->etcd.timeout);
}

std::string TakeMysqlService(const Value& value, Config* config) {
  if (Text(value).empty()) return {};
  Address address;
  if (!ParseAddress(Text(value), 3306, &address) || address.host.empty()) {
    return fmt::format("\"{}\" is no address; write host:port, as \"127.0.0.1:3306\"", Text(value));
  }
  config->mysql.server = address;
  return {};
}

std::string TakeMysqlTls(const Value& value, Config* config) {
  std::size_t at = 0;
  std::string complaint =
      TakeOneOf(Text(value), std::to_array<std::string_view>({"off", "on", "verify"}), &at);
  config->mysql.tls = static_cast<Mysql::Tls>(at);
  return complaint;
}

std::string TakeJwtExp(const Value& value, Config* config) {
  if (Number(value) == 0) return {};
  std::int64_t hours = 0;
  std::string complaint = TakeNumber(value, 1, 24 * 366, &hours);
  if (complaint.empty()) config->accounts.session_lifetime = std::chrono::hours(hours);
  return complaint;
}

std::string TakeInitialPassword(const Value& value, Config* config) {
  if (!Text(value).empty()) config->accounts.initial_password = Text(value);
  return {};
}

std::string TakeLogFormat(const Value& value, Config* config) {
  std::size_t at = 0;
  std::string complaint =
      TakeOneOf(Text(value), std::to_array<std::string_view>({"text", "json"}), &at);
  config->log.json = at == 1;
  return complaint;
}

std::string TakeEnvironment(const Value& value, Config* config) {
  config->release = Lower(Text(value)) == "release";
  return {};
}

std::string TakeNotifyOn(const Value& value, Config* config) {
  static constexpr auto kKinds =
      std::to_array<std::string_view>({"failed", "missed", "lost", "late", "recovered"});
  config->notify.on.clear();
  for (const std::string& word : std::get<std::vector<std::string>>(value)) {
    std::size_t at = 0;
    if (std::string complaint = TakeOneOf(word, kKinds, &at); !complaint.empty()) return complaint;
    config->notify.on.emplace_back(kKinds.at(at));
  }
  return {};
}

std::string TakeNotifyTasks(const Value& value, Config* config) {
  for (const std::string& task : std::get<std::vector<std::string>>(value)) {
    const std::size_t slash = task.find('/');
    const bool digits = slash != std::string::npos && slash > 0 && slash + 1 < task.size() &&
                        task.find_first_not_of("0123456789") == slash;
    if (!digits) {
      return fmt::format("\"{}\" is no task; write project/task, as \"1/4711\"", task);
    }
  }
  config->notify.tasks = std::get<std::vector<std::string>>(value);
  return {};
}

std::string TakeProxies(const Value& value, Config* config) {
  for (const std::string& proxy : std::get<std::vector<std::string>>(value)) {
    if (proxy.empty() ||
        proxy.find_first_not_of("0123456789abcdefABCDEF.:/") != std::string::npos) {
      return fmt::format("\"{}\" is no address; write an IP address or a block, as \"10.0.0.0/8\"",
                         proxy);
    }
  }
  config->http.trusted_proxies = std::get<std::vector<std::string>>(value);
  return {};
}

std::string TakeShell(const Value& value, Config* config) {
  if (!Text(value).empty()) config->agent.shell = Text(value);
  return {};
}

// Stores a text as it is.
#define TEXT_TO(member)                    \
  [](const Value& value, Config* config) { \
    config->member = Text(value);          \
    return std::string();                  \
  }
#define NUMBER_TO(member, least, most) \
  [](const Value& value, Config* config) { return TakeNumber(value, least, most, &config->member); }
#define DURATION_TO(member, least)                               \
  [](const Value& value, Config* config) {                       \
    return TakeDuration(value, seconds(least), &config->member); \
  }

constexpr std::int64_t kMany = std::numeric_limits<std::int64_t>::max();

constexpr Key kKeys[] = {
    {"", "env", Type::kText, Use::kNobody, true, R"("")", "Not used."},
    {"", "log_level", Type::kText, Use::kBoth, true, R"("info")",
     "panic, fatal, error, warn, info, debug or trace.", TakeLevel},
    {"", "report_addr", Type::kText, Use::kClient, true, R"("")",
     "A URL that results are posted to, in GopherCron v1's form. Empty: they go to [mysql], or to "
     "the services of the cluster.",
     [](const Value& value, Config* config) { return TakeUrl(value, &config->agent.report_addr); }},

    {"deploy", "environment", Type::kText, Use::kBoth, true, R"("release")", "dev or release.",
     TakeEnvironment},
    {"deploy", "timeout", Type::kNumber, Use::kBoth, true, "5",
     "How long one call to etcd may take, in seconds.", TakeTimeout},
    {"deploy", "host", Type::kTexts, Use::kService, true, R"(["0.0.0.0:6306"])",
     "The one address to listen on. Empty: the port in the environment's PORT, else 9999, on every "
     "address of the machine.",
     TakeHost},
    {"deploy", "view_path", Type::kText, Use::kService, true, R"("")",
     "A folder of web pages, as GopherCron v1's, that /admin/ shows instead of the console. Empty, "
     "or no index.html there: the console.",
     [](const Value& value, Config* config) {
       if (!Text(value).empty()) config->http.view_path = Text(value);
       return std::string();
     }},

    {"http", "public_url", Type::kText, Use::kService, false, R"("https://cron.example.org")",
     "How people reach the console, for links in notifications.",
     [](const Value& value, Config* config) { return TakeUrl(value, &config->http.public_url); }},
    {"http", "allowed_hosts", Type::kTexts, Use::kService, false, "[]",
     "Host names that a browser may use the console under. Empty: any.",
     [](const Value& value, Config* config) {
       config->http.allowed_hosts = std::get<std::vector<std::string>>(value);
       return std::string();
     }},
    {"http", "trusted_proxies", Type::kTexts, Use::kService, false, "[]",
     "Addresses or blocks of proxies whose X-Forwarded-For is believed.", TakeProxies},

    {"tls", "cert", Type::kText, Use::kService, false, R"("")",
     "The service's certificate with its chain, a PEM file. With it the service speaks HTTPS.",
     TEXT_TO(http.tls.cert)},
    {"tls", "key", Type::kText, Use::kService, false, R"("")",
     "The key of that certificate, a PEM file.", TEXT_TO(http.tls.key)},

    {"etcd", "service", Type::kTexts, Use::kBoth, true, R"(["127.0.0.1:2379"])",
     "The members of etcd: host:port, or https://host:port.", TakeEndpoints},
    {"etcd", "username", Type::kText, Use::kBoth, true, R"("")", "Empty: no sign-in.",
     TEXT_TO(etcd.username)},
    {"etcd", "password", Type::kText, Use::kBoth, true, R"("")", "", TEXT_TO(etcd.password)},
    {"etcd", "dialtimeout", Type::kNumber, Use::kBoth, true, "5000",
     "How long the start waits for the first connection, in milliseconds. 0: it does not wait.",
     [](const Value& value, Config* config) {
       return TakeNumber(value, 0, 3'600'000, &config->etcd.dial_timeout);
     }},
    {"etcd", "prefix", Type::kText, Use::kBoth, true, R"("/gopher_cron")",
     "What every key begins with, taken as it is; the same for all programs of a cluster.",
     TEXT_TO(etcd.prefix)},
    {"etcd", "projects", Type::kNumbers, Use::kClient, true, "[1]",
     "The ids of the projects whose tasks run here. Empty: none.",
     [](const Value& value, Config* config) {
       return TakeProjects(value, &config->agent.projects);
     }},
    {"etcd", "shell", Type::kText, Use::kClient, true, R"("/bin/sh")",
     "What a command is given to, as: shell -c command.", TakeShell},
    {"etcd", "ca", Type::kText, Use::kBoth, false, R"("")",
     "The certificate authority of etcd, a PEM file. With ca, cert or key the connection is TLS.",
     TEXT_TO(etcd.tls.ca)},
    {"etcd", "cert", Type::kText, Use::kBoth, false, R"("")",
     "This program's certificate for etcd, a PEM file.", TEXT_TO(etcd.tls.cert)},
    {"etcd", "key", Type::kText, Use::kBoth, false, R"("")",
     "The key of that certificate, a PEM file.", TEXT_TO(etcd.tls.key)},

    {"mysql", "service", Type::kText, Use::kBoth, true, R"("127.0.0.1:3306")",
     "MySQL or MariaDB, host:port; 3306 where no port is given. A client needs none where it may "
     "reach a service or has a report_addr.",
     TakeMysqlService},
    {"mysql", "username", Type::kText, Use::kBoth, true, R"("root")", "", TEXT_TO(mysql.username)},
    {"mysql", "password", Type::kText, Use::kBoth, true, R"("")", "", TEXT_TO(mysql.password)},
    {"mysql", "database", Type::kText, Use::kBoth, true, R"("gopher_cron")", "",
     TEXT_TO(mysql.database)},
    {"mysql", "tls", Type::kText, Use::kBoth, false, R"("off")",
     "off, on, or verify, which also checks the server's certificate.", TakeMysqlTls},
    {"mysql", "ca", Type::kText, Use::kBoth, false, R"("")",
     "The certificate authority for tls = \"verify\", a PEM file. Empty: the machine's.",
     TEXT_TO(mysql.ca)},
    {"mysql", "pool", Type::kNumber, Use::kBoth, false, "8", "Connections at most.",
     NUMBER_TO(mysql.pool, 1, 1000)},
    {"mysql", "timeout", Type::kText, Use::kBoth, false, R"("10s")",
     "How long one statement may take.", DURATION_TO(mysql.timeout, 1)},

    {"jwt", "secret", Type::kText, Use::kService, true, R"("")",
     "What session tokens are signed with. Empty, or one that everybody knows: one is made at the "
     "first start and kept in the database.",
     TEXT_TO(accounts.jwt_secret)},
    {"jwt", "exp", Type::kNumber, Use::kService, true, "168", "How long a sign-in lasts, in hours.",
     TakeJwtExp},

    {"admin", "initial_password", Type::kText, Use::kService, false, R"("")",
     "The first password of the account admin; it must be changed at the first sign-in. Empty: the "
     "first start prints a link to sign in with.",
     TakeInitialPassword},

    {"agent", "data_dir", Type::kText, Use::kClient, false, R"("/var/lib/gophercron/client")",
     "The folder of this node: its id, results on their way, its lock. One process uses it at a "
     "time.",
     [](const Value& value, Config* config) {
       if (!Text(value).empty() && !Text(value).starts_with('/')) {
         return fmt::format("\"{}\" depends on where the program is started; write a path from /",
                            Text(value));
       }
       config->agent.data_dir = Text(value);
       return std::string();
     }},
    {"agent", "address", Type::kText, Use::kClient, false, R"("")",
     "What people know this node by. Empty: its address in the network.", TEXT_TO(agent.address)},
    {"agent", "weight", Type::kNumber, Use::kClient, false, "100",
     "This node's share of the ticks, against the weights of the others. 0: none while others "
     "live.",
     NUMBER_TO(agent.weight, 0, 1'000'000)},
    {"agent", "run_limit", Type::kNumber, Use::kClient, false, "256",
     "Runs at the same time, at most.", NUMBER_TO(agent.run_limit, 1, 100'000)},
    {"agent", "labels", Type::kTable, Use::kClient, false, R"({ disk = "ssd" })",
     "What tasks may ask for in their agent_selector.",
     [](const Value& value, Config* config) {
       config->agent.labels = std::get<std::map<std::string, std::string>>(value);
       return std::string();
     }},
    {"agent", "stop_grace", Type::kText, Use::kClient, false, R"("5s")",
     "What running commands get between TERM and KILL when this program stops.",
     DURATION_TO(agent.stop_grace, 0)},
    {"agent", "output_limit", Type::kNumber, Use::kClient, false, "1048576",
     "Bytes that are kept of one run's output, its first and its last part; a task may say "
     "otherwise.",
     NUMBER_TO(agent.output_limit, 0, std::int64_t{1} << 30)},
    {"agent", "session_ttl", Type::kText, Use::kClient, false, R"("10s")",
     "How long after its last sign of life this node counts as dead.",
     DURATION_TO(agent.session_ttl, 5)},

    {"cluster", "zone", Type::kText, Use::kBoth, false, R"("Europe/Berlin")",
     "The time zone of tasks that name none. Kept in etcd at the first start of any program of the "
     "cluster; the first one's machine decides where nobody says.",
     TEXT_TO(cluster_zone)},

    {"retention", "max_age", Type::kText, Use::kService, false, R"("90d")",
     "How long runs and outcomes are kept. 0s: for ever.", DURATION_TO(retention.max_age, 0)},
    {"retention", "max_rows_per_task", Type::kNumber, Use::kService, false, "100000",
     "How many of them for each task. 0: all.", NUMBER_TO(retention.max_rows_per_task, 0, kMany)},
    {"retention", "max_output_bytes", Type::kNumber, Use::kService, false, "1000000000",
     "How much output of commands, of all tasks together. 0: all.",
     NUMBER_TO(retention.max_output_bytes, 0, kMany)},

    {"notify", "url", Type::kText, Use::kService, false, R"("https://chat.example.org/hook")",
     "Called with a JSON document when a task is in trouble, and once when it has recovered.",
     [](const Value& value, Config* config) { return TakeUrl(value, &config->notify.url); }},
    {"notify", "secret", Type::kText, Use::kService, false, R"("")",
     "Signs those calls: X-Gophercron-Signature is sha256= and the hex HMAC-SHA256 of the "
     "X-Gophercron-Timestamp, a full stop and the body.",
     TEXT_TO(notify.secret)},
    {"notify", "command", Type::kText, Use::kService, false, R"("")",
     "A command that is run as well, or instead; the document is in its environment as "
     "GOPHERCRON_INCIDENT.",
     TEXT_TO(notify.command)},
    {"notify", "on", Type::kTexts, Use::kService, false,
     R"(["failed", "missed", "lost", "late", "recovered"])", "What to tell of.", TakeNotifyOn},
    {"notify", "projects", Type::kNumbers, Use::kService, false, "[]",
     "Of which projects. Empty: all.",
     [](const Value& value, Config* config) {
       return TakeProjects(value, &config->notify.projects);
     }},
    {"notify", "tasks", Type::kTexts, Use::kService, false, "[]",
     "Of which tasks, as project/task. Empty: all.", TakeNotifyTasks},
    {"notify", "late_start", Type::kText, Use::kService, false, R"("60s")",
     "A run that starts so much after its planned instant is late. 0s: none is.",
     DURATION_TO(notify.late_start, 0)},
    {"notify", "late_end", Type::kText, Use::kService, false, R"("1h")",
     "A run that lasts longer is late. 0s: none is.", DURATION_TO(notify.late_end, 0)},
    {"notify", "per_minute", Type::kNumber, Use::kService, false, "30",
     "Notifications a minute, at most; what is held back is told when there is room.",
     NUMBER_TO(notify.per_minute, 1, 10'000)},

    {"metrics", "token", Type::kText, Use::kBoth, false, R"("")",
     "Who presents it (Authorization: Bearer) may read /metrics. Empty: this machine alone may.",
     TEXT_TO(metrics_token)},

    {"log", "format", Type::kText, Use::kBoth, false, R"("text")",
     "text, or json for one object a line.", TakeLogFormat},

    {"mongodb", "service", Type::kTexts, Use::kNobody, true, "", "Not used."},
    {"mongodb", "username", Type::kText, Use::kNobody, true, "", "Not used."},
    {"mongodb", "password", Type::kText, Use::kNobody, true, "", "Not used."},
    {"mongodb", "table", Type::kText, Use::kNobody, true, "", "Not used."},
    {"mongodb", "auth_mechanism", Type::kText, Use::kNobody, true, "", "Not used."},
};

#undef TEXT_TO
#undef NUMBER_TO
#undef DURATION_TO

}  // namespace

std::string_view Name(Program program) {
  return program == Program::kService ? "service" : "client";
}

std::string_view Name(Type type) {
  switch (type) {
    case Type::kText:
      return "a text, in quotes";
    case Type::kNumber:
      return "a whole number";
    case Type::kTexts:
      return "a list of texts, as [\"a\", \"b\"]";
    case Type::kNumbers:
      return "a list of numbers, as [1, 2]";
    case Type::kTable:
      return "a table of texts, as { name = \"value\" }";
  }
  return "";
}

std::string FullName(const Key& key) {
  return key.section.empty() ? std::string(key.name) : fmt::format("{}.{}", key.section, key.name);
}

std::span<const Key> Keys() {
  return kKeys;
}

bool ParseDuration(std::string_view text, seconds* duration) {
  if (text.size() < 2) return false;
  std::int64_t number = 0;
  const char* const unit = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data(), unit, number);
  if (read.ec != std::errc() || read.ptr != unit || number < 0 || number > 1'000'000'000) {
    return false;
  }
  switch (*unit) {
    case 's':
      *duration = seconds(number);
      return true;
    case 'm':
      *duration = std::chrono::minutes(number);
      return true;
    case 'h':
      *duration = std::chrono::hours(number);
      return true;
    case 'd':
      *duration = std::chrono::days(number);
      return true;
    default:
      return false;
  }
}

}  // namespace gophercron::config
