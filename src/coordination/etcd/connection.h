// Connection: one gRPC channel to one member of etcd, and the calls and streams that are under way
// on it. The link (link.h) makes and replaces them.
//
// Calls and streams delete themselves when gRPC is done with them, whatever became of who asked.
//
// Threads: the RpcThread.
#ifndef GOPHERCRON_COORDINATION_ETCD_CONNECTION_H_
#define GOPHERCRON_COORDINATION_ETCD_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/time.h"
#include "coordination/etcd/etcd.grpc.pb.h"
#include "coordination/etcd/rpc_thread.h"

namespace gophercron::coordination::etcd {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(RpcThread& thread, std::shared_ptr<grpc::Channel> channel);

  RpcThread& thread() { return thread_; }
  // False when a call begun now would have to wait for the network first.
  bool Ready() const { return channel_->GetState(false) == GRPC_CHANNEL_READY; }
  void SetToken(std::string token) { token_ = std::move(token); }
  // When anything came from the other side last.
  BootTime heard() const { return heard_; }
  void Heard() { heard_ = thread_.Now(); }
  // Ends everything under way. Each is told as usual.
  void CancelAll();

  template <class Response>
  using Answered = std::move_only_function<void(const grpc::Status&, Response&)>;
  // One call with one answer: `prepare` is a PrepareAsync… of a stub of this connection.
  template <class Stub, class Request, class Response>
  using Prepare = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);
  template <class Stub, class Request, class Response>
  void Ask(Stub& stub, Prepare<Stub, Request, Response> prepare,
           const std::type_identity_t<Request>& request, microseconds timeout,
           std::type_identity_t<Answered<Response>> answered);

  etcdserverpb::KV::Stub kv;
  etcdserverpb::Watch::Stub watch;
  etcdserverpb::Lease::Stub lease;
  etcdserverpb::Maintenance::Stub maintenance;
  etcdserverpb::Auth::Stub auth;

  // What every call and stream carries: the token, and that a member without a leader must refuse.
  void Fill(grpc::ClientContext& context) const;
  void Add(grpc::ClientContext& context) { contexts_.insert(&context); }
  void Remove(grpc::ClientContext& context) { contexts_.erase(&context); }

 private:
  RpcThread& thread_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string token_;
  BootTime heard_{};
  std::set<grpc::ClientContext*> contexts_;
};

template <class Response>
class UnaryCall final : public Completion {
 public:
  UnaryCall(std::shared_ptr<Connection> connection, Connection::Answered<Response> answered)
      : connection_(std::move(connection)), answered_(std::move(answered)) {
    connection_->Add(context);
  }
  void Complete(bool /*ok*/) override {
    std::unique_ptr<UnaryCall> self(this);
    connection_->Remove(context);
    if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED &&
        status.error_code() != grpc::StatusCode::CANCELLED) {
      connection_->Heard();
    }
    RpcThread& thread = connection_->thread();
    if (thread.closing()) return thread.Bury(std::move(self));
    answered_(status, response);
  }

  grpc::ClientContext context;
  grpc::Status status;
  Response response;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;

 private:
  std::shared_ptr<Connection> connection_;
  Connection::Answered<Response> answered_;
};

template <class Stub, class Request, class Response>
void Connection::Ask(Stub& stub, Prepare<Stub, Request, Response> prepare,
                     const std::type_identity_t<Request>& request, microseconds timeout,
                     std::type_identity_t<Answered<Response>> answered) {
  auto* call = new UnaryCall<Response>(shared_from_this(), std::move(answered));
  Fill(call->context);
  call->context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                          gpr_time_from_micros(timeout.count(), GPR_TIMESPAN)));
  call->reader = (stub.*prepare)(&call->context, request, thread_.queue());
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, static_cast<Completion*>(call));
}

// A stream in both directions. `on_message` and `on_end` (once) are not called after Abandon.
template <class Request, class Response>
class Stream {
 public:
  using Wire = grpc::ClientAsyncReaderWriter<Request, Response>;
  using OnMessage = std::function<void(Response&)>;
  using OnEnd = std::function<void(const grpc::Status&)>;

  // `prepare` makes the Wire from a context and a queue.
  template <class Make>
  static Stream* Open(std::shared_ptr<Connection> connection, Make make, OnMessage on_message,
                      OnEnd on_end) {
    auto* stream = new Stream(std::move(connection), std::move(on_message), std::move(on_end));
    Connection& owner = *stream->connection_;
    owner.Fill(stream->context_);
    stream->wire_ = make(owner, &stream->context_, owner.thread().queue());
    ++stream->pending_;
    stream->wire_->StartCall(static_cast<Completion*>(&stream->started_));
    return stream;
  }

  void Write(Request request) {
    outgoing_.push_back(std::move(request));
    WriteNext();
  }
  std::size_t unwritten() const { return outgoing_.size(); }

  // Ends it without a word. The pointer is not valid afterwards.
  void Abandon() {
    abandoned_ = true;
    context_.TryCancel();
  }

 private:
  struct Step final : Completion {
    Step(Stream& of, void (Stream::*what)(bool)) : stream(of), then(what) {}
    void Complete(bool ok) override {
      --stream.pending_;
      (stream.*then)(ok);
      stream.DeleteWhenDone();
    }
    Stream& stream;
    void (Stream::*then)(bool);
  };

  Stream(std::shared_ptr<Connection> connection, OnMessage on_message, OnEnd on_end)
      : connection_(std::move(connection)),
        on_message_(std::move(on_message)),
        on_end_(std::move(on_end)) {
    connection_->Add(context_);
  }
  ~Stream() { connection_->Remove(context_); }

  bool Silent() const { return abandoned_ || connection_->thread().closing(); }

  void Started(bool ok) {
    if (!ok || Silent()) return Finish();
    open_ = true;
    Read();
    WriteNext();
  }
  void Read() {
    ++pending_;
    wire_->Read(&incoming_, static_cast<Completion*>(&read_));
  }
  void HaveRead(bool ok) {
    if (!ok || Silent()) return Finish();
    connection_->Heard();
    on_message_(incoming_);
    if (Silent()) return Finish();
    Read();
  }
  void WriteNext() {
    if (!open_ || writing_ || finishing_ || outgoing_.empty() || Silent()) return;
    writing_ = true;
    ++pending_;
    wire_->Write(outgoing_.front(), static_cast<Completion*>(&written_));
  }
  void HaveWritten(bool ok) {
    writing_ = false;
    outgoing_.pop_front();
    if (ok) WriteNext();  // a broken stream is seen by its reader
  }
  void Finish() {
    if (finishing_) return;
    finishing_ = true;
    if (Silent()) context_.TryCancel();
    // After Shutdown of the queue nothing may be begun; what was begun has ended then.
    if (connection_->thread().closing()) return;
    ++pending_;
    wire_->Finish(&status_, static_cast<Completion*>(&finished_));
  }
  void Finished(bool /*ok*/) {
    if (!Silent()) on_end_(status_);
  }
  void DeleteWhenDone() {
    if (pending_ == 0 && finishing_) delete this;
  }

  std::shared_ptr<Connection> connection_;
  OnMessage on_message_;
  OnEnd on_end_;
  grpc::ClientContext context_;
  std::unique_ptr<Wire> wire_;
  Response incoming_;
  grpc::Status status_;
  std::deque<Request> outgoing_;
  int pending_ = 0;
  bool open_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool abandoned_ = false;
  Step started_{*this, &Stream::Started};
  Step read_{*this, &Stream::HaveRead};
  Step written_{*this, &Stream::HaveWritten};
  Step finished_{*this, &Stream::Finished};
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_CONNECTION_H_
