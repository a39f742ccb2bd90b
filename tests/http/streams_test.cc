#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/guarded.h"
#include "contract.h"
#include "world.h"

namespace gophercron::http {
namespace {

class Streams : public World {
 protected:
  // What the agent is asked for.
  struct Source final : agent::LiveSource {
    void Follow(std::string_view run_id, bool on) override {
      asked.With(
          [&](auto& list) { list.emplace_back(std::string(run_id) + (on ? " on" : " off")); });
    }
    Guarded<std::vector<std::string>> asked;
  };

  task::RunRecord NewRun() {
    const task::ProjectId project = NewProject("p");
    task::RunRecord run;
    run.run_id = "01aaaaaaaaaaaaaaaaaaaaaaaa";
    run.task = {project, NewTask(project, "t")};
    PutLiveRun(run);
    return run;
  }

  // Everything up to the end of the event that `part` is in.
  static std::string ReadEvent(Connection& reader, std::string_view part) {
    std::string out = reader.ReadUntil(part);
    out += reader.ReadUntil("\n\n");
    EXPECT_THAT(Contract::Served().EventFaults(kOutput, out), testing::IsEmpty());
    return out;
  }

  static std::string NextEvent(Connection& reader) {
    std::string out = reader.ReadUntil("\n\n");
    EXPECT_THAT(Contract::Served().EventFaults(kEvents, out), testing::IsEmpty());
    return out;
  }

  static constexpr std::string_view kOutput = "GET /api/v2/runs/{run}/output/stream";
  static constexpr std::string_view kEvents = "GET /api/v2/events";

  std::string OutputRequest(const task::RunRecord& run, const Headers& headers = {}) {
    return Format(admin_, "GET", "/api/v2/runs/" + run.run_id + "/output/stream", "", headers);
  }
};

TEST_F(Streams, OutputIsFollowedAndResumed) {
  Source source;
  services().events().SetLiveSource(&source);
  const task::RunRecord run = NewRun();
  Connection first(server().port());
  first.Send(OutputRequest(run));
  // The first sign of life comes when the run is followed.
  EXPECT_NE(first.ReadUntil(": still here\n\n").find("text/event-stream"), std::string::npos);
  EXPECT_EQ(source.asked.With([](auto& list) { return list.front(); }), run.run_id + " on");
  services().events().Output(run.run_id, 0, "hello ");
  EXPECT_NE(
      first.ReadUntil("\n\n").find("id: 6\ndata: {\"offset\":0,\"bytes\":6,\"text\":\"hello \"}"),
      std::string::npos);
  // A character in two pieces comes as one.
  services().events().Output(run.run_id, 6, "\xe4\xbd");
  services().events().Output(run.run_id, 8, "\xa0\n");
  const std::string whole = ReadEvent(first, "id: 10\n");
  EXPECT_NE(whole.find("\xe4\xbd\xa0"), std::string::npos) << whole;
  EXPECT_EQ(whole.find("\xef\xbf\xbd"), std::string::npos) << whole;

  Connection second(server().port());
  second.Send(OutputRequest(run, {{"Last-Event-ID", "6"}}));
  const std::string rest = ReadEvent(second, "id: 10\n");
  EXPECT_NE(rest.find("\"offset\":6"), std::string::npos) << rest;
  EXPECT_EQ(rest.find("hello"), std::string::npos);

  task::RunRecord ended = run;
  ended.outcome = task::Outcome::kSucceeded;
  ended.output_bytes = 14;
  services().events().RunEnded(ended, {.head = "hello \xe4\xbd\xa0\nbye\n", .tail = ""});
  for (Connection* reader : {&first, &second}) {
    const std::string last = ReadEvent(*reader, "event: end");
    EXPECT_NE(last.find("bye"), std::string::npos) << last;
    EXPECT_NE(last.find("\"outcome\":\"succeeded\""), std::string::npos) << last;
    EXPECT_TRUE(reader->Closed());
  }
  services().events().SetLiveSource(nullptr);
}

TEST_F(Streams, WhatWasNotKeptIsAGap) {
  task::RunRecord run = NewRun();
  run.outcome = task::Outcome::kSucceeded;
  run.output_bytes = 100;
  run.dropped_bytes = 94;
  services().events().RunEnded(run, {.head = "abc", .tail = "xyz"});
  Connection reader(server().port());
  reader.Send(OutputRequest(run));
  const std::string all = ReadEvent(reader, "event: end");
  EXPECT_NE(all.find("event: gap\ndata: {\"from\":3,\"to\":97}"), std::string::npos) << all;
  EXPECT_NE(all.find("xyz"), std::string::npos);
}

TEST_F(Streams, OutputOfAnEndedRunComesFromTheStore) {
  task::RunRecord run = NewRun();
  run.run_id = "01stored";
  run.output_bytes = 5;
  run.outcome = task::Outcome::kFailed;
  task::LedgerRecord record;
  record.run = run;
  record.output.head = "hello";
  ASSERT_TRUE(ports().store.Record(std::vector{record}).has_value());
  Connection reader(server().port());
  reader.Send(OutputRequest(run));
  const std::string all = ReadEvent(reader, "event: end");
  EXPECT_NE(all.find("\"text\":\"hello\""), std::string::npos) << all;
  EXPECT_NE(all.find("\"outcome\":\"failed\""), std::string::npos) << all;
  EXPECT_TRUE(reader.Closed());
}

TEST_F(Streams, EventsTellOfTasksAndRunsOfOnesOwnProjects) {
  const task::ProjectId mine = NewProject("mine");
  const task::ProjectId other = NewProject("other");
  const std::string token = NewUser("ann");
  AddMember(mine, "ann", storage::Role::kViewer);
  Connection reader(server().port());
  reader.Send(Format(token, "GET", "/api/v2/events", "", {}));
  reader.ReadUntil(": still here\n\n");
  NewTask(other, "hidden");
  const std::string task_id = NewTask(mine, "seen");
  const std::string saved = NextEvent(reader);
  EXPECT_NE(saved.find("event: task_saved"), std::string::npos) << saved;
  EXPECT_NE(saved.find(task_id), std::string::npos)
      << "nothing of the other project came before it";
  task::RunRecord run;
  run.run_id = "01r";
  run.task = {mine, task_id};
  services().events().RunStarted(run);
  EXPECT_NE(NextEvent(reader).find("event: run_started"), std::string::npos);
  task::OutcomeSpan span;
  span.task = run.task;
  span.reason = task::Reason::kNoAgent;
  services().events().TicksEnded(span);
  EXPECT_NE(NextEvent(reader).find("no_agent"), std::string::npos);
}

TEST_F(Streams, ASlowListenerIsToldToReadAgain) {
  auto subscription = services().events().Subscribe(std::nullopt, [] {});
  task::OutcomeSpan span;
  span.task = {1, "t"};
  for (std::size_t i = 0; i < service::EventsHub::kQueueMax + 10; ++i)
    services().events().TicksEnded(span);
  const auto events = subscription->Take();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events.front().kind, service::Event::Kind::kResync);
  services().events().TicksEnded(span);
  EXPECT_EQ(subscription->Take().size(), 1u) << "then it goes on";
}

TEST_F(Streams, SignOutEndsAStream) {
  const std::string token = NewUser("ann");
  Connection reader(server().port());
  reader.Send(Format(token, "GET", "/api/v2/events", "", {}));
  reader.ReadUntil(": still here\n\n");
  EXPECT_EQ(CallAs(token, "DELETE", "/api/v2/session").status, 204);
  EXPECT_TRUE(reader.Closed());
}

}  // namespace
}  // namespace gophercron::http
