// EtcdCluster: real etcd members as children of a test, each with a data folder of its own in one
// temporary folder and on free ports. That a listener is ours is known from the member's own log,
// never from a port that answers. Members die with the test, however it ends.
//
// Threads: one at a time; each member has a thread that reads its log.
#ifndef GOPHERCRON_TESTS_ETCD_ETCD_CLUSTER_H_
#define GOPHERCRON_TESTS_ETCD_ETCD_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gophercron::testing_etcd {

class EtcdCluster {
 public:
  struct Options {
    std::size_t members = 1;
    bool sync = false;             // fsync as in production; without, a test starts faster
    bool tls = false;              // clients over TLS, with a certificate of their own
    std::int64_t quota_bytes = 0;  // 0: etcd's default
  };

  // Returns when every member serves clients. Dies when that can not be had: no test without etcd.
  static std::unique_ptr<EtcdCluster> Start() { return Start(Options()); }
  static std::unique_ptr<EtcdCluster> Start(const Options& options);
  ~EtcdCluster();

  std::size_t size() const { return members_.size(); }
  // "127.0.0.1:port" of each member.
  std::vector<std::string> endpoints() const;
  std::string endpoint(std::size_t member) const;
  std::uint16_t port(std::size_t member) const;
  // The folder of everything: data of member i in "m<i>"; with TLS ca.pem, client.pem, client.key
  // and other-ca.pem, which signed nothing here.
  const std::string& folder() const { return folder_; }

  void Kill(std::size_t member);  // SIGKILL, and waits for its end
  // After Kill: on the same port and folder. Returns when it serves clients; with `wait` false when
  // it was started, as a member without quorum does not serve.
  void Restart(std::size_t member, bool wait = true);
  void Freeze(std::size_t member);
  void Thaw(std::size_t member);
  // Copies the data folder of a member that is not running, and puts it back.
  void SaveData(std::size_t member);
  void RestoreData(std::size_t member);

  // Runs etcdctl against all members, or one of them, and returns what it printed. Dies when it
  // fails.
  std::string Ctl(const std::vector<std::string>& arguments);
  // The member that leads, asked of itself.
  std::size_t Leader();

 private:
  class Member;
  EtcdCluster() = default;
  bool StartAll(const Options& options);
  void MakeCertificates() const;
  std::vector<std::string> ClientFlags(const std::string& endpoints) const;

  std::string folder_;
  bool tls_ = false;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace gophercron::testing_etcd

#endif  // GOPHERCRON_TESTS_ETCD_ETCD_CLUSTER_H_
