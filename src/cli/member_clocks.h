// MemberClocks: asks the members of etcd what time it is, one after the other, every ten seconds,
// by the Date header of their HTTP port.
//
// Threads: one of its own, on which `tell` is called; the destructor waits for the question that is
// under way, a second at most.
#ifndef GOPHERCRON_CLI_MEMBER_CLOCKS_H_
#define GOPHERCRON_CLI_MEMBER_CLOCKS_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "outbound/http_date.h"

namespace gophercron::cli {

class MemberClocks {
 public:
  // `source` showed `theirs` when the boot clock stood at `at`.
  using Tell = std::function<void(const std::string& source, Instant theirs, BootTime at)>;

  // `clock` outlives this. Each member has been asked once when this returns.
  MemberClocks(const config::Etcd& etcd, const Clock& clock, Tell tell);
  ~MemberClocks();
  MemberClocks(const MemberClocks&) = delete;
  MemberClocks& operator=(const MemberClocks&) = delete;

 private:
  struct Member {
    std::string name;
    outbound::DateRequest request;
  };

  void AskAll() const;
  void Run();

  std::vector<Member> members_;
  const Clock& clock_;
  const Tell tell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_MEMBER_CLOCKS_H_
