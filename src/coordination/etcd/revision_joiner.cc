#include "coordination/etcd/revision_joiner.h"

#include <utility>

namespace gophercron::coordination::etcd {

std::vector<WatchBatch> RevisionJoiner::Add(std::vector<WatchEvent> events, bool more) {
  std::vector<WatchBatch> whole;
  for (WatchEvent& event : events) {
    const Revision revision = event.item.mod_revision;
    if (revision <= told_) continue;
    if (revision != open_.revision) Finish(whole);
    open_.revision = revision;
    open_.events.push_back(std::move(event));
  }
  if (!more) Finish(whole);
  return whole;
}

void RevisionJoiner::Finish(std::vector<WatchBatch>& whole) {
  if (open_.events.empty()) return;
  told_ = open_.revision;
  whole.push_back(std::exchange(open_, {}));
}

}  // namespace gophercron::coordination::etcd
