// Channel: one way to tell somebody. Two of them: an HTTP hook, and a command.
//
// Threads: Send on one thread at a time, and it waits; Cancel from any.
#ifndef GOPHERCRON_NOTIFY_CHANNEL_H_
#define GOPHERCRON_NOTIFY_CHANNEL_H_

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "outbound/http_post.h"
#include "process/process_runner.h"

namespace gophercron::notify {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual std::string_view name() const = 0;
  // `document` is the notification as JSON, the same for every attempt under the same `id`.
  // kInvalidArgument and kUnsupported: no use to try again.
  virtual Status Send(const std::string& id, const std::string& document) = 0;
  // The Send that is under way, and every later one, ends soon.
  virtual void Cancel() = 0;
};

// "sha256=" and the hex HMAC-SHA256 of "timestamp.body".
std::string Sign(std::string_view secret, std::string_view timestamp, std::string_view body);

struct HookOptions {
  std::string url;
  std::string secret;  // empty: not signed
  milliseconds timeout{10'000};
};

// POSTs the document. Status 2xx is success; redirects are not followed. Beside it go
// X-Gophercron-Delivery (the id: equal ids are one notification), X-Gophercron-Timestamp (unix
// seconds) and X-Gophercron-Signature.
class HookChannel final : public Channel {
 public:
  HookChannel(HookOptions options, const Clock& clock);
  std::string_view name() const override { return "url"; }
  Status Send(const std::string& id, const std::string& document) override;
  void Cancel() override { poster_.Cancel(); }

 private:
  const HookOptions options_;
  const Clock& clock_;
  outbound::HttpPoster poster_;
};

struct CommandOptions {
  std::vector<std::string> argv;  // {"/bin/sh", "-c", text}
  // Beside GOPHERCRON_INCIDENT, the document.
  std::vector<std::pair<std::string, std::string>> environment;
  seconds timeout{30};
};

// Runs a command. Exit code 0 is success. The runner must have this channel as its RunEvents; Use
// it before the first Send, and stop it before this is destroyed.
class CommandChannel final : public Channel, public process::RunEvents {
 public:
  CommandChannel(CommandOptions options, const Clock& clock);
  void Use(process::ProcessRunner& runner) { runner_ = &runner; }

  std::string_view name() const override { return "command"; }
  Status Send(const std::string& id, const std::string& document) override;
  void Cancel() override;

  void OnStarted(std::string_view run_id, pid_t pid, Instant at) override;
  void OnOutput(std::string_view run_id, std::uint64_t offset, std::string_view bytes) override;
  void OnEnded(std::string_view run_id, process::Exit exit) override;

 private:
  const CommandOptions options_;
  const Clock& clock_;
  SystemRandom random_;
  process::ProcessRunner* runner_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string run_id_;  // under way
  std::optional<process::Exit> exit_;
  bool cancelled_ = false;
};

}  // namespace gophercron::notify

#endif  // GOPHERCRON_NOTIFY_CHANNEL_H_
