// `gophercron task why`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string project;
  std::string task;
  std::string instant;
};

void PrintTick(const json::object& why, std::string_view member, std::string_view label) {
  if (const auto at = InstantOf(why, member)) {
    PrintText(fmt::format("  {} {}\n", label, LocalTime(*at)));
  }
}

void PrintWhy(const json::object& why) {
  PrintText(Paint(Printable(TextOf(why, "answer")), Colour::kBold, StdoutUsesColour()) + "\n");
  if (const json::array* facts = json::Array(why, "facts")) {
    for (const auto& fact : *facts) {
      if (fact.is_string()) PrintText(fmt::format("  {}\n", Printable(fact.get_string())));
    }
  }
  if (const json::array* runs = json::Array(why, "runs")) {
    for (const auto& run : *runs) {
      if (!run.is_object()) continue;
      PrintText(fmt::format("  run {} {}: gophercron run log {}\n",
                            TextOf(run.get_object(), "run_id"), TextOf(run.get_object(), "outcome"),
                            TextOf(run.get_object(), "run_id")));
    }
  }
  PrintTick(why, "tick_before", "the tick before:");
  PrintTick(why, "tick_after", "the tick after: ");
}

Result<int> Why(ServiceSession& session, const Options& options, Instant at) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  const auto why =
      session.Get(fmt::format("{}/why?instant={}", ref->Path(), UrlEncode(FormatRfc3339(at))));
  if (!why) return std::unexpected(why.error());
  if (session.json()) {
    session.PrintJson(why->body);
  } else {
    PrintWhy(why->body);
  }
  return kExitOk;
}

}  // namespace

void AddTaskWhyCommand(CLI::App& task, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* why = task.add_subcommand("why", "Why it ran, or did not, at one instant");
  AddSessionOptions(*why, options->session);
  why->add_option("TASK", options->task, "Id or name")->required();
  why->add_option("INSTANT", options->instant,
                  "The planned instant: RFC 3339, or local as \"2026-03-28 03:30:00\"")
      ->required();
  why->add_option("-p,--project", options->project, "Project of the task, by id or title");
  why->footer(
      "Examples:\n"
      "  gophercron task why backup '2026-03-28 03:30:00'\n"
      "  gophercron task why backup 2026-03-28T03:30:00+01:00 --json");
  why->callback([options, exit_code] {
    const auto at = ParseInstant(options->instant);
    if (!at) {
      *exit_code = UsageError(at.error().message);
      return;
    }
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Why(session, *options, *at); });
  });
}

}  // namespace gophercron::cli
