#include "cli/cluster_base.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordination/settings.h"
#include "storage/mysql/mysql_store.h"

namespace gophercron::cli {
namespace {

constexpr milliseconds kConnectPatience = seconds(10);
constexpr std::size_t kSecretBytes = 32;

storage::mysql::Tls TlsOf(config::Mysql::Tls tls) {
  switch (tls) {
    case config::Mysql::Tls::kOff:
      return storage::mysql::Tls::kOff;
    case config::Mysql::Tls::kOn:
      return storage::mysql::Tls::kEncrypt;
    case config::Mysql::Tls::kVerify:
      return storage::mysql::Tls::kVerify;
  }
  return storage::mysql::Tls::kVerify;
}

coordination::EtcdCoordinator::Options EtcdOptions(const config::Config& config,
                                                   const std::string& memory_file) {
  coordination::EtcdCoordinator::Options options;
  options.endpoints = config.etcd.endpoints;
  options.username = config.etcd.username;
  options.password = config.etcd.password;
  options.ca_file = config.etcd.tls.ca;
  options.cert_file = config.etcd.tls.cert;
  options.key_file = config.etcd.tls.key;
  options.prefix = config.etcd.prefix;
  options.request_timeout = config.etcd.timeout;
  options.memory_file = memory_file;
  return options;
}

}  // namespace

Result<std::unique_ptr<ClusterBase>> ClusterBase::Open(const config::Config& config,
                                                       const std::string& memory_file) {
  std::unique_ptr<ClusterBase> base(new ClusterBase(config.etcd.prefix));
  auto coordinator =
      coordination::EtcdCoordinator::Open(base->loop_, EtcdOptions(config, memory_file));
  if (!coordinator) return std::unexpected(coordinator.error());
  base->coordinator_ = std::move(*coordinator);
  base->loop_thread_ = std::thread([loop = &base->loop_] { loop->Run(); });
  const milliseconds patience = std::max(kConnectPatience, config.etcd.dial_timeout);
  if (Status connected = base->coordinator_->WaitUntilConnected(patience); !connected) {
    return std::unexpected(connected.error());
  }
  if (Status agreed = base->Agree(config); !agreed) return std::unexpected(agreed.error());
  return base;
}

ClusterBase::~ClusterBase() {
  StopLoop();
}

void ClusterBase::StopLoop() {
  if (!loop_thread_.joinable()) return;
  loop_.Stop();
  loop_thread_.join();
}

// The first process of the cluster decides; the others take what it wrote.
Status ClusterBase::Agree(const config::Config& config) {
  const std::string wanted =
      config.cluster_zone.empty() ? cron::MachineZoneName() : config.cluster_zone;
  if (auto known = cron::Zone::Load(wanted); !known) return std::unexpected(known.error());
  const auto name =
      coordination::GetOrPutSetting(*coordinator_, keys_, coordination::kSettingZone, wanted);
  if (!name) return std::unexpected(name.error());
  auto zone = cron::Zone::Load(*name);
  if (!zone) return std::unexpected(zone.error());
  zone_ = *std::move(zone);
  if (!config.cluster_zone.empty() && *name != config.cluster_zone) {
    log::Warning("this cluster's zone is {}, not {}, which this file asks for", *name,
                 config.cluster_zone);
  }
  auto secret = coordination::GetOrPutSetting(
      *coordinator_, keys_, coordination::kSettingClusterSecret, RandomHex(kSecretBytes));
  if (!secret) return std::unexpected(secret.error());
  secret_ = *std::move(secret);
  return {};
}

std::unique_ptr<storage::Store> OpenConfiguredStore(const config::Config& config, bool migrate) {
  if (!config.mysql.server) return nullptr;
  storage::mysql::Options options;
  options.host = config.mysql.server->host;
  options.port = config.mysql.server->port;
  options.username = config.mysql.username;
  options.password = config.mysql.password;
  options.database = config.mysql.database;
  options.tls = TlsOf(config.mysql.tls);
  options.ca_file = config.mysql.ca;
  options.connections_max = config.mysql.pool;
  options.read_timeout = config.mysql.timeout;
  options.write_timeout = config.mysql.timeout;
  options.migrate = migrate;
  return storage::OpenMysqlStore(std::move(options));
}

}  // namespace gophercron::cli
