#include "coordination/etcd/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gophercron::coordination::etcd {
namespace {

void Fill(etcdserverpb::Compare& to, const Compare& from) {
  to.set_key(from.key);
  switch (from.is) {
    case Compare::Is::kEqual:
      to.set_result(etcdserverpb::Compare::EQUAL);
      break;
    case Compare::Is::kNotEqual:
      to.set_result(etcdserverpb::Compare::NOT_EQUAL);
      break;
    case Compare::Is::kLess:
      to.set_result(etcdserverpb::Compare::LESS);
      break;
    case Compare::Is::kGreater:
      to.set_result(etcdserverpb::Compare::GREATER);
      break;
  }
  switch (from.what) {
    case Compare::What::kModRevision:
      to.set_target(etcdserverpb::Compare::MOD);
      to.set_mod_revision(from.revision);
      break;
    case Compare::What::kCreateRevision:
      to.set_target(etcdserverpb::Compare::CREATE);
      to.set_create_revision(from.revision);
      break;
    case Compare::What::kValue:
      to.set_target(etcdserverpb::Compare::VALUE);
      to.set_value(from.value);
      break;
  }
}

void Fill(etcdserverpb::TxnRequest& to, const Txn& from);

void Fill(etcdserverpb::RequestOp& to, const Op& from) {
  switch (from.kind) {
    case Op::Kind::kGet:
      to.mutable_request_range()->set_key(from.key);
      break;
    case Op::Kind::kPut:
      to.mutable_request_put()->set_key(from.key);
      to.mutable_request_put()->set_value(from.value);
      to.mutable_request_put()->set_lease(from.lease);
      break;
    case Op::Kind::kDelete:
      to.mutable_request_delete_range()->set_key(from.key);
      to.mutable_request_delete_range()->set_range_end(from.range_end);
      break;
    case Op::Kind::kTxn:
      Fill(*to.mutable_request_txn(), *from.txn);
      break;
  }
}

void Fill(etcdserverpb::TxnRequest& to, const Txn& from) {
  for (const Compare& compare : from.when) Fill(*to.add_compare(), compare);
  for (const Op& op : from.then) Fill(*to.add_success(), op);
  for (const Op& op : from.otherwise) Fill(*to.add_failure(), op);
}

TxnResult Result(etcdserverpb::TxnResponse& answer, Revision revision) {
  TxnResult result{.revision = revision, .succeeded = answer.succeeded(), .results = {}};
  for (etcdserverpb::ResponseOp& op : *answer.mutable_responses()) {
    OpResult& one = result.results.emplace_back();
    if (op.has_response_range() && op.response_range().kvs_size() > 0) {
      one.got = FromWire(*op.mutable_response_range()->mutable_kvs(0));
    } else if (op.has_response_delete_range()) {
      one.deleted = op.response_delete_range().deleted();
    } else if (op.has_response_txn()) {
      one.nested = std::make_shared<TxnResult>(Result(*op.mutable_response_txn(), revision));
    }
  }
  return result;
}

// One of etcd's own errors, told from its text: codes are shared by several.
struct Known {
  std::string_view text;
  Verdict::Did did;
  ErrorCode code;
  bool leave = false;
  bool new_token = false;
};
constexpr Known kKnown[] = {
    {"requested lease not found", Verdict::Did::kRefused, ErrorCode::kNotFound},
    {"required revision has been compacted", Verdict::Did::kRefused, ErrorCode::kNotFound},
    {"required revision is a future revision", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"duplicate key given", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"too many operations", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"request is too large", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"key is not provided", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"too large lease TTL", Verdict::Did::kRefused, ErrorCode::kInvalidArgument},
    {"database space exceeded", Verdict::Did::kRefused, ErrorCode::kResourceExhausted},
    {"too many requests", Verdict::Did::kRefused, ErrorCode::kUnavailable},
    {"corrupt cluster", Verdict::Did::kRefused, ErrorCode::kCorrupt},
    {"permission denied", Verdict::Did::kRefused, ErrorCode::kUnavailable},
    {"user name is empty", Verdict::Did::kRefused, ErrorCode::kUnavailable},
    {"invalid auth token", Verdict::Did::kNothing, ErrorCode::kUnavailable, false, true},
    {"revision of auth store is old", Verdict::Did::kNothing, ErrorCode::kUnavailable, false, true},
    // Said before the call is looked at, because calls demand a leader.
    {"no leader", Verdict::Did::kNothing, ErrorCode::kUnavailable, true},
    {"rpc not supported for learner", Verdict::Did::kNothing, ErrorCode::kUnavailable, true},
    {"server stopped", Verdict::Did::kUnknown, ErrorCode::kOutcomeUnknown, true},
    {"request timed out", Verdict::Did::kUnknown, ErrorCode::kOutcomeUnknown, true},
    {"leader changed", Verdict::Did::kUnknown, ErrorCode::kOutcomeUnknown},
};

}  // namespace

etcdserverpb::TxnRequest ToWire(const Txn& txn) {
  etcdserverpb::TxnRequest request;
  Fill(request, txn);
  return request;
}

TxnResult FromWire(etcdserverpb::TxnResponse& answer) {
  return Result(answer, answer.header().revision());
}

bool Wrote(const etcdserverpb::TxnResponse& answer) {
  return std::ranges::any_of(answer.responses(), [](const etcdserverpb::ResponseOp& op) {
    return op.has_response_put() ||
           (op.has_response_delete_range() && op.response_delete_range().deleted() > 0) ||
           (op.has_response_txn() && Wrote(op.response_txn()));
  });
}

KeyValue FromWire(etcdserverpb::KeyValue& item) {
  return {.key = std::move(*item.mutable_key()),
          .value = std::move(*item.mutable_value()),
          .create_revision = item.create_revision(),
          .mod_revision = item.mod_revision(),
          .lease = item.lease()};
}

WatchEvent FromWire(etcdserverpb::Event& event) {
  const bool put = event.type() == etcdserverpb::Event::PUT;
  return {.type = put ? WatchEvent::Type::kPut : WatchEvent::Type::kDelete,
          .item = FromWire(*event.mutable_kv())};
}

std::string ClusterOf(const etcdserverpb::ResponseHeader& header) {
  return fmt::format("{:016x}", header.cluster_id());
}

Verdict Judge(const grpc::Status& status, std::string_view what) {
  Verdict verdict;
  for (const Known& known : kKnown) {
    if (status.error_message().find(known.text) == std::string::npos) continue;
    verdict.did = known.did;
    verdict.leave = known.leave;
    verdict.new_token = known.new_token;
    verdict.error.code = known.code;
    verdict.error.message = fmt::format("{}: etcd says \"{}\"", what, status.error_message());
    return verdict;
  }
  verdict.error.code = ErrorCode::kOutcomeUnknown;
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    verdict.error.message = fmt::format("{}: etcd did not answer in time", what);
  } else {
    verdict.member_down = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    verdict.error.message =
        fmt::format("{}: the connection to etcd: {}", what, status.error_message());
  }
  return verdict;
}

}  // namespace gophercron::coordination::etcd
