// Server: sockets in, answers out. Reads requests within limits, hands them to worker threads,
// writes what they answer, and keeps the streams.
//
// Threads: one for all sockets, a few for use cases, one for those that hash passwords. Start and
// Stop from any thread, each once.
#ifndef GOPHERCRON_HTTP_SERVER_H_
#define GOPHERCRON_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "service/services.h"

namespace gophercron::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address
  std::uint16_t port = 6306;          // 0: one that is free
  // Host names under which browsers may use a session, beside addresses and localhost.
  std::vector<std::string> allowed_hosts;
  // A folder of pages, as GopherCron v1's, that /admin/ shows. Empty: the program's own.
  std::string view_path;

  std::size_t workers = 8;
  // Beyond these: 503 at once, or 429 for sign-ins.
  std::size_t waiting_max = 512;
  std::size_t sign_ins_waiting_max = 64;
  std::size_t connections_max = 1'024;
  std::size_t streams_max = 256;

  std::uint32_t header_bytes_max = 16 << 10;  // 431
  std::uint64_t body_bytes_max = 1 << 20;     // 413
  // Of a body that is too large, so much is taken in and thrown away: who sends it sees the 413.
  std::uint64_t linger_bytes_max = 256 << 20;
  milliseconds header_timeout = seconds(15);
  milliseconds body_timeout = seconds(30);
  milliseconds write_timeout = seconds(30);
  milliseconds linger_silence = seconds(2);
  milliseconds linger_timeout = seconds(60);
  milliseconds idle_timeout = seconds(60);
  // A stream that has nothing to say says so this often.
  milliseconds heartbeat = seconds(15);
};

class Server {
 public:
  // `services` outlives the server. kUnavailable when the address can not be listened on.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, service::Services& services);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:6306".
  std::string address() const;
  std::uint16_t port() const;
  // "http://127.0.0.1:6306"
  std::string url() const;

  // Takes nothing new, ends every connection, waits for the use cases that are under way. Twice is
  // allowed.
  void Stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_SERVER_H_
