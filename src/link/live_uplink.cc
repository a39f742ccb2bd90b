#include "link/live_uplink.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "link/wire.h"

namespace gophercron::link {
namespace {

constexpr seconds kLimit{2};
constexpr std::size_t kBatchBytes = 1 << 20;

}  // namespace

LiveUplink::LiveUplink(const Ports& ports, std::string secret)
    : ports_(ports), post_(std::move(secret), ports.clock), thread_([this] { Run(); }) {}

LiveUplink::~LiveUplink() {
  mirror_.reset();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  post_.Cancel();
  thread_.join();
}

void LiveUplink::SetSource(agent::LiveSource& source) {
  {
    const std::lock_guard lock(mutex_);
    source_ = &source;
  }
  mirror_ = std::make_unique<coordination::RangeMirror>(
      ports_.loop, ports_.coordinator, ports_.keys.AllFollows(),
      [this](const coordination::RangeMirror::Content& content) { OnFollows(content); });
}

void LiveUplink::OnFollows(const coordination::RangeMirror::Content& content) {
  std::map<std::string, std::set<coordination::LeaseId>, std::less<>> wanted;
  for (const auto& [key, value] : content) {
    if (const auto name = ports_.keys.Parse(key)) wanted[name->rest].insert(name->lease);
  }
  std::vector<std::pair<std::string, bool>> changes;
  agent::LiveSource* source = nullptr;
  {
    const std::lock_guard lock(mutex_);
    // A service that comes later needs the beginning as well: following anew gives it, and the
    // others ignore what they have.
    for (const auto& [run_id, services] : wanted) {
      const auto before = followed_.find(run_id);
      if (before == followed_.end() || !std::ranges::includes(before->second, services)) {
        changes.emplace_back(run_id, true);
      }
    }
    for (const auto& [run_id, services] : followed_) {
      if (!wanted.contains(run_id)) changes.emplace_back(run_id, false);
    }
    followed_ = std::move(wanted);
    source = source_;
  }
  for (const auto& [run_id, on] : changes) source->Follow(run_id, on);
}

void LiveUplink::RunStarted(const task::RunRecord& run) {
  agent::LiveSource* source = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (followed_.contains(run.run_id)) source = source_;
  }
  // A run is shown from its claim on. Whoever followed it before it was started asked nobody.
  if (source != nullptr) source->Follow(run.run_id, true);
  Push({.event = json::serialize(StartedEvent(run)), .services = {}});
}

void LiveUplink::Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) {
  std::set<coordination::LeaseId> followers;
  {
    const std::lock_guard lock(mutex_);
    const auto found = followed_.find(run_id);
    if (found == followed_.end()) return;
    followers = found->second;
  }
  Queued queued{.event = json::serialize(OutputEvent(run_id, offset, bytes)), .services = {}};
  const auto urls = ports_.services.Urls();
  for (const auto lease : followers) {
    if (const auto url = urls.find(lease); url != urls.end()) queued.services.insert(url->second);
  }
  if (!queued.services.empty()) Push(std::move(queued));
}

void LiveUplink::RunEnded(const task::RunRecord& run, const task::RunOutput& output) {
  Push({.event = json::serialize(EndedEvent(run, output)), .services = {}});
}

void LiveUplink::TicksEnded(const task::OutcomeSpan& span) {
  Push({.event = json::serialize(TicksEvent(span)), .services = {}});
}

void LiveUplink::Push(Queued queued) {
  {
    const std::lock_guard lock(mutex_);
    queued_bytes_ += queued.event.size();
    queue_.push_back(std::move(queued));
    while (queued_bytes_ > kQueuedBytesMax) {
      queued_bytes_ -= queue_.front().event.size();
      queue_.pop_front();
    }
  }
  changed_.notify_one();
}

void LiveUplink::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    std::deque<Queued> queue;
    std::size_t bytes = 0;
    while (!queue_.empty() && bytes < kBatchBytes) {
      bytes += queue_.front().event.size();
      queue.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    queued_bytes_ -= bytes;
    lock.unlock();
    for (const auto& [lease, url] : ports_.services.Urls()) SendTo(url, queue);
    lock.lock();
  }
}

void LiveUplink::SendTo(const std::string& url, const std::deque<Queued>& queue) {
  std::string body;
  for (const auto& queued : queue) {
    if (!queued.services.empty() && !queued.services.contains(url)) continue;
    body += body.empty() ? R"({"events":[)" : ",";
    body += queued.event;
  }
  if (body.empty()) return;
  body += "]}";
  if (const Status sent = post_.Send(url, kLivePath, std::move(body), kLimit); !sent) {
    log::Debug("telling {} of live runs: {}", url, sent.error().message);
  }
}

}  // namespace gophercron::link
