// Delivery: moves results from the spool to where they go, for as long as it takes.
//
// Deliverer is one round without any waiting, for a caller that drives it. Delivery is the thread
// around it for the program: it sleeps until Notify, a retry is due, or Stop.
//
// A batch that the store refuses is halved until the record it can not take stands alone; that one
// is set aside in the spool, the others go through. While the store is away nothing is given up:
// rounds are retried with a growing, jittered delay.
#ifndef GOPHERCRON_AGENT_DELIVERY_H_
#define GOPHERCRON_AGENT_DELIVERY_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "agent/spool.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/result_sink.h"

namespace gophercron::agent {

struct DeliveryOptions {
  std::int64_t batch_records = 500;
  std::int64_t batch_bytes = 4'000'000;
  // Between the beginnings of two rounds: what comes meanwhile goes together.
  milliseconds pace{100};
  milliseconds retry_first{200};  // doubled after every failed round
  milliseconds retry_max{30'000};
};

// Threads: one at a time.
class Deliverer {
 public:
  // `spool`, `sink` and `random` must outlive this.
  Deliverer(Spool& spool, storage::ResultSink& sink, Random& random, DeliveryOptions options = {});

  struct Round {
    std::int64_t delivered = 0;
    std::int64_t set_aside = 0;
    // How long to wait before the next round: 0 when there is more to do at once, nullopt when
    // nothing waits for delivery (until something is appended).
    std::optional<milliseconds> next;
    Status status;  // why the round did not deliver everything it took
  };
  // One batch: reads it, hands it over, removes it.
  Round DeliverSome();

 private:
  // Hands over `records`, halving on refusal; appends the ids that are done to `done`. An error
  // means that the store is away: nobody else needs to be tried.
  Status HandOver(std::span<const SpooledRecord> records, std::vector<SpoolId>* done,
                  std::int64_t* set_aside);
  Status Refused(const SpooledRecord& record, const Error& error, std::int64_t* set_aside);
  milliseconds NextDelay();

  Spool& spool_;
  storage::ResultSink& sink_;
  Random& random_;
  const DeliveryOptions options_;
  int failures_ = 0;
  // How often a record was refused for a reason that may pass.
  std::map<SpoolId, int> refusals_;
};

// Threads: Notify, Flush, UndeliveredSince and LastError from any thread; destroy from any thread
// but the observer's.
class Delivery {
 public:
  // Called on the delivery thread after every round that changed something.
  using Observer = std::function<void(const Deliverer::Round&)>;

  // Starts the thread at once. `spool` and `sink` must outlive this.
  Delivery(Spool& spool, storage::ResultSink& sink, DeliveryOptions options = {},
           Observer observer = nullptr);
  // Ends after the call to the store that is under way; what is left stays in the spool.
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Something was appended to the spool. Cheap; while a retry is being waited for it changes
  // nothing.
  void Notify();
  // Tries now, and waits until the spool is empty or `patience` is over. True when it is empty.
  bool Flush(milliseconds patience);

  // When the oldest result that is not delivered yet was appended; nullopt: all are delivered.
  std::optional<Instant> UndeliveredSince() const;
  // Why the last round failed; empty when it did not.
  std::string LastError() const;

 private:
  void Run();

  Spool& spool_;
  const DeliveryOptions options_;
  const SystemClock clock_;
  SystemRandom random_;
  Deliverer deliverer_;
  const Observer observer_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool notified_ = true;  // whatever an earlier life left in the spool
  bool hurry_ = false;
  std::string last_error_;

  std::thread thread_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_DELIVERY_H_
