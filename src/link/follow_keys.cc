#include "link/follow_keys.h"

#include "base/log.h"

namespace gophercron::link {

void FollowKeys::Follow(std::string_view run_id, bool on) {
  const coordination::LeaseId lease = presence_.lease();
  if (lease == 0) return;
  const std::string key = keys_.Follow(run_id, lease);
  coordination::Txn txn;
  txn.then.push_back(on ? coordination::Put(key, "", lease) : coordination::Delete(key));
  coordinator_.Commit(std::move(txn), [key](Result<coordination::TxnResult> written) {
    if (!written) log::Debug("{}: {}", key, written.error().message);
  });
}

}  // namespace gophercron::link
