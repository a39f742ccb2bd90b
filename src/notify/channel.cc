#include "notify/channel.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "base/id.h"

namespace gophercron::notify {

std::string Sign(std::string_view secret, std::string_view timestamp, std::string_view body) {
  const std::string message = fmt::format("{}.{}", timestamp, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
               reinterpret_cast<const unsigned char*>(message.data()), message.size(),
               digest.data(), &size) != nullptr);
  std::string text = "sha256=";
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest.at(i));
  return text;
}

HookChannel::HookChannel(HookOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Status HookChannel::Send(const std::string& id, const std::string& document) {
  const std::string timestamp =
      std::to_string(std::chrono::floor<seconds>(clock_.Now()).time_since_epoch().count());
  outbound::PostRequest request{
      .url = options_.url,
      .headers = {"Content-Type: application/json", "User-Agent: gophercron",
                  "X-Gophercron-Delivery: " + id, "X-Gophercron-Timestamp: " + timestamp},
      .body = document,
      .timeout = options_.timeout};
  if (!options_.secret.empty()) {
    request.headers.push_back("X-Gophercron-Signature: " +
                              Sign(options_.secret, timestamp, document));
  }
  const auto answer = poster_.Post(request);
  if (!answer) return std::unexpected(answer.error());
  if (*answer >= 200 && *answer < 300) return {};
  return Fail(ErrorCode::kUnavailable,
              fmt::format("{} answered {}; 2xx is success", options_.url, *answer));
}

CommandChannel::CommandChannel(CommandOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Status CommandChannel::Send(const std::string& id, const std::string& document) {
  CHECK(runner_ != nullptr);
  // The id of a run is used once; attempts share the notification's.
  process::Command command{.run_id = "notify-" + NewId(clock_.Now(), random_),
                           .argv = options_.argv,
                           .environment = options_.environment,
                           .timeout = options_.timeout};
  command.environment.emplace_back("GOPHERCRON_INCIDENT", document);
  command.environment.emplace_back("GOPHERCRON_DELIVERY", id);
  command.output_limit = 4096;

  std::unique_lock lock(mutex_);
  if (cancelled_) return Fail(ErrorCode::kUnavailable, "the program stops");
  run_id_ = command.run_id;
  exit_.reset();
  lock.unlock();
  runner_->Start(std::move(command));
  lock.lock();
  if (cancelled_) runner_->Kill(run_id_);
  changed_.wait(lock, [this] { return exit_.has_value(); });
  run_id_.clear();
  if (exit_->Succeeded()) return {};
  if (exit_->end == process::End::kFailedToStart) {
    return Fail(ErrorCode::kUnavailable,
                "the command of [notify] could not be started: " +
                    exit_->failure.value_or(process::StartFailure()).message);
  }
  const std::string how = exit_->end == process::End::kTimedOut
                              ? fmt::format("took longer than {} s", options_.timeout.count())
                          : exit_->exit_code
                              ? fmt::format("ended with {}", *exit_->exit_code)
                              : fmt::format("ended by signal {}", exit_->signal.value_or(0));
  return Fail(ErrorCode::kUnavailable, "the command of [notify] " + how + "; 0 is success");
}

void CommandChannel::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (!run_id_.empty()) runner_->Kill(run_id_);
}

void CommandChannel::OnStarted(std::string_view, pid_t, Instant) {}
void CommandChannel::OnOutput(std::string_view, std::uint64_t, std::string_view) {}

void CommandChannel::OnEnded(std::string_view run_id, process::Exit exit) {
  {
    const std::lock_guard lock(mutex_);
    if (run_id != run_id_) return;
    exit_ = std::move(exit);
  }
  changed_.notify_all();
}

}  // namespace gophercron::notify
