// A TCP link to a server that can be cut where it hurts: around a COMMIT.
#ifndef GOPHERCRON_TESTS_MYSQL_SEVERED_LINK_H_
#define GOPHERCRON_TESTS_MYSQL_SEVERED_LINK_H_

#include <atomic>
#include <cstdint>
#include <thread>

namespace gophercron::storage::mysql {

class SeveredLink {
 public:
  enum class Cut {
    kNever,
    kBeforeCommit,  // the next COMMIT does not reach the server
    kAfterCommit,   // it does, and its answer does not come back
  };

  explicit SeveredLink(std::uint16_t server_port);
  ~SeveredLink();

  std::uint16_t port() const { return port_; }
  // Holds for one COMMIT.
  void set_cut(Cut cut) { cut_ = cut; }

 private:
  void Serve();
  void Carry(int client);

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<Cut> cut_{Cut::kNever};
  std::thread thread_;
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_TESTS_MYSQL_SEVERED_LINK_H_
