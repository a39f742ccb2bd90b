#include "cli/service_host.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace gophercron::cli {
Result<http::ServerOptions> ParseListen(const std::string& where, const std::string& text) {
  const auto colon = text.rfind(':');
  http::ServerOptions options;
  unsigned port = 0;
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    options.address = text.substr(0, colon);
    if (options.address.starts_with('[') && options.address.ends_with(']')) {
      options.address = options.address.substr(1, options.address.size() - 2);
    }
    if (read.ec == std::errc() && read.ptr == end && port <= 65535 && !options.address.empty()) {
      options.port = static_cast<std::uint16_t>(port);
      return options;
    }
  }
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{} {}: an IP address and a port are needed, as 127.0.0.1:6306", where, text));
}

ServiceHost::~ServiceHost() = default;

Result<std::unique_ptr<ServiceHost>> ServiceHost::Open(const service::Ports& ports,
                                                       ServiceHostOptions options) {
  std::unique_ptr<ServiceHost> host(new ServiceHost());
  auto services = service::Services::Open(ports, std::move(options.accounts),
                                          std::move(options.cluster_secret));
  if (!services) return std::unexpected(services.error());
  host->services_ = std::move(*services);
  host->services_->events().Start();

  service::FirstPassword first;
  if (const char* password = std::getenv("GOPHERCRON_ADMIN_PASSWORD")) {
    first.from_environment = password;
  }
  first.from_config = std::move(options.first_password);
  auto code = host->services_->accounts().EnsureAdministrator(first);
  if (!code) return std::unexpected(code.error());
  host->sign_in_code_ = std::move(*code);
  return host;
}

Status ServiceHost::Listen(http::ServerOptions options) {
  auto server = http::Server::Start(std::move(options), *services_);
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

void ServiceHost::StopListening() {
  if (server_) server_->Stop();
}

void ServiceHost::StopEvents() {
  services_->events().Stop();
}

}  // namespace gophercron::cli
