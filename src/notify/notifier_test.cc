#include "notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "outbound/http_receiver.h"

namespace gophercron::notify {
namespace {

using outbound::HttpReceiver;
using testing::HasSubstr;

constexpr seconds kPatience{60};

task::LedgerRecord Failure(const std::string& task_id) {
  task::LedgerRecord record;
  record.run.emplace();
  record.run->run_id = "r" + task_id;
  record.run->task = {.project_id = 1, .task_id = task_id};
  record.run->claimed_at = Instant(seconds(1'800'000'000));
  record.run->outcome = task::Outcome::kFailed;
  record.run->exit_code = 1;
  return record;
}

NotifierOptions Quick() {
  NotifierOptions options;
  options.attempts = 3;
  options.pause_first = milliseconds(1);
  return options;
}

std::string HeaderOf(const HttpReceiver::Request& request, const std::string& name) {
  const std::size_t at = request.head.find(name + ": ");
  if (at == std::string::npos) return "";
  const std::size_t value = at + name.size() + 2;
  return request.head.substr(value, request.head.find('\r', value) - value);
}

// RFC 4231 has no case with a full stop in it; this one was made with another implementation:
// printf '1.{}' | openssl dgst -sha256 -hmac k
TEST(Sign, IsAnHmac) {
  EXPECT_EQ(Sign("k", "1", "{}"),
            "sha256=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158");
}

TEST(Notifier, PostsASignedDocument) {
  const SystemClock clock;
  HttpReceiver receiver([](const auto&) { return 204; });
  HookChannel hook({.url = receiver.url(), .secret = "s3cret"}, clock);
  Notifier notifier(Quick(), {&hook}, clock);
  notifier.Observe(Failure("4711"));
  ASSERT_TRUE(notifier.WaitForDeliveries(1, kPatience));
  const auto request = receiver.requests().at(0);
  EXPECT_THAT(request.body, HasSubstr(R"("kind":"failed","project_id":1,"task_id":"4711")"));
  EXPECT_EQ(HeaderOf(request, "X-Gophercron-Signature"),
            Sign("s3cret", HeaderOf(request, "X-Gophercron-Timestamp"), request.body));
  const auto log = notifier.Log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].channel, "url");
  EXPECT_EQ(log[0].id, HeaderOf(request, "X-Gophercron-Delivery"));
  EXPECT_EQ(log[0].attempts, 1);
  EXPECT_EQ(log[0].error, "");
}

TEST(Notifier, TriesAgainUnderTheSameIdAndGivesUpInTheEnd) {
  const SystemClock clock;
  std::atomic<int> number = 0;
  HttpReceiver receiver([&](const auto&) { return ++number == 2 ? 200 : 500; });
  HookChannel hook({.url = receiver.url(), .secret = ""}, clock);
  Notifier notifier(Quick(), {&hook}, clock);
  notifier.Observe(Failure("1"));
  notifier.Observe(Failure("2"));
  ASSERT_TRUE(notifier.WaitForDeliveries(2, kPatience));
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 5u);  // 500, 200; 500, 500, 500
  EXPECT_EQ(HeaderOf(requests[0], "X-Gophercron-Delivery"),
            HeaderOf(requests[1], "X-Gophercron-Delivery"));
  EXPECT_EQ(HeaderOf(requests[0], "X-Gophercron-Signature"), "");
  const auto log = notifier.Log();
  EXPECT_EQ(log.at(0).attempts, 2);
  EXPECT_EQ(log.at(0).error, "");
  EXPECT_EQ(log.at(1).attempts, 3);
  EXPECT_THAT(log.at(1).error, HasSubstr("answered 500"));
}

TEST(Notifier, AReceiverThatIsNotThere) {
  const SystemClock clock;
  std::string url;
  {
    HttpReceiver receiver([](const auto&) { return 200; });
    url = receiver.url();
  }
  HookChannel hook({.url = url, .secret = ""}, clock);
  Notifier notifier(Quick(), {&hook}, clock);
  notifier.Observe(Failure("1"));
  ASSERT_TRUE(notifier.WaitForDeliveries(1, kPatience));
  EXPECT_THAT(notifier.Log().at(0).error, HasSubstr("can not be reached"));
}

// A channel that never comes back delays neither the others nor the end, and what waits for it is
// bounded.
TEST(Notifier, ASilentReceiverDelaysNobody) {
  const SystemClock clock;
  HttpReceiver silent([](const auto&) { return HttpReceiver::kNever; });
  HttpReceiver quick([](const auto&) { return 200; });
  HookChannel stuck({.url = silent.url(), .secret = "", .timeout = std::chrono::hours(1)}, clock);
  HookChannel hook({.url = quick.url(), .secret = ""}, clock);
  NotifierOptions options = Quick();
  options.queue_max = 5;
  options.rules.per_minute = 100;
  Notifier notifier(options, {&stuck, &hook}, clock);
  notifier.Observe(Failure("first"));
  silent.WaitFor(1);
  for (int i = 0; i < 10; ++i) {
    notifier.Observe(Failure(std::to_string(i)));
    quick.WaitFor(static_cast<std::size_t>(i) + 2);
  }
  // Eleven by the quick one, and five that found no place behind the first and five that wait.
  ASSERT_TRUE(notifier.WaitForDeliveries(16, kPatience));
  for (const Delivery& delivery : notifier.Log()) {
    EXPECT_EQ(delivery.error.empty(), delivery.attempts == 1);
  }
}

// Ends each command as it is told, on a thread of its own as a real runner does.
class FakeRunner final : public process::ProcessRunner {
 public:
  FakeRunner(process::RunEvents& events, int exit_code) : events_(events), exit_code_(exit_code) {}
  ~FakeRunner() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void Start(process::Command command) override {
    commands.push_back(command);
    threads_.emplace_back([this, id = command.run_id] {
      process::Exit exit;
      exit.exit_code = exit_code_;
      events_.OnEnded(id, exit);
    });
  }
  void Kill(std::string_view) override {}
  void Follow(std::string_view, bool) override {}
  std::size_t Running() const override { return 0; }
  Result<std::vector<process::Stray>> EndStrays(microseconds) override { return {}; }
  void Stop(microseconds) override {}

  std::vector<process::Command> commands;

 private:
  process::RunEvents& events_;
  const int exit_code_;
  std::vector<std::thread> threads_;
};

TEST(CommandChannel, FindsTheDocumentInItsEnvironment) {
  const SystemClock clock;
  CommandChannel channel({.argv = {"/bin/sh", "-c", "x"}, .environment = {{"A", "1"}}}, clock);
  FakeRunner runner(channel, 0);
  channel.Use(runner);
  ASSERT_TRUE(channel.Send("id", "{\"a\":1}"));
  ASSERT_EQ(runner.commands.size(), 1u);
  EXPECT_THAT(runner.commands[0].environment,
              testing::ElementsAre(testing::Pair("A", "1"),
                                   testing::Pair("GOPHERCRON_INCIDENT", "{\"a\":1}"),
                                   testing::Pair("GOPHERCRON_DELIVERY", "id")));
  EXPECT_TRUE(runner.commands[0].timeout.has_value());
}

TEST(CommandChannel, AFailureSaysHow) {
  const SystemClock clock;
  CommandChannel channel({.argv = {"x"}, .environment = {}}, clock);
  FakeRunner runner(channel, 3);
  channel.Use(runner);
  const Status sent = channel.Send("id", "{}");
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().message, HasSubstr("ended with 3"));
  channel.Cancel();
  EXPECT_FALSE(channel.Send("id", "{}"));
  EXPECT_EQ(runner.commands.size(), 1u);
}

}  // namespace
}  // namespace gophercron::notify
