// WatchStream: all watches on one stream, begun again where they were when the connection is
// replaced.
//
// Threads: the RpcThread, except for what Watched says.
#ifndef GOPHERCRON_COORDINATION_ETCD_WATCH_STREAM_H_
#define GOPHERCRON_COORDINATION_ETCD_WATCH_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/loop.h"
#include "coordination/coordinator.h"
#include "coordination/etcd/connection.h"
#include "coordination/etcd/link.h"
#include "coordination/etcd/revision_joiner.h"
#include "coordination/etcd/rpc_thread.h"

namespace gophercron::coordination::etcd {

// A watch as its owner, the stream and the loop share it.
struct Watched {
  std::string begin;
  std::string end;
  std::function<void(const WatchBatch&)> on_batch;  // the loop's
  std::atomic<bool> closed = false;
  std::atomic<std::size_t> undelivered_bytes = 0;
};

class WatchStream {
 public:
  WatchStream(Link& link, std::size_t undelivered_bytes_max,
              std::function<void(Loop::Task)> deliver,
              std::function<void(const etcdserverpb::ResponseHeader&)> saw)
      : link_(link),
        undelivered_bytes_max_(undelivered_bytes_max),
        deliver_(std::move(deliver)),
        saw_(std::move(saw)) {}

  // `from` 0: from where the store is when the connection stands, before anything is written over
  // it; only while there is none. `from_now`: a beginning that is compacted already is not a loss;
  // the watch then begins at the oldest that is left.
  void Add(std::shared_ptr<Watched> watched, Revision from, bool from_now);
  void Remove(const Watched* watched);

  // `revision`: where the store was found.
  void OnUp(Revision revision);
  void OnDown();

 private:
  struct One {
    std::shared_ptr<Watched> watched;
    RevisionJoiner joiner{0};
    Revision resume = 0;  // what a new stream is asked for; 0: not known yet
    bool from_now = false;
    std::int64_t id = -1;  // the stream's; -1: not created yet
  };
  using EventStream = Stream<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>;

  void OpenStream();
  void Create(One& one);
  void OnResponse(etcdserverpb::WatchResponse& response);
  void OnCreated(const etcdserverpb::WatchResponse& response);
  void OnCanceled(const etcdserverpb::WatchResponse& response, One& one);
  void OnEvents(etcdserverpb::WatchResponse& response, One& one);
  void Lose(One& one);
  void Forget(One& one);
  One* Find(std::int64_t id);

  Link& link_;
  std::size_t undelivered_bytes_max_;
  std::function<void(Loop::Task)> deliver_;
  std::function<void(const etcdserverpb::ResponseHeader&)> saw_;
  std::map<const Watched*, std::unique_ptr<One>> watches_;
  std::map<std::int64_t, One*> created_;
  // Creations that were asked for, in the order in which the stream answers them; null: not wanted
  // any more.
  std::deque<One*> creating_;
  EventStream* stream_ = nullptr;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_WATCH_STREAM_H_
