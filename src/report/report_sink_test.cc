#include "report/report_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "outbound/http_receiver.h"

namespace gophercron::report {
namespace {

using outbound::HttpReceiver;
using testing::ElementsAre;
using testing::HasSubstr;

task::LedgerRecord Success(const std::string& run_id) {
  task::LedgerRecord record;
  record.run.emplace();
  record.run->run_id = run_id;
  record.run->task = {.project_id = 1, .task_id = "1"};
  record.run->outcome = task::Outcome::kSucceeded;
  record.run->exit_code = 0;
  return record;
}

task::LedgerRecord Failure(const std::string& run_id) {
  task::LedgerRecord record = Success(run_id);
  record.run->outcome = task::Outcome::kFailed;
  record.run->exit_code = 1;
  return record;
}

ReportSink SinkTo(const std::string& url, milliseconds timeout = milliseconds(5000)) {
  return ReportSink({.url = url, .address = "192.0.2.2", .zone = {}, .timeout = timeout},
                    [](const task::TaskKey&) { return std::nullopt; });
}

// "warning" or the run's id of each request.
std::vector<std::string> Names(const std::vector<HttpReceiver::Request>& requests) {
  std::vector<std::string> names;
  for (const auto& request : requests) {
    const std::size_t at = request.body.find("\"run_id\":\"");
    names.push_back(at == std::string::npos
                        ? "warning"
                        : request.body.substr(at + 10, request.body.find('"', at + 10) - at - 10));
  }
  return names;
}

TEST(ReportSink, PostsInOrderWithTheHeadersOfVersionOne) {
  HttpReceiver receiver([](const auto&) { return 200; });
  auto sink = SinkTo(receiver.url());
  ASSERT_TRUE(sink.Record(std::vector{Success("a"), Failure("b")}));
  const auto requests = receiver.requests();
  EXPECT_THAT(Names(requests), ElementsAre("a", "warning", "b"));
  EXPECT_THAT(requests[0].head, testing::StartsWith("POST /hook HTTP/1.1\r\n"));
  for (const char* header :
       {"Report-Type: report_task_result\r\n", "Content-Type: application/json\r\n",
        "User-Agent: Go-http-client/1.1\r\n", "Accept-Encoding: gzip\r\n", "Content-Length: "}) {
    EXPECT_THAT(requests[0].head, HasSubstr(header));
  }
  EXPECT_THAT(requests[0].head, testing::Not(HasSubstr("Expect:")));
  EXPECT_THAT(requests[1].head, HasSubstr("Report-Type: report_warning\r\n"));
}

TEST(ReportSink, WhatWasAcceptedIsNotPostedAgain) {
  std::atomic<int> number = 0;
  // The result of "b" fails once, after its warning went through.
  HttpReceiver receiver([&](const auto&) { return ++number == 3 ? 503 : 200; });
  auto sink = SinkTo(receiver.url());
  const std::vector batch{Success("a"), Failure("b"), Success("c")};
  const Status first = sink.Record(batch);
  ASSERT_FALSE(first);
  ASSERT_TRUE(sink.Record(batch));
  EXPECT_THAT(Names(receiver.requests()), ElementsAre("a", "warning", "b", "c", "b"));
}

TEST(ReportSink, AReceiverThatRefusesEverythingIsAway) {
  HttpReceiver receiver([](const auto&) { return 500; });
  auto sink = SinkTo(receiver.url());
  std::vector<task::LedgerRecord> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(Success(std::to_string(i)));
  const Status status = sink.Record(batch);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(status.error().message, HasSubstr("answered 500"));
  EXPECT_LT(receiver.requests().size(), 10u);  // nobody is flooded
}

// Also when it comes alone, as the delivery does in the end.
TEST(ReportSink, ARecordThatAloneDoesNotPassIsRefused) {
  HttpReceiver receiver([](const HttpReceiver::Request& request) {
    return request.body.find("\"bad\"") == std::string::npos ? 200 : 400;
  });
  auto sink = SinkTo(receiver.url());
  const std::vector batch{Success("a"), Success("bad"), Success("c")};
  for (int round = 0; round < 2; ++round) {
    const Status status = sink.Record(batch);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  }
  const Status alone = sink.Record(std::span(batch).subspan(1, 1));
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::kConflict);
}

TEST(ReportSink, OnlyStatus200IsSuccess) {
  HttpReceiver receiver([](const auto&) { return 204; });
  auto sink = SinkTo(receiver.url());
  EXPECT_FALSE(sink.Record(std::vector{Success("a")}));
}

TEST(ReportSink, ASilentReceiverAndOneThatIsNotThere) {
  std::string url;
  {
    HttpReceiver receiver([](const auto&) { return HttpReceiver::kNever; });
    url = receiver.url();
    auto sink = SinkTo(url, milliseconds(50));
    const Status status = sink.Record(std::vector{Success("a")});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kOutcomeUnknown);

    // Whoever stops does not wait for it.
    auto patient = SinkTo(url, std::chrono::hours(1));
    std::thread waits([&] { EXPECT_FALSE(patient.Record(std::vector{Success("a")})); });
    receiver.WaitFor(2);
    patient.Cancel();
    waits.join();
  }
  auto sink = SinkTo(url);
  const Status status = sink.Record(std::vector{Success("a")});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gophercron::report
