// ServiceHost: the use cases and the HTTP server in front of them. `standalone` and `service` are
// each one of these, over different coordinators and stores.
//
// Threads: everything on the main thread; the loop runs on another.
#ifndef GOPHERCRON_CLI_SERVICE_HOST_H_
#define GOPHERCRON_CLI_SERVICE_HOST_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "cron/zone.h"
#include "http/server.h"
#include "service/services.h"
#include "storage/store.h"

namespace gophercron::cli {

struct ServiceHostOptions {
  service::AccountsOptions accounts;
  std::optional<std::string> first_password;  // from the config; must be changed at first sign-in
  std::string cluster_secret;                 // empty in a standalone
};

class ServiceHost {
 public:
  // Makes the first administrator if there is none. The loop must run, and what `ports` names must
  // outlive the host.
  static Result<std::unique_ptr<ServiceHost>> Open(const service::Ports& ports,
                                                   ServiceHostOptions options);
  ~ServiceHost();
  ServiceHost(const ServiceHost&) = delete;
  ServiceHost& operator=(const ServiceHost&) = delete;

  service::Services& services() { return *services_; }
  // A code to sign in with, while nobody has set the administrator's password.
  const std::optional<std::string>& sign_in_code() const { return sign_in_code_; }

  // Answers requests from now on.
  Status Listen(http::ServerOptions options);
  // Requires Listen.
  std::string url() const { return server_->url(); }
  std::uint16_t port() const { return server_->port(); }

  // Takes no more requests.
  void StopListening();
  // The rest; when the loop does not run any more, or nobody listens to it.
  void StopEvents();

 private:
  ServiceHost() = default;

  std::unique_ptr<service::Services> services_;
  std::unique_ptr<http::Server> server_;
  std::optional<std::string> sign_in_code_;
};

// "127.0.0.1:6306" or "[::1]:6306". `where` says where the text stands, for the error: "--listen".
Result<http::ServerOptions> ParseListen(const std::string& where, const std::string& text);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_SERVICE_HOST_H_
