#include "coordination/etcd/link.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "coordination/etcd/wire.h"

namespace gophercron::coordination::etcd {
namespace {

// A connection that stood for less than this does not count as a success.
constexpr seconds kStands{1};

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // A connection of its own for each attempt, and none of gRPC's own policies of trying again.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 4'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // An answer that can not be taken in would be a write of unknown outcome.
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

}  // namespace

Link::Link(RpcThread& thread, Options options, Owner owner)
    : thread_(thread), options_(std::move(options)), owner_(std::move(owner)) {
  // Processes that share a list do not all go to its first member.
  at_ = random_.Below(options_.endpoints.size());
}

void Link::Start() {
  Attempt();
}

void Link::Attempt() {
  retry_.reset();
  if (closed_) return;
  const Endpoint& endpoint = options_.endpoints[at_];
  trying_ = std::make_shared<Connection>(
      thread_, grpc::CreateCustomChannel(
                   endpoint.host_port,
                   options_.tls && endpoint.tls ? options_.tls : grpc::InsecureChannelCredentials(),
                   Arguments()));
  if (options_.username.empty()) return Probe();
  Authenticate();
}

void Link::Authenticate() {
  etcdserverpb::AuthenticateRequest request;
  request.set_name(options_.username);
  request.set_password(options_.password);
  trying_->Ask(trying_->auth, &etcdserverpb::Auth::Stub::PrepareAsyncAuthenticate, request,
               options_.connect_timeout,
               [this, connection = trying_](const grpc::Status& status,
                                            etcdserverpb::AuthenticateResponse& answer) {
                 if (connection != trying_) return;
                 // A cluster without authentication takes anybody.
                 const bool disabled =
                     status.error_message().find("not enabled") != std::string::npos;
                 if (!status.ok() && !disabled) {
                   return Failed(fmt::format("signing in as {}: {}", options_.username,
                                             status.error_message()));
                 }
                 if (!disabled) connection->SetToken(answer.token());
                 Probe();
               });
}

void Link::Probe() {
  etcdserverpb::RangeRequest request;
  request.set_key(options_.probe_key);
  request.set_keys_only(true);
  trying_->Ask(trying_->kv, &etcdserverpb::KV::Stub::PrepareAsyncRange, request,
               options_.connect_timeout,
               [this, connection = trying_](const grpc::Status& status,
                                            etcdserverpb::RangeResponse& answer) {
                 if (connection != trying_) return;
                 if (!status.ok()) {
                   return Failed(
                       status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED
                           ? fmt::format("no answer within {} ms", options_.connect_timeout.count())
                           : status.error_message());
                 }
                 const Status admitted = owner_.admit({.cluster = ClusterOf(answer.header()),
                                                       .revision = answer.header().revision()});
                 if (!admitted) return Failed(admitted.error().message);
                 up_ = std::exchange(trying_, nullptr);
                 up_since_ = thread_.Now();
                 owner_.up();
               });
}

void Link::Failed(std::string why) {
  owner_.failed(endpoint(), why);
  Leave();
}

// Goes on to the next endpoint.
void Link::Leave() {
  if (trying_) trying_->CancelAll();
  trying_ = nullptr;
  ++failures_;
  at_ = (at_ + 1) % options_.endpoints.size();
  if (closed_ || retry_) return;
  retry_ = thread_.After(ReconnectDelay(failures_, options_.endpoints.size(), random_),
                         [this] { Attempt(); });
}

void Link::Break(std::string why) {
  if (!up_) return;
  const auto former = std::exchange(up_, nullptr);
  if (thread_.Now() - up_since_ >= kStands) failures_ = 0;
  owner_.failed(endpoint(), why);
  owner_.down();
  former->CancelAll();
  Leave();
}

void Link::Renew() {
  if (!up_) return;
  std::erase_if(former_, [](const auto& one) { return one.expired(); });
  former_.push_back(up_);
  up_ = nullptr;
  // Not faster than this when the new token is refused as well.
  const bool stood = thread_.Now() - up_since_ >= kStands;
  owner_.down();
  retry_ = thread_.After(stood ? milliseconds(0) : milliseconds(kStands), [this] { Attempt(); });
}

void Link::Hurry() {
  if (!retry_) return;
  thread_.Cancel(*retry_);
  Attempt();
}

void Link::Close() {
  closed_ = true;
  if (retry_) thread_.Cancel(*retry_);
  retry_.reset();
  for (const auto& former : former_) {
    if (const auto connection = former.lock()) connection->CancelAll();
  }
  for (auto* connection : {&trying_, &up_}) {
    if (const auto closing = std::exchange(*connection, nullptr)) closing->CancelAll();
  }
}

}  // namespace gophercron::coordination::etcd
