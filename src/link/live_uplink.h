// LiveUplink: tells the services of the cluster what an agent tells about its runs while they live.
// Nothing depends on it: what does not get through is dropped, and the next service that reads the
// ledger has it all.
//
// Every service is told of starts and ends; the output of a run goes to those that follow it, which
// say so with a key (Keys::Follow).
//
// Threads: as LiveSink; its own thread sends. The queue is bounded in bytes; the oldest goes first.
#ifndef GOPHERCRON_LINK_LIVE_UPLINK_H_
#define GOPHERCRON_LINK_LIVE_UPLINK_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/live.h"
#include "base/loop.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "coordination/range_mirror.h"
#include "link/sealed_post.h"
#include "link/service_directory.h"

namespace gophercron::link {

class LiveUplink final : public agent::LiveSink {
 public:
  static constexpr std::size_t kQueuedBytesMax = 8 << 20;

  struct Ports {
    Loop& loop;  // the coordinator's
    coordination::Coordinator& coordinator;
    coordination::Keys keys;
    ServiceDirectory& services;
    const Clock& clock;
  };
  LiveUplink(const Ports& ports, std::string secret);
  ~LiveUplink() override;
  LiveUplink(const LiveUplink&) = delete;
  LiveUplink& operator=(const LiveUplink&) = delete;

  // Who is asked for output once somebody follows a run. Outlives the uplink; once, before the
  // first run.
  void SetSource(agent::LiveSource& source);

  void RunStarted(const task::RunRecord& run) override;
  void Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) override;
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override;
  void TicksEnded(const task::OutcomeSpan& span) override;

 private:
  struct Queued {
    std::string event;               // JSON
    std::set<std::string> services;  // URLs; empty: all
  };

  void OnFollows(const coordination::RangeMirror::Content& content);
  void Push(Queued queued);
  void Run();
  void SendTo(const std::string& url, const std::deque<Queued>& queue);

  const Ports ports_;
  SealedPost post_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Queued> queue_;
  std::size_t queued_bytes_ = 0;
  std::map<std::string, std::set<coordination::LeaseId>, std::less<>> followed_;  // by run id
  agent::LiveSource* source_ = nullptr;
  bool stopping_ = false;

  std::unique_ptr<coordination::RangeMirror> mirror_;
  std::thread thread_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_LIVE_UPLINK_H_
