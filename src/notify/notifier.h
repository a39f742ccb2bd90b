// Notifier: carries outcomes to Incidents, and what that decides to every channel, each at its own
// pace: a hook that is slow delays no command, and neither delays who observes.
//
// A notification is tried a bounded number of times with growing pauses, then given up; what waits
// for a channel is bounded, the newest is left out. What became of each is kept in a delivery log,
// the latest ones.
//
// Threads: everything from any thread; destroy from any but a channel's. One thread for the
// decisions and one for each channel. Channels and clock must outlive it.
#ifndef GOPHERCRON_NOTIFY_NOTIFIER_H_
#define GOPHERCRON_NOTIFY_NOTIFIER_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "notify/channel.h"
#include "notify/incidents.h"

namespace gophercron::notify {

struct NotifierOptions {
  Rules rules;
  int attempts = 6;
  milliseconds pause_first{1'000};  // doubled after every failed attempt
  std::size_t queue_max = 1'000;    // for each channel
  std::size_t log_max = 500;
};

// One notification on one channel, when it was through or given up.
struct Delivery {
  Instant at{};
  std::string channel;
  std::string id;
  Kind kind = Kind::kFailed;
  task::TaskKey task;
  int attempts = 0;
  std::string error;  // why it was given up; empty: delivered
};

class Notifier {
 public:
  Notifier(NotifierOptions options, std::vector<Channel*> channels, const Clock& clock);
  // Cancels what is under way; what still waits is dropped.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // As Incidents has them. Neither waits.
  void Observe(const task::LedgerRecord& record);
  void Started(const task::RunRecord& run);

  // The delivery log, oldest first.
  std::vector<Delivery> Log() const;
  // Waits until so many deliveries were ever concluded; true when they are.
  bool WaitForDeliveries(std::size_t count, milliseconds patience) const;

 private:
  class Lane;

  void Decide();
  void Conclude(Delivery delivery);

  const NotifierOptions options_;
  const Clock& clock_;
  SystemRandom random_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stop_ = false;
  bool observed_ = false;
  Incidents incidents_;
  std::deque<Delivery> log_;
  std::size_t concluded_ = 0;

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::thread thread_;
};

}  // namespace gophercron::notify

#endif  // GOPHERCRON_NOTIFY_NOTIFIER_H_
