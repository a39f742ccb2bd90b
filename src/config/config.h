// Config: what the configuration file of `gophercron service` and `gophercron client` says, as
// values. The file is GopherCron v1's, one schema for both programs: its keys have their v1 names
// and meaning, ours stand beside them and are optional. Plain data, no adapter is known here.
//
// Which keys there are, what they mean and what they default to stands once, in keys.h.
#ifndef GOPHERCRON_CONFIG_CONFIG_H_
#define GOPHERCRON_CONFIG_CONFIG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace gophercron::config {

enum class Program { kService, kClient };
std::string_view Name(Program program);

struct Address {
  std::string host;  // a name or an IP address without brackets; empty: every one of this machine
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};

struct Log {
  std::string level = "info";  // as log::SetLevel takes it
  bool json = false;
};

// Paths of PEM files; empty: not set.
struct TlsFiles {
  std::string ca;
  std::string cert;
  std::string key;
};

struct Http {
  Address listen{.host = "", .port = 9999};
  TlsFiles tls;                              // without `ca`; no cert: plain HTTP
  std::string view_path;                     // pages to show instead of the console; empty: none
  std::vector<std::string> trusted_proxies;  // addresses or CIDR blocks
  std::vector<std::string> allowed_hosts;
  std::string public_url;
};

struct Etcd {
  std::vector<std::string> endpoints;  // as written: host:port, or http(s)://host:port
  std::string username;
  std::string password;
  milliseconds dial_timeout{0};  // 0: do not wait for the first connection
  seconds timeout{5};            // of one operation; v1's [deploy] timeout
  std::string prefix;            // taken literally
  TlsFiles tls;                  // any of them set: TLS
};

struct Mysql {
  std::optional<Address> server;  // none: no MySQL
  std::string username;
  std::string password;
  std::string database;
  enum class Tls { kOff, kOn, kVerify } tls = Tls::kOff;  // kVerify checks the server's certificate
  std::string ca;
  int pool = 8;
  seconds timeout{10};
};

struct Accounts {
  std::string jwt_secret;  // empty: made once and kept in the store
  seconds session_lifetime = std::chrono::hours(168);
  std::optional<std::string> initial_password;
};

struct Retention {
  seconds max_age = std::chrono::days(90);
  std::int64_t max_rows_per_task = 100'000;
  std::int64_t max_output_bytes = 1'000'000'000;
};

struct Agent {
  std::vector<std::int64_t> projects;
  std::string shell = "/bin/sh";  // run as `shell -c command`
  std::string report_addr;        // empty: results go to the store
  std::string data_dir;           // empty: the program's default
  std::string address;            // empty: found out
  int weight = 100;
  int run_limit = 256;
  std::map<std::string, std::string> labels;
  seconds stop_grace{5};
  std::int64_t output_limit = 1 << 20;
  seconds session_ttl{10};
};

struct Notify {
  std::string url;
  std::string secret;
  std::string command;
  std::vector<std::string> on = {"failed", "missed", "lost", "late", "recovered"};
  std::vector<std::int64_t> projects;  // empty: all
  std::vector<std::string> tasks;      // "project/task"; empty: all
  seconds late_start{0};               // 0: never late
  seconds late_end{0};
  int per_minute = 30;
};

struct Config {
  Log log;
  Http http;
  Etcd etcd;
  Mysql mysql;
  Accounts accounts;
  Agent agent;
  Retention retention;
  Notify notify;
  std::string cluster_zone;   // empty: that of the first process's machine
  std::string metrics_token;  // empty: /metrics answers this machine alone
  bool release = false;       // v1's [deploy] environment
};

}  // namespace gophercron::config

#endif  // GOPHERCRON_CONFIG_CONFIG_H_
