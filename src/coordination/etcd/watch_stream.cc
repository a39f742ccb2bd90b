#include "coordination/etcd/watch_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "coordination/etcd/wire.h"

namespace gophercron::coordination::etcd {
namespace {

std::size_t BytesOf(const WatchBatch& batch) {
  std::size_t bytes = sizeof batch;
  for (const WatchEvent& event : batch.events) {
    bytes += sizeof event + event.item.key.size() + event.item.value.size();
  }
  return bytes;
}

}  // namespace

void WatchStream::Add(std::shared_ptr<Watched> watched, Revision from, bool from_now) {
  auto one = std::make_unique<One>();
  one->resume = from;
  one->joiner = RevisionJoiner(from > 0 ? from - 1 : 0);
  one->from_now = from_now;
  one->watched = std::move(watched);
  One& added = *one;
  watches_[added.watched.get()] = std::move(one);
  if (stream_ == nullptr) return OpenStream();
  Create(added);
}

void WatchStream::Remove(const Watched* watched) {
  const auto found = watches_.find(watched);
  if (found != watches_.end()) Forget(*found->second);
}

void WatchStream::OnUp(Revision revision) {
  for (auto& [watched, one] : watches_) {
    if (one->resume == 0) one->resume = revision + 1;
  }
  OpenStream();
}

void WatchStream::OnDown() {
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
  creating_.clear();
  created_.clear();
  for (auto& [watched, one] : watches_) {
    one->id = -1;
    one->joiner.Break();
  }
}

// With every watch there is.
void WatchStream::OpenStream() {
  if (!link_.connection() || watches_.empty()) return;
  stream_ = EventStream::Open(
      link_.connection(),
      [](Connection& connection, grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return connection.watch.PrepareAsyncWatch(context, queue);
      },
      [this](etcdserverpb::WatchResponse& response) { OnResponse(response); },
      [this](const grpc::Status& status) {
        stream_ = nullptr;
        link_.Break(Judge(status, "watching").error.message);
      });
  for (auto& [watched, one] : watches_) Create(*one);
}

void WatchStream::Create(One& one) {
  etcdserverpb::WatchRequest request;
  auto& create = *request.mutable_create_request();
  create.set_key(one.watched->begin);
  create.set_range_end(one.watched->end);
  create.set_start_revision(one.resume);
  create.set_progress_notify(true);
  create.set_fragment(true);
  creating_.push_back(&one);
  stream_->Write(std::move(request));
}

void WatchStream::OnResponse(etcdserverpb::WatchResponse& response) {
  saw_(response.header());
  if (response.created()) {
    OnCreated(response);
    if (stream_ == nullptr) return;
  }
  One* one = Find(response.watch_id());
  if (one == nullptr) return;
  if (response.canceled()) return OnCanceled(response, *one);
  OnEvents(response, *one);
}

void WatchStream::OnCreated(const etcdserverpb::WatchResponse& response) {
  if (creating_.empty()) return link_.Break("etcd created a watch that nobody asked for");
  One* one = creating_.front();
  creating_.pop_front();
  if (response.canceled() && response.compact_revision() == 0) {
    // Refused: by a token that is not valid any more, or by rights that were taken away.
    return link_.Break(fmt::format("etcd refused a watch: {}", response.cancel_reason()));
  }
  if (one == nullptr) {
    etcdserverpb::WatchRequest request;
    request.mutable_cancel_request()->set_watch_id(response.watch_id());
    return stream_->Write(std::move(request));
  }
  one->id = response.watch_id();
  created_[one->id] = one;
}

void WatchStream::OnCanceled(const etcdserverpb::WatchResponse& response, One& one) {
  if (response.compact_revision() == 0) {
    return link_.Break(fmt::format("etcd ended a watch: {}", response.cancel_reason()));
  }
  if (!one.from_now) return Lose(one);
  created_.erase(std::exchange(one.id, -1));
  one.resume = response.compact_revision();
  Create(one);
}

void WatchStream::OnEvents(etcdserverpb::WatchResponse& response, One& one) {
  std::vector<WatchEvent> events;
  events.reserve(static_cast<std::size_t>(response.events_size()));
  for (etcdserverpb::Event& event : *response.mutable_events()) events.push_back(FromWire(event));
  const bool progress = events.empty() && !response.created();
  for (WatchBatch& batch : one.joiner.Add(std::move(events), response.fragment())) {
    one.from_now = false;
    const std::size_t bytes = BytesOf(batch);
    if ((one.watched->undelivered_bytes += bytes) > undelivered_bytes_max_) return Lose(one);
    deliver_([watched = one.watched, bytes, batch = std::move(batch)] {
      watched->undelivered_bytes -= bytes;
      if (!watched->closed) watched->on_batch(batch);
    });
  }
  one.resume = std::max(one.resume, one.joiner.told() + 1);
  // All up to here was told. Asked for again all the same: what was told is left out, and should
  // the note have overtaken an event, nothing is missed.
  if (progress) one.resume = std::max(one.resume, response.header().revision());
}

void WatchStream::Lose(One& one) {
  deliver_([watched = one.watched] {
    if (!watched->closed) watched->on_batch({.revision = 0, .events = {}, .lost = true});
  });
  Forget(one);
}

void WatchStream::Forget(One& one) {
  if (one.id >= 0) {
    created_.erase(one.id);
    etcdserverpb::WatchRequest request;
    request.mutable_cancel_request()->set_watch_id(one.id);
    if (stream_ != nullptr) stream_->Write(std::move(request));
  }
  std::ranges::replace(creating_, &one, nullptr);
  watches_.erase(one.watched.get());
}

WatchStream::One* WatchStream::Find(std::int64_t id) {
  const auto found = created_.find(id);
  return found == created_.end() ? nullptr : found->second;
}

}  // namespace gophercron::coordination::etcd
