#include "coordination/etcd/connection.h"

namespace gophercron::coordination::etcd {

Connection::Connection(RpcThread& thread, std::shared_ptr<grpc::Channel> channel)
    : kv(channel),
      watch(channel),
      lease(channel),
      maintenance(channel),
      auth(channel),
      thread_(thread),
      channel_(std::move(channel)) {}

void Connection::Fill(grpc::ClientContext& context) const {
  context.AddMetadata("hasleader", "true");
  if (!token_.empty()) context.AddMetadata("token", token_);
}

void Connection::CancelAll() {
  for (grpc::ClientContext* context : contexts_) context->TryCancel();
}

}  // namespace gophercron::coordination::etcd
