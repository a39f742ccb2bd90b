// TcpProxy: a bad network in one process. It listens on a free port of loopback and carries bytes
// to one target; faults are switched on and off while connections are open.
//
// Threads: any; it has one of its own. Each switch has taken effect when its call returns.
#ifndef GOPHERCRON_TESTS_ETCD_TCP_PROXY_H_
#define GOPHERCRON_TESTS_ETCD_TCP_PROXY_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace gophercron::testing_etcd {

class TcpProxy {
 public:
  enum class Flow {
    kPass,
    kHold,     // bytes wait, and go on when it passes again
    kSwallow,  // bytes are read and thrown away: what comes after must not be passed on
  };
  struct Faults {
    Flow requests = Flow::kPass;
    Flow replies = Flow::kPass;
    bool refuse = false;  // new connections are closed at once
    // Each piece of a request or reply waits this long, chosen by the seed.
    std::chrono::milliseconds delay_min{0};
    std::chrono::milliseconds delay_max{0};
  };

  TcpProxy(std::uint16_t target_port, std::uint64_t seed);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string endpoint() const;  // "127.0.0.1:port"
  void Set(const Faults& faults);
  // Ends every open connection, with what is under way.
  void Cut();
  // How many connections were accepted and carried, ever.
  std::uint64_t connections() const;

 private:
  class Carrier;
  std::unique_ptr<Carrier> carrier_;
};

}  // namespace gophercron::testing_etcd

#endif  // GOPHERCRON_TESTS_ETCD_TCP_PROXY_H_
