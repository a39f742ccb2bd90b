#include "cli/run_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "cli/outcome_text.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

constexpr int kStreamFailuresMax = 20;

std::string RunPath(std::string_view run_id) {
  return "/api/v2/runs/" + UrlEncode(run_id);
}

bool HasEnded(const json::object& run) {
  return TextOf(run, "state") == "ended";
}

std::optional<std::int64_t> NumberIn(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

std::optional<int> SmallInt(const json::object& run, std::string_view member) {
  const auto found = json::Int(run, member);
  return found ? std::optional<int>(static_cast<int>(*found)) : std::nullopt;
}

}  // namespace

OutputWriter::OutputWriter() : terminal_(isatty(STDOUT_FILENO) == 1) {}

void OutputWriter::Write(std::string_view bytes) {
  const std::string shown = terminal_ ? filter_.Feed(bytes) : std::string();
  const std::string_view out = terminal_ ? shown : bytes;
  if (out.empty()) return;
  PrintText(out);
  std::fflush(stdout);
  at_line_start_ = out.back() == '\n';
}

void OutputWriter::Gap(std::int64_t bytes) {
  Finish();
  std::fputs(fmt::format("gophercron: {} of the middle were not kept\n", BytesText(bytes)).c_str(),
             stderr);
}

void OutputWriter::Finish() {
  if (!terminal_) return;
  PrintText(filter_.Finish());
  if (!at_line_start_) PrintText("\n");
  at_line_start_ = true;
  std::fflush(stdout);
}

Status PrintOutput(ServiceSession& session, std::string_view run_id) {
  OutputWriter writer;
  std::int64_t from = 0;
  for (;;) {
    const auto piece = session.Get(fmt::format("{}/output?from={}", RunPath(run_id), from));
    if (!piece) {
      writer.Finish();
      return std::unexpected(piece.error());
    }
    if (piece->bytes.empty()) break;
    const std::int64_t offset = NumberIn(piece->Header("x-output-offset")).value_or(from);
    if (offset > from) writer.Gap(offset - from);
    writer.Write(piece->bytes);
    from = offset + static_cast<std::int64_t>(piece->bytes.size());
  }
  writer.Finish();
  return {};
}

Result<json::object> FollowOutput(ServiceSession& session, std::string_view run_id) {
  auto run = session.Get(RunPath(run_id));
  if (!run) return std::unexpected(std::move(run).error());
  if (HasEnded(run->body)) {
    // Read as bytes: the stream carries text, in which bytes that are no UTF-8 are replaced.
    const Status printed = PrintOutput(session, run_id);
    if (!printed) return std::unexpected(printed.error());
    return std::move(run->body);
  }
  OutputWriter writer;
  std::string last_id;
  bool ended = false;
  const auto on_event = [&](const StreamEvent& event) {
    if (!event.id.empty()) last_id = event.id;
    ended = event.name == "end";
    const auto data = json::ParseObject(event.data);
    if (data && event.name == "output") writer.Write(json::String(*data, "text").value_or(""));
    if (data && event.name == "gap") {
      writer.Gap(json::Int(*data, "to").value_or(0) - json::Int(*data, "from").value_or(0));
    }
    return !ended;
  };
  // A stream that breaks is taken up again where it was; a service that stays away is told.
  for (int failures = 0; !ended && failures < kStreamFailuresMax;) {
    const std::string before = last_id;
    const Status stream =
        session.client().Stream(RunPath(run_id) + "/output/stream", last_id, on_event);
    if (!stream && stream.error().code != ErrorCode::kUnavailable) {
      writer.Finish();
      return std::unexpected(stream.error());
    }
    failures = last_id == before ? failures + 1 : 0;
    if (!ended) std::this_thread::sleep_for(milliseconds(500));
  }
  writer.Finish();
  return WaitForEnd(session, run_id);
}

Result<json::object> WaitForEnd(ServiceSession& session, std::string_view run_id) {
  milliseconds pause(50);
  for (;;) {
    auto run = session.Get(RunPath(run_id));
    if (!run) return std::unexpected(std::move(run).error());
    if (HasEnded(run->body)) return std::move(run->body);
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, milliseconds(1000));
  }
}

void PrintEnd(const json::object& run) {
  const auto outcome = task::ParseOutcome(TextOf(run, "outcome"));
  const OutcomeLook look = outcome ? LookOf(*outcome) : OutcomeLook{"?", "unknown"};
  std::string how = EndText(SmallInt(run, "exit_code"), SmallInt(run, "signal"),
                            json::Bool(run, "core_dumped").value_or(false));
  if (const std::string reason = TextOf(run, "reason"); !reason.empty() && reason != "none") {
    how += (how.empty() ? "" : ", ") + Printable(reason);
  }
  if (const std::string detail = TextOf(run, "detail"); !detail.empty()) {
    how += (how.empty() ? "" : ", ") + Printable(detail);
  }
  const auto started = InstantOf(run, "started_at");
  const auto ended = InstantOf(run, "ended_at");
  const std::string took =
      started && ended ? " after " + DurationText(*ended - *started) : std::string();
  std::fflush(stdout);
  const std::string line =
      fmt::format("{} {}{}{}", look.sign, look.word, how.empty() ? "" : " (" + how + ")", took);
  std::fputs((Paint(line, look.colour, UsesColour(STDERR_FILENO)) + "\n").c_str(), stderr);
}

int ExitCodeOfRun(const json::object& run) {
  const auto outcome = task::ParseOutcome(TextOf(run, "outcome"));
  if (!outcome) return kExitFailed;
  return ExitCodeOf(*outcome, SmallInt(run, "exit_code"), SmallInt(run, "signal"));
}

}  // namespace gophercron::cli
