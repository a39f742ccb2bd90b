#include "coordination/etcd/etcd_coordinator.h"

#include <fmt/format.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "base/random.h"
#include "coordination/etcd/answer_order.h"
#include "coordination/etcd/connection.h"
#include "coordination/etcd/endpoint.h"
#include "coordination/etcd/lease_keeper.h"
#include "coordination/etcd/link.h"
#include "coordination/etcd/rpc_thread.h"
#include "coordination/etcd/watch_stream.h"
#include "coordination/etcd/wire.h"
#include "coordination/key_space.h"

namespace gophercron::coordination {
namespace {

using etcd::Connection;
using etcd::Verdict;

template <class T>
using Done = Coordinator::Done<T>;

constexpr milliseconds kCloseWait{1'000};
constexpr seconds kRememberEvery{5};
constexpr seconds kStatusEvery{30};
constexpr milliseconds kGrantAgain{100};

// A page of a range: small at first, then as many keys as about this many bytes hold; far below the
// 4 MB that gRPC takes by default.
constexpr std::int64_t kPageBytes = 2'000'000;
constexpr std::int64_t kPageKeysFirst = 256;
constexpr std::int64_t kPageKeysMax = 10'000;
constexpr int kRangeRestartsMax = 3;

std::size_t BytesOf(const Txn& txn) {
  std::size_t bytes = sizeof txn;
  for (const Compare& compare : txn.when) {
    bytes += sizeof compare + compare.key.size() + compare.value.size();
  }
  for (const auto* ops : {&txn.then, &txn.otherwise}) {
    for (const Op& op : *ops) {
      bytes += sizeof op + op.key.size() + op.value.size() + (op.txn ? BytesOf(*op.txn) : 0);
    }
  }
  return bytes;
}

// A call from when it was made until it is answered.
struct Call {
  virtual ~Call() = default;
  BootTime deadline{};
  std::size_t bytes = 0;
  std::string why_not_sent;  // the last reason
};

struct CommitCall final : Call {
  etcdserverpb::TxnRequest request;
  Done<TxnResult> done;
};

struct RangeCall final : Call {
  RangeRequest asked;
  Done<RangeResult> done;
  RangeResult result;
  std::int64_t page_keys = kPageKeysFirst;
  int restarts = 0;

  etcdserverpb::RangeRequest Page() const {
    etcdserverpb::RangeRequest page;
    page.set_key(result.items.empty() ? asked.begin : result.items.back().key + '\0');
    page.set_range_end(asked.end);
    page.set_revision(result.revision != 0 ? result.revision : asked.revision);
    page.set_keys_only(asked.keys_only);
    std::int64_t keys = page_keys;
    if (asked.limit != 0) {
      keys = std::min(keys, static_cast<std::int64_t>(asked.limit - result.items.size()));
    }
    page.set_limit(keys);
    return page;
  }
};

struct GrantCall final : Call {
  LeaseId id = 0;
  seconds time_to_live{};
  std::shared_ptr<etcd::HeldLease> lease = std::make_shared<etcd::HeldLease>();
  Done<std::unique_ptr<Lease>> done;
};

class EtcdLease final : public Lease {
 public:
  EtcdLease(std::shared_ptr<etcd::HeldLease> held, std::move_only_function<void(LeaseId)> end)
      : held_(std::move(held)), end_(std::move(end)) {}
  ~EtcdLease() override {
    held_->ended = true;
    end_(held_->id);
  }
  LeaseId id() const override { return held_->id; }
  BootTime trusted_until() const override { return held_->trusted_until; }

 private:
  std::shared_ptr<etcd::HeldLease> held_;
  std::move_only_function<void(LeaseId)> end_;
};

class EtcdWatch final : public Watch {
 public:
  explicit EtcdWatch(std::move_only_function<void()> end) : end_(std::move(end)) {}
  ~EtcdWatch() override { end_(); }

 private:
  std::move_only_function<void()> end_;
};

}  // namespace

class EtcdCoordinator::Core {
 public:
  Core(Loop& loop, const Options& options, etcd::Link::Options link,
       std::optional<StoreMemory> memory)
      : loop_(loop),
        options_(options),
        memory_(std::move(memory)),
        link_(thread_, std::move(link),
              {.admit = [this](const StoreIdentity& found) { return Admit(found); },
               .up = [this] { OnUp(); },
               .down = [this] { OnDown(); },
               .failed = [this](const std::string& endpoint,
                                const std::string& trouble) { OnFailed(endpoint, trouble); }}),
        leases_(
            thread_, link_, [this](Loop::Task task) { Deliver(std::move(task)); },
            [this](const etcdserverpb::ResponseHeader& header) { Saw(header); }),
        watches_(
            link_, options.undelivered_bytes_max,
            [this](Loop::Task task) { Deliver(std::move(task)); },
            [this](const etcdserverpb::ResponseHeader& header) { Saw(header); }) {
    if (memory_) known_ = memory_->known();
    highest_ = known_.revision;
  }

  ~Core() {
    *open_ = false;
    thread_.Post([this] { BeginClose(); });
    thread_.Join();
  }

  void Start() {
    thread_.Start();
    thread_.Post([this] {
      link_.Start();
      Remember();
      RefreshStatus();
    });
  }

  // --- any thread ---

  // Runs `task` on the loop unless the coordinator is destroyed before.
  void Deliver(Loop::Task task) {
    loop_.Post([open = open_, task = std::move(task)]() mutable {
      if (*open) task();
    });
  }

  template <class T>
  void Answer(Done<T> done, std::type_identity_t<Result<T>> answer) {
    Deliver([done = std::move(done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  }

  template <class C>
  void Add(std::unique_ptr<C> call) {
    call->deadline = SystemClock().Boot() + options_.request_timeout;
    if (waiting_calls_.fetch_add(1) >= options_.waiting_calls_max ||
        waiting_bytes_.fetch_add(call->bytes) + call->bytes > options_.waiting_bytes_max) {
      Left(*call);
      return Answer(std::move(call->done),
                    std::unexpected(Error{
                        .code = ErrorCode::kUnavailable,
                        .message = fmt::format("the coordinator is busy: {} calls or too many "
                                               "bytes wait for etcd",
                                               options_.waiting_calls_max)}));
    }
    thread_.Post([this, call = std::move(call)]() mutable {
      waiting_.push_back(std::move(call));
      Pump();
    });
  }

  void AddWatch(std::shared_ptr<etcd::Watched> watched, Revision from) {
    const Revision highest = highest_;
    thread_.Post([this, watched = std::move(watched), from, highest]() mutable {
      // "Now" is the newest revision known when the watch was asked for. When none was known yet,
      // it is what stands here: whatever the owner writes after asking is sent later than this.
      const Revision now = highest != 0 ? highest : highest_.load();
      const Revision begin = from != 0 ? from : now == 0 ? 0 : now + 1;
      watches_.Add(std::move(watched), begin, from == 0);
    });
  }
  void RemoveWatch(const std::shared_ptr<etcd::Watched>& watched) {
    watched->closed = true;
    thread_.Post([this, watched] { watches_.Remove(watched.get()); });
    // Not at once: the callback may be what destroys the watch.
    Deliver([watched] { watched->on_batch = nullptr; });
  }

  StoreState State() const {
    return state_.With([](const auto& state) { return state; });
  }
  void AcceptStore() {
    thread_.Post([this] {
      known_ = {};
      accept_ = true;
      link_.Hurry();
    });
  }
  void Compact(Revision revision, Done<void> done) {
    thread_.Post([this, revision, done = std::move(done)]() mutable {
      CompactNow(revision, std::move(done));
    });
  }
  Status WaitUntilConnected(milliseconds patience) {
    std::unique_lock lock(connected_mutex_);
    if (connected_changed_.wait_for(lock, patience, [this] { return connected_once_; })) return {};
    lock.unlock();
    const StoreState state = State();
    return Fail(ErrorCode::kUnavailable,
                fmt::format("no connection to etcd within {} ms; {}: {}", patience.count(),
                            state.endpoint, state.trouble.empty() ? "no answer" : state.trouble));
  }

 private:
  // --- the RpcThread ---

  void Saw(const etcdserverpb::ResponseHeader& header) {
    if (header.revision() > highest_) highest_ = header.revision();
  }

  Status Admit(const StoreIdentity& found) {
    const auto back = WentBack(
        {.cluster = known_.cluster, .revision = known_.cluster.empty() ? 0 : highest_.load()},
        found);
    if (back && !accept_) {
      state_.With([](StoreState& state) { state.held = true; });
      return Fail(ErrorCode::kConflict,
                  fmt::format("the store went back in time: {}. Nothing is done with it until an "
                              "operator confirms that it is the right one",
                              *back));
    }
    if (back || accept_) {
      highest_ = found.revision;
      order_.Forget();
    }
    accept_ = false;
    known_.cluster = found.cluster;
    highest_ = std::max(highest_.load(), found.revision);
    WriteMemory();
    return {};
  }

  void OnUp() {
    log::Info("etcd: connected to {}", link_.endpoint());
    state_.With([this](StoreState& state) {
      state.connected = true;
      state.held = false;
      state.trouble.clear();
      state.endpoint = link_.endpoint();
      state.known.cluster = known_.cluster;
      state.known.revision = highest_;
    });
    {
      const std::lock_guard lock(connected_mutex_);
      connected_once_ = true;
    }
    connected_changed_.notify_all();
    leases_.OnUp();
    watches_.OnUp(highest_);
    AskStatus();
    Pump();
  }

  void OnDown() {
    state_.With([](StoreState& state) { state.connected = false; });
    leases_.OnDown();
    watches_.OnDown();
  }

  void OnFailed(const std::string& endpoint, const std::string& trouble) {
    const bool news = state_.With([&](StoreState& state) {
      const bool other = state.connected || state.trouble != trouble;
      state.connected = false;
      state.endpoint = endpoint;
      state.trouble = trouble;
      return other;
    });
    if (news) log::Warning("etcd: {}: {}", endpoint, trouble);
  }

  void Remember() {
    thread_.After(kRememberEvery, [this] {
      if (link_.connection()) WriteMemory();
      Remember();
    });
  }
  void WriteMemory() {
    known_.revision = highest_;
    state_.With([this](StoreState& state) { state.known = known_; });
    if (!memory_ || memory_->known() == known_) return;
    const Status written = memory_->Remember(known_);
    if (!written) log::LogError("etcd: {}", written.error().message);
  }

  void RefreshStatus() {
    thread_.After(kStatusEvery, [this] {
      AskStatus();
      RefreshStatus();
    });
  }
  void AskStatus() {
    if (!link_.connection()) return;
    Connection& connection = *link_.connection();
    connection.Ask(connection.maintenance, &etcdserverpb::Maintenance::Stub::PrepareAsyncStatus, {},
                   options_.request_timeout,
                   [this](const grpc::Status& status, etcdserverpb::StatusResponse& answer) {
                     if (!status.ok()) return;
                     const auto alarm = [&](std::string_view name) {
                       return std::ranges::any_of(answer.errors(), [&](const std::string& error) {
                         return error.find(name) != std::string::npos;
                       });
                     };
                     state_.With([&](StoreState& state) {
                       state.size_bytes = answer.db_size();
                       state.full = alarm("NOSPACE");
                       state.damaged = alarm("CORRUPT");
                     });
                   });
  }

  void CompactNow(Revision revision, Done<void> done) {
    if (!link_.connection()) {
      return Answer<void>(std::move(done),
                          Fail(ErrorCode::kUnavailable, "compacting: no connection to etcd"));
    }
    Connection& connection = *link_.connection();
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    connection.Ask(connection.kv, &etcdserverpb::KV::Stub::PrepareAsyncCompact, request,
                   options_.request_timeout,
                   [this, done = std::move(done)](const grpc::Status& status,
                                                  etcdserverpb::CompactionResponse&) mutable {
                     Result<void> answer;
                     if (!status.ok()) {
                       Verdict verdict = etcd::Judge(status, "compacting");
                       // Whoever came first did it.
                       if (verdict.error.code != ErrorCode::kNotFound) {
                         answer = std::unexpected(std::move(verdict.error));
                       }
                     }
                     Answer<void>(std::move(done), std::move(answer));
                   });
  }

  // --- calls ---

  void Left(const Call& call) {
    --waiting_calls_;
    waiting_bytes_ -= call.bytes;
  }

  // Sends what waits while there is room.
  void Pump() {
    while (!waiting_.empty() && under_way_ < options_.in_flight_max && link_.connection()) {
      if (!link_.connection()->Ready()) return link_.Break("the connection broke");
      auto call = std::move(waiting_.front());
      waiting_.pop_front();
      if (call->deadline <= thread_.Now()) {
        Expire(std::move(call));
      } else if (auto* commit = dynamic_cast<CommitCall*>(call.get())) {
        call.release();
        SendCommit(std::unique_ptr<CommitCall>(commit));
      } else if (auto* range = dynamic_cast<RangeCall*>(call.get())) {
        call.release();
        SendRange(std::unique_ptr<RangeCall>(range));
      } else if (auto* grant = dynamic_cast<GrantCall*>(call.get())) {
        call.release();
        SendGrant(std::unique_ptr<GrantCall>(grant));
      }
    }
    if (!waiting_.empty() && !expiry_) {
      expiry_ = thread_.After(waiting_.front()->deadline - thread_.Now(), [this] {
        expiry_.reset();
        ExpireSome();
        Pump();
      });
    }
  }

  void ExpireSome() {
    std::deque<std::unique_ptr<Call>> kept;
    for (auto& call : std::exchange(waiting_, {})) {
      if (call->deadline <= thread_.Now()) {
        Expire(std::move(call));
      } else {
        kept.push_back(std::move(call));
      }
    }
    waiting_ = std::move(kept);
  }

  // It was never sent, or did nothing.
  void Expire(std::unique_ptr<Call> call) {
    const StoreState state = State();
    Error error{.code = ErrorCode::kUnavailable,
                .message = fmt::format("etcd could not be asked within {} ms: {}: {}",
                                       options_.request_timeout.count(), state.endpoint,
                                       !call->why_not_sent.empty() ? call->why_not_sent
                                       : !state.trouble.empty()    ? state.trouble
                                                                   : "no answer")};
    Left(*call);
    if (auto* commit = dynamic_cast<CommitCall*>(call.get())) {
      Answer<TxnResult>(std::move(commit->done), std::unexpected(std::move(error)));
    } else if (auto* range = dynamic_cast<RangeCall*>(call.get())) {
      Answer<RangeResult>(std::move(range->done), std::unexpected(std::move(error)));
    } else if (auto* grant = dynamic_cast<GrantCall*>(call.get())) {
      Answer<std::unique_ptr<Lease>>(std::move(grant->done), std::unexpected(std::move(error)));
    }
  }

  // Sends it again as soon as that is possible, or says that its time is over.
  void Again(std::unique_ptr<Call> call, const Verdict& verdict) {
    call->why_not_sent = verdict.error.message;
    waiting_.push_front(std::move(call));
  }

  // What an error says of the connection that `call` was on.
  void Heed(const Verdict& verdict, const Connection& connection, BootTime sent, bool timed_out) {
    if (link_.connection().get() != &connection) return;
    if (verdict.new_token) return link_.Renew();
    const bool silent = timed_out && connection.heard() < sent;
    if (verdict.leave || verdict.member_down || silent) link_.Break(verdict.error.message);
  }

  microseconds Remaining(const Call& call) const {
    return std::max<microseconds>(call.deadline - thread_.Now(), milliseconds(1));
  }

  static bool TimedOut(const grpc::Status& status) {
    return status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  }

  void SendCommit(std::unique_ptr<CommitCall> call) {
    const auto connection = link_.connection();
    const auto ticket = order_.Sent();
    const BootTime sent = thread_.Now();
    const microseconds remaining = Remaining(*call);  // before the call moves
    ++under_way_;
    const etcdserverpb::TxnRequest& request = call->request;
    connection->Ask(connection->kv, &etcdserverpb::KV::Stub::PrepareAsyncTxn, request, remaining,
                    [this, connection, ticket, sent, full = State().full, call = std::move(call)](
                        const grpc::Status& status, etcdserverpb::TxnResponse& answer) mutable {
                      --under_way_;
                      if (status.ok()) {
                        Saw(answer.header());
                        const bool wrote = etcd::Wrote(answer);
                        TxnResult result = etcd::FromWire(answer);
                        const Revision revision = result.revision;
                        order_.Answered(ticket, revision, wrote, thread_.Now(),
                                        {.call = std::move(call), .result = std::move(result)});
                      } else {
                        order_.Gone(ticket);
                        Verdict verdict = etcd::Judge(status, "a transaction");
                        if (verdict.error.code == ErrorCode::kResourceExhausted && !full) {
                          // The transaction that crosses the quota is applied, and then refused.
                          // Only once the alarm stands is a refusal a promise.
                          verdict.error.code = ErrorCode::kOutcomeUnknown;
                          AskStatus();
                        }
                        const bool again = verdict.did == Verdict::Did::kNothing;
                        if (again) {
                          Again(std::move(call), verdict);
                        } else {
                          Left(*call);
                          Answer<TxnResult>(std::move(call->done), std::unexpected(verdict.error));
                        }
                        Heed(verdict, *connection, sent, TimedOut(status));
                      }
                      TellInOrder();
                      Pump();
                    });
  }

  void TellInOrder() {
    for (auto& [answered, late] : order_.Take(thread_.Now())) {
      Left(*answered.call);
      if (late) {
        Answer<TxnResult>(std::move(answered.call->done),
                          Fail(ErrorCode::kOutcomeUnknown,
                               "a transaction was answered after later ones had been"));
      } else {
        Answer<TxnResult>(std::move(answered.call->done), std::move(answered.result));
      }
    }
    if (const auto next = order_.Next(); next && !telling_) {
      telling_ = thread_.After(*next - thread_.Now(), [this] {
        telling_.reset();
        TellInOrder();
      });
    }
  }

  void SendRange(std::unique_ptr<RangeCall> call) {
    const auto connection = link_.connection();
    const BootTime sent = thread_.Now();
    const microseconds remaining = Remaining(*call);  // before the call moves
    ++under_way_;
    const etcdserverpb::RangeRequest page = call->Page();
    connection->Ask(connection->kv, &etcdserverpb::KV::Stub::PrepareAsyncRange, page, remaining,
                    [this, connection, sent, call = std::move(call)](
                        const grpc::Status& status, etcdserverpb::RangeResponse& answer) mutable {
                      --under_way_;
                      if (status.ok()) {
                        Saw(answer.header());
                        OnPage(std::move(call), answer);
                      } else {
                        OnRangeFailed(std::move(call), status, *connection, sent);
                      }
                      Pump();
                    });
  }

  void OnPage(std::unique_ptr<RangeCall> call, etcdserverpb::RangeResponse& page) {
    RangeResult& result = call->result;
    if (result.revision == 0) {
      result.revision = call->asked.revision != 0 ? call->asked.revision : page.header().revision();
    }
    std::int64_t bytes = 0;
    for (etcdserverpb::KeyValue& item : *page.mutable_kvs()) {
      KeyValue& one = result.items.emplace_back(etcd::FromWire(item));
      bytes += static_cast<std::int64_t>(one.key.size() + one.value.size() + 32);
    }
    const bool enough = call->asked.limit != 0 && result.items.size() >= call->asked.limit;
    result.more = page.more();
    if (!page.more() || enough) {
      Left(*call);
      return Answer<RangeResult>(std::move(call->done), std::move(result));
    }
    const std::int64_t average = std::max<std::int64_t>(bytes / page.kvs_size(), 1);
    call->page_keys = std::clamp<std::int64_t>(kPageBytes / average, 1, kPageKeysMax);
    // Each page has its own time; before what waits, so that the revision is still there.
    call->deadline = thread_.Now() + options_.request_timeout;
    waiting_.push_front(std::move(call));
  }

  void OnRangeFailed(std::unique_ptr<RangeCall> call, const grpc::Status& status,
                     const Connection& connection, BootTime sent) {
    Verdict verdict = etcd::Judge(status, "reading keys");
    const bool compacted_meanwhile = verdict.error.code == ErrorCode::kNotFound &&
                                     call->asked.revision == 0 && call->result.revision != 0;
    if (compacted_meanwhile && ++call->restarts <= kRangeRestartsMax) {
      call->result = {};
      call->page_keys = kPageKeysFirst;
      waiting_.push_front(std::move(call));
      return;
    }
    // A read may be made again whatever became of it.
    if (verdict.did == Verdict::Did::kRefused && !compacted_meanwhile) {
      Left(*call);
      Answer<RangeResult>(std::move(call->done), std::unexpected(verdict.error));
    } else if (compacted_meanwhile || call->deadline <= thread_.Now()) {
      verdict.error.code = ErrorCode::kUnavailable;
      Left(*call);
      Answer<RangeResult>(std::move(call->done), std::unexpected(verdict.error));
    } else {
      Again(std::move(call), verdict);
    }
    Heed(verdict, connection, sent, TimedOut(status));
  }

  void SendGrant(std::unique_ptr<GrantCall> call) {
    const auto connection = link_.connection();
    const BootTime sent = thread_.Now();
    const microseconds remaining = Remaining(*call);  // before the call moves
    ++under_way_;
    // Our own number: should the answer be lost, what it granted can be revoked.
    call->id = static_cast<LeaseId>(random_.Next() >> 1U);
    etcdserverpb::LeaseGrantRequest request;
    request.set_id(call->id);
    request.set_ttl(call->time_to_live.count());
    connection->Ask(
        connection->lease, &etcdserverpb::Lease::Stub::PrepareAsyncLeaseGrant, request, remaining,
        [this, connection, sent, call = std::move(call)](
            const grpc::Status& status, etcdserverpb::LeaseGrantResponse& answer) mutable {
          --under_way_;
          if (status.ok()) {
            Saw(answer.header());
            OnGranted(std::move(call), answer, sent);
          } else {
            Verdict verdict = etcd::Judge(status, "granting a lease");
            if (verdict.did == Verdict::Did::kUnknown) {
              leases_.Revoke(call->id, call->time_to_live);
              verdict.error.code = ErrorCode::kUnavailable;
            }
            if (verdict.did == Verdict::Did::kNothing) {
              Again(std::move(call), verdict);
            } else {
              Left(*call);
              Answer<std::unique_ptr<Lease>>(std::move(call->done), std::unexpected(verdict.error));
            }
            Heed(verdict, *connection, sent, TimedOut(status));
          }
          Pump();
        });
  }

  void OnGranted(std::unique_ptr<GrantCall> call, const etcdserverpb::LeaseGrantResponse& answer,
                 BootTime sent) {
    Left(*call);
    call->lease->id = answer.id();
    leases_.Keep(call->lease, seconds(answer.ttl()), sent);
    Deliver([this, done = std::move(call->done), lease = call->lease,
             time_to_live = seconds(answer.ttl())]() mutable {
      done(std::unique_ptr<Lease>(
          std::make_unique<EtcdLease>(std::move(lease), [this, time_to_live](LeaseId id) {
            thread_.Post([this, id, time_to_live] { leases_.Revoke(id, time_to_live); });
          })));
    });
  }

  // --- the end ---

  void BeginClose() {
    if (!link_.connection()) return FinishClose();
    close_timer_ = thread_.After(kCloseWait, [this] { FinishClose(); });
    leases_.RevokeAll([this] {
      if (!thread_.closing()) FinishClose();
    });
  }

  void FinishClose() {
    if (thread_.closing()) return;
    WriteMemory();
    leases_.OnDown();
    watches_.OnDown();
    link_.Close();
    thread_.Shutdown();
  }

  struct AnsweredCommit {
    std::unique_ptr<CommitCall> call;
    TxnResult result;
  };

  Loop& loop_;
  const Options options_;
  const std::shared_ptr<std::atomic<bool>> open_ = std::make_shared<std::atomic<bool>>(true);
  std::atomic<std::size_t> waiting_calls_ = 0;
  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<Revision> highest_ = 0;
  Guarded<StoreState> state_;
  std::mutex connected_mutex_;
  std::condition_variable connected_changed_;
  bool connected_once_ = false;

  // The RpcThread's.
  SystemRandom random_;
  std::optional<StoreMemory> memory_;
  StoreIdentity known_;
  bool accept_ = false;
  std::deque<std::unique_ptr<Call>> waiting_;
  std::size_t under_way_ = 0;
  etcd::AnswerOrder<AnsweredCommit> order_{kAnswerHold};
  std::optional<etcd::RpcThread::TimerId> expiry_;
  std::optional<etcd::RpcThread::TimerId> telling_;
  std::optional<etcd::RpcThread::TimerId> close_timer_;

  etcd::RpcThread thread_;
  etcd::Link link_;
  etcd::LeaseKeeper leases_;
  etcd::WatchStream watches_;
};

namespace {

Result<std::string> ReadPem(const std::string& path, std::string_view what) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.good() || !text.empty()) return text;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("etcd: {} {} can not be read, or is empty", what, path));
}

Result<std::shared_ptr<grpc::ChannelCredentials>> TlsOf(const EtcdCoordinator::Options& options) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "etcd: a certificate and its key belong together: give both files or none");
  }
  grpc::SslCredentialsOptions tls;
  for (const auto& [path, what, text] :
       {std::tuple(&options.ca_file, "the authorities' file", &tls.pem_root_certs),
        std::tuple(&options.cert_file, "the certificate", &tls.pem_cert_chain),
        std::tuple(&options.key_file, "the key", &tls.pem_private_key)}) {
    auto read = ReadPem(*path, what);
    if (!read) return std::unexpected(std::move(read).error());
    *text = *std::move(read);
  }
  return grpc::SslCredentials(tls);
}

}  // namespace

Result<std::unique_ptr<EtcdCoordinator>> EtcdCoordinator::Open(Loop& loop, const Options& options) {
  etcd::Link::Options link;
  for (const std::string& text : options.endpoints) {
    auto endpoint = etcd::ParseEndpoint(text);
    if (!endpoint) return std::unexpected(std::move(endpoint).error());
    if (!options.ca_file.empty()) endpoint->tls = true;
    link.endpoints.push_back(*std::move(endpoint));
  }
  if (link.endpoints.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "etcd: no endpoint is given: name at least one, as 10.0.0.1:2379");
  }
  auto tls = TlsOf(options);
  if (!tls) return std::unexpected(std::move(tls).error());
  link.tls = *std::move(tls);
  link.username = options.username;
  link.password = options.password;
  link.probe_key = options.prefix.empty() ? "/" : options.prefix + "/";
  link.connect_timeout = options.connect_timeout;
  std::optional<StoreMemory> memory;
  if (!options.memory_file.empty()) {
    auto opened = StoreMemory::Open(options.memory_file);
    if (!opened) return std::unexpected(std::move(opened).error());
    memory = *std::move(opened);
  }
  auto core = std::make_unique<Core>(loop, options, std::move(link), std::move(memory));
  core->Start();
  return std::unique_ptr<EtcdCoordinator>(new EtcdCoordinator(std::move(core)));
}

EtcdCoordinator::EtcdCoordinator(std::unique_ptr<Core> core) : core_(std::move(core)) {}
EtcdCoordinator::~EtcdCoordinator() = default;

Status EtcdCoordinator::WaitUntilConnected(milliseconds patience) const {
  return core_->WaitUntilConnected(patience);
}

void EtcdCoordinator::Range(RangeRequest request, Done<RangeResult> done) {
  auto call = std::make_unique<RangeCall>();
  call->bytes = sizeof request + request.begin.size() + request.end.size();
  call->asked = std::move(request);
  call->done = std::move(done);
  core_->Add(std::move(call));
}

void EtcdCoordinator::Commit(Txn txn, Done<TxnResult> done) {
  if (Status checked = CheckTxn(txn); !checked) {
    return core_->Answer<TxnResult>(std::move(done), std::unexpected(std::move(checked).error()));
  }
  auto call = std::make_unique<CommitCall>();
  call->bytes = BytesOf(txn);
  call->request = etcd::ToWire(txn);
  call->done = std::move(done);
  core_->Add(std::move(call));
}

std::unique_ptr<Watch> EtcdCoordinator::WatchRange(
    std::string begin, std::string end, Revision from,
    std::function<void(const WatchBatch&)> on_batch) {
  auto watched = std::make_shared<etcd::Watched>();
  watched->begin = std::move(begin);
  watched->end = std::move(end);
  watched->on_batch = std::move(on_batch);
  core_->AddWatch(watched, from);
  return std::make_unique<EtcdWatch>([core = core_.get(), watched] { core->RemoveWatch(watched); });
}

void EtcdCoordinator::Grant(seconds time_to_live, std::function<void()> on_lost,
                            Done<std::unique_ptr<Lease>> done) {
  auto call = std::make_unique<GrantCall>();
  call->bytes = sizeof *call;
  call->time_to_live = time_to_live;
  call->lease->on_lost = std::move(on_lost);
  call->done = std::move(done);
  core_->Add(std::move(call));
}

StoreState EtcdCoordinator::State() const {
  return core_->State();
}
void EtcdCoordinator::Compact(Revision revision, Done<void> done) {
  core_->Compact(revision, std::move(done));
}
void EtcdCoordinator::AcceptStore() {
  core_->AcceptStore();
}

}  // namespace gophercron::coordination
