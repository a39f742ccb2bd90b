// RevisionJoiner: events as they arrive, in batches of whole revisions. Pure.
//
// etcd sends whole revisions, but may cut a large message into fragments anywhere: the last
// revision of a fragment waits for the next one. What was told before (after a reconnect) is left
// out.
#ifndef GOPHERCRON_COORDINATION_ETCD_REVISION_JOINER_H_
#define GOPHERCRON_COORDINATION_ETCD_REVISION_JOINER_H_

#include <vector>

#include "coordination/coordinator.h"

namespace gophercron::coordination::etcd {

class RevisionJoiner {
 public:
  // Events of revisions up to `told` are left out.
  explicit RevisionJoiner(Revision told) : told_(told) {}

  // `events` in the order of their revisions; `more`: the message goes on in the next one.
  std::vector<WatchBatch> Add(std::vector<WatchEvent> events, bool more);
  // The connection broke: what waits will be sent again.
  void Break() { open_ = {}; }
  // The newest revision that was told.
  Revision told() const { return told_; }

 private:
  void Finish(std::vector<WatchBatch>& whole);

  Revision told_;
  WatchBatch open_;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_REVISION_JOINER_H_
