#include "cli/cron_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cron/explain.h"
#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace gophercron::cli {
namespace {

// Longer lines of --stdin are refused unread.
constexpr std::size_t kLineBytesMax = 64 * 1024;

struct Answer {
  cron::Zone zone;
  std::vector<TickInstant> ticks;
};

std::unexpected<Error> Wrong(std::string field, std::string message, std::size_t length) {
  return std::unexpected(Error{
      .code = ErrorCode::kInvalidArgument,
      .message = message,
      .fields = {{.field = std::move(field), .message = message, .offset = 0, .length = length}}});
}

// A time with an offset, or one that stands on the wall of `zone`. Its seconds, or its time, may be
// left out.
Result<Instant> ReadFrom(const std::string& text, cron::Zone zone) {
  if (auto instant = ParseRfc3339(text)) return instant;
  for (const std::string_view rest : {"Z", ":00Z", "T00:00:00Z"}) {
    if (const auto as_utc = ParseRfc3339(text + std::string(rest))) {
      const cron::WallTime wall(std::chrono::floor<seconds>(as_utc->time_since_epoch()));
      return Instant(zone.FromWall(wall));
    }
  }
  return Wrong("from",
               "from is not a time: write it as 2026-03-28T12:00:00, with an offset or Z at the "
               "end where it "
               "is not meant in the zone",
               text.size());
}

Result<Answer> AnswerOf(const NextQuestion& question, Instant now) {
  auto zone = cron::Zone::Load(question.zone);
  if (!zone) return Wrong("zone", zone.error().message, question.zone.size());
  auto expression = cron::Parse(question.expr, question.id);
  if (!expression) {
    for (FieldError& field : expression.error().fields) field.field = "expr";
    return std::unexpected(std::move(expression).error());
  }
  if (question.count < 1 || question.count > kTickCountMax) {
    return Wrong("count", fmt::format("count is {}; write 1 to {}", question.count, kTickCountMax),
                 0);
  }
  auto from = question.from.empty() ? Result<Instant>(now) : ReadFrom(question.from, *zone);
  if (!from) return std::unexpected(std::move(from).error());
  return Answer{
      .zone = *zone,
      .ticks = cron::Between(*expression, *zone, std::chrono::floor<seconds>(*from),
                             TickInstant::max(), static_cast<std::size_t>(question.count))};
}

json::object ErrorJson(const Error& error) {
  json::object inner;
  inner["offset"] = 0;
  inner["length"] = 0;
  inner["message"] = error.message;
  if (!error.fields.empty()) {
    const FieldError& field = error.fields.front();
    if (!field.field.empty()) inner["field"] = field.field;
    inner["offset"] = field.offset.value_or(0);
    inner["length"] = field.length.value_or(0);
    inner["message"] = field.message;
  }
  return {{"ok", false}, {"error", std::move(inner)}};
}

json::object AnswerJson(const Answer& answer) {
  json::array next;
  for (const TickInstant tick : answer.ticks) {
    next.emplace_back(FormatRfc3339(tick, answer.zone.OffsetAt(tick)));
  }
  return {{"ok", true}, {"next", std::move(next)}};
}

json::object JsonOf(const Result<Answer>& answer) {
  return answer ? AnswerJson(*answer) : ErrorJson(answer.error());
}

// Reads the string member `name` into *to, when it is there; a member of another type is an error.
Status ReadString(const json::object& from, std::string_view name, std::string* to) {
  const json::value* const member = from.if_contains(name);
  if (member == nullptr || member->is_null()) return {};
  const auto text = json::String(from, name);
  if (!text) return Wrong(std::string(name), fmt::format("\"{}\" must be a string", name), 0);
  *to = *text;
  return {};
}

Result<NextQuestion> ReadQuestion(std::string_view line, NextQuestion question) {
  auto parsed = json::ParseObject(line);
  if (!parsed) {
    for (FieldError& field : parsed.error().fields) field.field = "line";
    return std::unexpected(std::move(parsed).error());
  }
  if (!parsed->contains("expr")) return Wrong("expr", "\"expr\" is missing", 0);
  for (const auto& [name, member] : {std::pair{"expr", &question.expr},
                                     {"zone", &question.zone},
                                     {"from", &question.from},
                                     {"id", &question.id}}) {
    if (auto read = ReadString(*parsed, name, member); !read) return std::unexpected(read.error());
  }
  if (const json::value* const count = parsed->if_contains("count"); count != nullptr) {
    const auto number = json::Int(*parsed, "count");
    if (!number || *number < 1 || *number > kTickCountMax) {
      return Wrong("count", fmt::format("\"count\" must be a number from 1 to {}", kTickCountMax),
                   0);
    }
    question.count = static_cast<int>(*number);
  }
  return question;
}

// The next line, cut at a byte more than the limit; false at the end of `in`.
bool ReadLine(std::istream& in, std::string* line) {
  line->clear();
  bool any = false;
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get()) {
    any = true;
    if (c == '\n') return true;
    if (line->size() <= kLineBytesMax) *line += static_cast<char>(c);
  }
  return any;
}

// How many columns of a terminal `text` takes: signs of three bytes and more are two wide there.
std::size_t ColumnsOf(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) columns += byte >= 0xe0 ? 2 : 1;
  }
  return columns;
}

// The sentence, then the text with carets under what is wrong.
void PrintError(const Error& error, const std::string& expr, std::ostream& err) {
  const FieldError* const field = error.fields.empty() ? nullptr : &error.fields.front();
  err << "gophercron: " << (field != nullptr ? field->message : error.message) << "\n";
  if (field == nullptr || field->field == "zone" || field->field == "from" ||
      field->field == "count") {
    return;
  }
  std::string shown = expr;
  for (char& c : shown) {
    if ((c >= 0 && c < ' ') || c == 0x7f) c = ' ';
  }
  const std::size_t offset = std::min(field->offset.value_or(0), shown.size());
  const auto wrong = std::string_view(shown).substr(offset, field->length.value_or(0));
  err << "  " << shown << "\n  "
      << std::string(ColumnsOf(std::string_view(shown).substr(0, offset)), ' ')
      << std::string(std::max<std::size_t>(ColumnsOf(wrong), 1), '^') << "\n";
}

void PrintTicks(const Answer& answer, std::ostream& out) {
  for (const TickInstant tick : answer.ticks) {
    const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(answer.zone.ToWall(tick)));
    constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    out << FormatRfc3339(tick, answer.zone.OffsetAt(tick)) << "  "
        << kDays.substr(day.c_encoding() * 3, 3) << " " << answer.zone.AbbreviationAt(tick);
    const auto change = answer.zone.NextChange(tick - seconds(1));
    if (change && change->at == tick && change->IsGap()) out << "  (the clocks go forward)";
    out << "\n";
  }
}

struct Options {
  std::vector<std::string> expr;
  NextQuestion question;
  std::string language = "en";
  bool as_json = false;
  bool from_stdin = false;
};

// The one text that the expression is, or an exit code.
std::optional<std::string> OneExpression(const Options& options) {
  if (options.expr.size() == 1) return options.expr.front();
  std::cerr << (options.expr.empty()
                    ? "gophercron: the expression is missing; write it in quotes, as "
                      "'*/5 * * * *'\n"
                    : "gophercron: the expression is one argument; put it in quotes, as "
                      "'*/5 * * * *', so that the shell leaves it whole\n");
  return std::nullopt;
}

std::size_t Fields(const std::string& expr) {
  std::istringstream words(expr);
  return static_cast<std::size_t>(std::distance(std::istream_iterator<std::string>(words),
                                                std::istream_iterator<std::string>()));
}

int RunNext(Options& options) {
  const SystemClock clock;
  if (options.question.zone.empty()) options.question.zone = cron::MachineZoneName();
  if (options.from_stdin) {
    AnswerLines(std::cin, std::cout, options.question, clock);
    return 0;
  }
  const auto expr = OneExpression(options);
  if (!expr) return 2;
  options.question.expr = *expr;
  return PrintNext(options.question, clock.Now(), options.as_json, std::cout, std::cerr);
}

int RunExplain(const Options& options) {
  const auto expr = OneExpression(options);
  if (!expr) return 2;
  return PrintExplanation(*expr, options.question.id, options.language, std::cout, std::cerr);
}

}  // namespace

std::string AnswerLine(std::string_view line, const NextQuestion& defaults, Instant now) {
  if (line.size() > kLineBytesMax) {
    const auto error =
        Wrong("line", fmt::format("the line is longer than {} bytes", kLineBytesMax), 0);
    return json::serialize(ErrorJson(error.error()));
  }
  const auto question = ReadQuestion(line, defaults);
  if (!question) return json::serialize(ErrorJson(question.error()));
  return json::serialize(JsonOf(AnswerOf(*question, now)));
}

void AnswerLines(std::istream& in, std::ostream& out, const NextQuestion& defaults,
                 const Clock& clock) {
  std::string line;
  while (ReadLine(in, &line)) out << AnswerLine(line, defaults, clock.Now()) << std::endl;
}

int PrintNext(const NextQuestion& question, Instant now, bool as_json, std::ostream& out,
              std::ostream& err) {
  const auto answer = AnswerOf(question, now);
  if (as_json) {
    out << json::serialize(JsonOf(answer)) << "\n";
    return answer ? 0 : 1;
  }
  if (!answer) {
    PrintError(answer.error(), question.expr, err);
    return 1;
  }
  PrintTicks(*answer, out);
  if (answer->ticks.size() < static_cast<std::size_t>(question.count)) {
    err << (answer->ticks.empty() ? "It never fires again.\n" : "Then it never fires again.\n");
  }
  return 0;
}

int PrintExplanation(const std::string& expr, const std::string& id, std::string_view language,
                     std::ostream& out, std::ostream& err) {
  const auto expression = cron::Parse(expr, id);
  if (!expression) {
    PrintError(expression.error(), expr, err);
    return 1;
  }
  // Other programs read six fields as seconds first.
  if (Fields(expr) == 6) {
    err << "gophercron: six fields are minute, hour, day, month, weekday and YEAR here. With "
           "seconds "
           "it takes seven: second minute hour day month weekday year\n";
  }
  out << cron::Explain(*expression,
                       language == "zh" ? cron::Language::kChinese : cron::Language::kEnglish)
      << "\n";
  return 0;
}

void AddCronCommand(CLI::App& app, int* exit_code) {
  CLI::App* const cron =
      app.add_subcommand("cron", "Ask what a cron expression means and when it fires");
  cron->require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App* const next =
      cron->add_subcommand("next", "Print the next times at which an expression fires");
  next->add_option("expr", options->expr, "The expression, in quotes");
  next->add_option("--zone", options->question.zone,
                   "Time zone by its IANA name, such as Europe/Berlin (default: this machine's)");
  next->add_option(
      "--from", options->question.from,
      "Times after this one, such as 2026-03-28T12:00:00, read in --zone if it has no offset "
      "(default: now)");
  next->add_option("-n,--count", options->question.count, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, kTickCountMax));
  next->add_option("--id", options->question.id, "The task's id, which H is spread by");
  next->add_flag("--json", options->as_json, "Print one JSON object");
  next->add_flag(
      "--stdin", options->from_stdin,
      "Read one JSON object a line, {\"expr\",\"zone\",\"from\",\"count\",\"id\"}, and answer each "
      "with one line");
  next->footer(
      "Examples:\n"
      "  gophercron cron next '*/5 * * * *'\n"
      "  gophercron cron next --zone Europe/Berlin --from 2026-03-28T12:00:00 -n 3 '30 2 * * *'\n"
      "  gophercron cron next --id 4711 'H H(2-5) * * *'");
  next->callback([options, exit_code] { *exit_code = RunNext(*options); });

  CLI::App* const explain =
      cron->add_subcommand("explain", "Say in plain words when an expression fires");
  explain->add_option("expr", options->expr, "The expression, in quotes");
  explain->add_option("--lang", options->language, "en or zh")
      ->capture_default_str()
      ->check(CLI::IsMember({"en", "zh"}));
  explain->add_option("--id", options->question.id, "The task's id, which H is spread by");
  explain->footer(
      "Examples:\n"
      "  gophercron cron explain '30 3 * * mon-fri'\n"
      "  gophercron cron explain --lang zh '0 0 LW * *'");
  explain->callback([options, exit_code] { *exit_code = RunExplain(*options); });
}

}  // namespace gophercron::cli
