#include "notify/notifier.h"

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "base/log.h"

namespace gophercron::notify {
namespace {

// Wall time may be set while we wait for an instant of it.
constexpr seconds kWaitMax{5};
constexpr milliseconds kPauseMax{60'000};

}  // namespace

// What waits for one channel, and the thread that sends it.
class Notifier::Lane {
 public:
  struct Item {
    std::string id;
    Notification notification;
  };

  Lane(Notifier& notifier, Channel& channel)
      : notifier_(notifier), channel_(channel), thread_([this] { Run(); }) {}
  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    channel_.Cancel();
    thread_.join();
  }

  void Push(Item item) {
    {
      const std::lock_guard lock(mutex_);
      if (items_.size() < notifier_.options_.queue_max) {
        items_.push_back(std::move(item));
        changed_.notify_all();
        return;
      }
    }
    Conclude(item, 0, "too many notifications wait for this channel");
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stop_ || !items_.empty(); });
      if (stop_) return;
      const Item item = std::move(items_.front());
      items_.pop_front();
      if (!Deliver(item, lock)) return;
    }
  }

  // False: told to stop.
  bool Deliver(const Item& item, std::unique_lock<std::mutex>& lock) {
    const std::string document = json::serialize(ToJson(item.notification));
    milliseconds pause = notifier_.options_.pause_first;
    for (int attempt = 1;; ++attempt) {
      lock.unlock();
      const Status sent = channel_.Send(item.id, document);
      lock.lock();
      if (stop_) return false;
      const bool hopeless = !sent && (sent.error().code == ErrorCode::kInvalidArgument ||
                                      sent.error().code == ErrorCode::kUnsupported);
      if (sent || hopeless || attempt == notifier_.options_.attempts) {
        Conclude(item, attempt, sent ? "" : sent.error().message);
        return true;
      }
      if (changed_.wait_for(lock, pause, [this] { return stop_; })) return false;
      pause = std::min(pause * 2, kPauseMax);
    }
  }

  void Conclude(const Item& item, int attempts, std::string error) {
    if (!error.empty()) {
      log::Warning("a notification of task {} in project {} was given up: {}",
                   item.notification.task.task_id, item.notification.task.project_id, error);
    }
    notifier_.Conclude({.at = notifier_.clock_.Now(),
                        .channel = std::string(channel_.name()),
                        .id = item.id,
                        .kind = item.notification.kind,
                        .task = item.notification.task,
                        .attempts = attempts,
                        .error = std::move(error)});
  }

  Notifier& notifier_;
  Channel& channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::deque<Item> items_;
  std::thread thread_;
};

Notifier::Notifier(NotifierOptions options, std::vector<Channel*> channels, const Clock& clock)
    : options_(std::move(options)), clock_(clock), incidents_(options_.rules) {
  for (Channel* channel : channels) lanes_.push_back(std::make_unique<Lane>(*this, *channel));
  thread_ = std::thread([this] { Decide(); });
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  lanes_.clear();
}

void Notifier::Observe(const task::LedgerRecord& record) {
  {
    const std::lock_guard lock(mutex_);
    incidents_.Observe(record, clock_.Now());
    observed_ = true;
  }
  changed_.notify_all();
}

void Notifier::Started(const task::RunRecord& run) {
  {
    const std::lock_guard lock(mutex_);
    incidents_.Started(run);
    observed_ = true;
  }
  changed_.notify_all();
}

std::vector<Delivery> Notifier::Log() const {
  const std::lock_guard lock(mutex_);
  return {log_.begin(), log_.end()};
}

bool Notifier::WaitForDeliveries(std::size_t count, milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return concluded_ >= count; });
}

void Notifier::Decide() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    observed_ = false;
    std::vector<Notification> taken = incidents_.Take(clock_.Now());
    lock.unlock();
    for (Notification& notification : taken) {
      const Lane::Item item{.id = NewId(clock_.Now(), random_),
                            .notification = std::move(notification)};
      for (const auto& lane : lanes_) lane->Push(item);
    }
    lock.lock();
    const auto woken = [this] { return stop_ || observed_; };
    const auto wake = incidents_.NextWake();
    if (!wake) {
      changed_.wait(lock, woken);
    } else if (const microseconds wait = *wake - clock_.Now(); wait > microseconds(0)) {
      changed_.wait_for(lock, std::min<microseconds>(wait, kWaitMax), woken);
    }
  }
}

void Notifier::Conclude(Delivery delivery) {
  {
    const std::lock_guard lock(mutex_);
    log_.push_back(std::move(delivery));
    if (log_.size() > options_.log_max) log_.pop_front();
    ++concluded_;
  }
  changed_.notify_all();
}

}  // namespace gophercron::notify
