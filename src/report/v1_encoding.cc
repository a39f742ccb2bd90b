#include "report/v1_encoding.h"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <utility>

namespace gophercron::report {
namespace {

constexpr std::string_view kNotCompleted = "last task was not completed";

// Length of the UTF-8 sequence that `text` begins with; 0 when it begins with none.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

std::string TimeText(Instant at, cron::Zone zone) {
  return FormatRfc3339(at, zone.OffsetAt(std::chrono::floor<seconds>(at)));
}

// Go's zero time where there is none.
std::string TimeText(std::optional<Instant> at, cron::Zone zone) {
  return at ? TimeText(*at, zone) : "0001-01-01T00:00:00Z";
}

std::string TaskObject(const task::TaskKey& key, std::string_view name, std::string_view command,
                       const Origin& origin) {
  const task::Task definition = origin.definition.value_or(task::Task());
  return fmt::format(
      R"({{"task_id":{},"name":{},"project_id":{},"command":{},"cron":{},"remark":{},)"
      R"("timeout":{},"create_time":{},"status":{},"is_running":{},"noseize":{},"exclusion":{},)"
      R"("client_ip":{}}})",
      QuoteAsGo(key.task_id), QuoteAsGo(name), key.project_id, QuoteAsGo(command),
      QuoteAsGo(definition.cron), QuoteAsGo(definition.remark), definition.timeout.count(),
      std::chrono::floor<seconds>(definition.updated_at).time_since_epoch().count(),
      origin.definition && definition.enabled ? 1 : 0,
      json::Int(definition.unknown, "is_running").value_or(-1), definition.broadcast ? 1 : 0,
      json::Int(definition.unknown, "exclusion").value_or(0), QuoteAsGo(origin.address));
}

std::string WarningBody(const task::TaskKey& key, std::string_view name, std::string_view text,
                        const Origin& origin) {
  return fmt::format(R"({{"data":{},"type":"task","agent_ip":{},"task_name":{},"project_id":{}}})",
                     QuoteAsGo(text), QuoteAsGo(origin.address), QuoteAsGo(name), key.project_id);
}

struct ResultFields {
  std::string task;
  std::optional<Instant> plan_time;
  Instant real_time{};
  std::string output;
  std::string error;
  Instant start_time{};
  Instant end_time{};
  std::string run_id;  // ours; v1 has none
};

std::string ResultBody(const ResultFields& of, cron::Zone zone) {
  std::string body = fmt::format(
      R"({{"execute_info":{{"task":{},"plan_time":"{}","real_time":"{}"}},"output":{},)"
      R"("error":{},"start_time":"{}","end_time":"{}")",
      of.task, TimeText(of.plan_time, zone), TimeText(of.real_time, zone), QuoteAsGo(of.output),
      QuoteAsGo(of.error), TimeText(of.start_time, zone), TimeText(of.end_time, zone));
  if (!of.run_id.empty()) body += fmt::format(R"(,"run_id":{})", QuoteAsGo(of.run_id));
  return body + "}";
}

std::string OutputText(const task::RunRecord& run, const task::RunOutput& output) {
  if (run.dropped_bytes == 0) return output.head + output.tail;
  return fmt::format("{}\n[{} bytes are not kept]\n{}", output.head, run.dropped_bytes,
                     output.tail);
}

std::vector<Message> OfRun(const task::RunRecord& run, const task::RunOutput& output,
                           const Origin& origin) {
  if (!task::IsRunOutcome(run.outcome) && run.outcome != task::Outcome::kLost) return {};
  std::vector<Message> messages;
  ResultFields fields{.task = TaskObject(run.task, run.task_name, run.command, origin),
                      .plan_time = {},
                      .real_time = run.claimed_at,
                      .output = OutputText(run, output),
                      .error = ErrorText(run),
                      .start_time = run.started_at.value_or(run.claimed_at),
                      .end_time = run.ended_at.value_or(run.started_at.value_or(run.claimed_at)),
                      .run_id = run.run_id};
  if (run.tick) fields.plan_time = *run.tick;
  if (!fields.error.empty()) {
    messages.push_back({kWarning, WarningBody(run.task, run.task_name, fields.error, origin)});
  }
  messages.push_back({kTaskResult, ResultBody(fields, origin.zone)});
  return messages;
}

std::string MissedText(const task::OutcomeSpan& span, cron::Zone zone) {
  std::string text = fmt::format("{}: {}", task::Name(span.outcome), task::Name(span.reason));
  if (!span.detail.empty()) text += fmt::format(" ({})", span.detail);
  text += fmt::format(", planned for {}", TimeText(Instant(span.first), zone));
  if (span.count > 1) {
    text += fmt::format(" to {}, {} times", TimeText(Instant(span.last), zone), span.count);
  }
  return text;
}

std::vector<Message> OfSpan(const task::OutcomeSpan& span, const Origin& origin) {
  const std::string name = origin.definition ? origin.definition->name : span.task.task_id;
  if (span.outcome == task::Outcome::kMissed || span.outcome == task::Outcome::kLost) {
    return {{kWarning, WarningBody(span.task, name, MissedText(span, origin.zone), origin)}};
  }
  if (span.outcome != task::Outcome::kSkipped || span.reason != task::Reason::kOverlap) return {};
  // As v1 tells of a tick that met its predecessor.
  const std::string command = origin.definition ? task::CommandLine(*origin.definition) : "";
  const ResultFields fields{.task = TaskObject(span.task, name, command, origin),
                            .plan_time = Instant(span.last),
                            .real_time = span.recorded_at,
                            .output = std::string(kNotCompleted),
                            .error = fmt::format("task {} execute error: {}", name, kNotCompleted),
                            .start_time = span.recorded_at,
                            .end_time = span.recorded_at,
                            .run_id = {}};
  return {{kWarning, WarningBody(span.task, name, fields.error, origin)},
          {kTaskResult, ResultBody(fields, origin.zone)}};
}

std::string ExitText(int code) {
  static constexpr std::array<std::pair<int, std::string_view>, 7> kTexts{
      {{2, "terminal interrupt"},
       {9, "process terminated"},
       {126, "unexecutable command"},
       {127, "command not found"},
       {128, "invalid exit parameter"},
       {130, "sig exit"},
       {255, "error exit code"}}};
  for (const auto& [number, text] : kTexts) {
    if (number == code) return std::string(text);
  }
  return fmt::format("exit status {}", code);
}

std::string SignalText(int signal, bool core_dumped) {
  if (signal == SIGKILL) return "timeout";
  // The names that Go has for them.
  static constexpr std::array<std::string_view, 15> kNames{"hangup",
                                                           "interrupt",
                                                           "quit",
                                                           "illegal instruction",
                                                           "trace/breakpoint trap",
                                                           "aborted",
                                                           "bus error",
                                                           "floating point exception",
                                                           "killed",
                                                           "user defined signal 1",
                                                           "segmentation fault",
                                                           "user defined signal 2",
                                                           "broken pipe",
                                                           "alarm clock",
                                                           "terminated"};
  const std::string name = signal >= 1 && signal <= 15
                               ? std::string(kNames.at(static_cast<std::size_t>(signal - 1)))
                               : fmt::format("signal {}", signal);
  return fmt::format("signal: {}{}", name, core_dumped ? " (core dumped)" : "");
}

}  // namespace

std::vector<Message> Messages(const task::LedgerRecord& record, const Origin& origin) {
  if (record.run) return OfRun(*record.run, record.output, origin);
  if (record.span) return OfSpan(*record.span, origin);
  return {};
}

std::string ErrorText(const task::RunRecord& run) {
  switch (run.outcome) {
    case task::Outcome::kSucceeded:
      return "";
    case task::Outcome::kFailed:
      if (run.exit_code) return ExitText(*run.exit_code);
      if (run.signal) return SignalText(*run.signal, run.core_dumped);
      break;
    case task::Outcome::kTimedOut:
    case task::Outcome::kKilled:
      return "timeout";  // v1 has the one word for both
    default:
      break;
  }
  return run.detail.empty() ? std::string(task::Name(run.outcome)) : run.detail;
}

std::string QuoteAsGo(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    const std::string_view piece = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(piece.size());
    const auto first = static_cast<unsigned char>(piece[0]);
    if (length == 0) {
      out += "\\ufffd";
    } else if (piece == "\"" || piece == "\\") {
      out += "\\";
      out += piece;
    } else if (piece == "\n") {
      out += "\\n";
    } else if (piece == "\r") {
      out += "\\r";
    } else if (piece == "\t") {
      out += "\\t";
    } else if (first < 0x20 || piece == "<" || piece == ">" || piece == "&") {
      out += fmt::format("\\u{:04x}", first);
    } else if (piece == "\u2028" || piece == "\u2029") {
      out += piece == "\u2028" ? "\\u2028" : "\\u2029";
    } else {
      out += piece;
    }
  }
  return out + "\"";
}

}  // namespace gophercron::report
