// Between the port's words and etcd's messages, and what etcd's errors mean. Pure.
#ifndef GOPHERCRON_COORDINATION_ETCD_WIRE_H_
#define GOPHERCRON_COORDINATION_ETCD_WIRE_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/etcd/etcd.pb.h"

namespace gophercron::coordination::etcd {

// Requires a transaction that CheckTxn accepts.
etcdserverpb::TxnRequest ToWire(const Txn& txn);
// Values are moved out of `answer`.
TxnResult FromWire(etcdserverpb::TxnResponse& answer);
// True when the transaction changed something, and so took its revision.
bool Wrote(const etcdserverpb::TxnResponse& answer);
KeyValue FromWire(etcdserverpb::KeyValue& item);
WatchEvent FromWire(etcdserverpb::Event& event);
std::string ClusterOf(const etcdserverpb::ResponseHeader& header);

// What an error of a call tells.
struct Verdict {
  enum class Did {
    kRefused,  // nothing happened, and the same call fails again: `error` is the answer
    kNothing,  // nothing happened; it may simply be sent again
    kUnknown,  // it may have happened
  };
  Did did = Did::kUnknown;
  Error error;               // its code is that of a write
  bool leave = false;        // this member is of no use at present
  bool new_token = false;    // ours is not valid any more
  bool member_down = false;  // the connection itself is broken
};
// `what` names the call, for the message.
Verdict Judge(const grpc::Status& status, std::string_view what);

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_WIRE_H_
