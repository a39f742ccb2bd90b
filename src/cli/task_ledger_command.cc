// `gophercron task ledger`: how every tick ended.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/outcome_text.h"
#include "cli/service_session.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string project;
  std::string task;
  std::string from;
  std::string to;
  std::size_t number = 20;
};

Cell OutcomeCell(const json::object& row) {
  const auto outcome = task::ParseOutcome(TextOf(row, "outcome"));
  if (!outcome) return Cell(TextOf(row, "outcome"));
  const OutcomeLook look = LookOf(*outcome);
  return Cell(fmt::format("{} {}", look.sign, look.word), look.colour);
}

Result<int> List(ServiceSession& session, const Options& options) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  std::string path = fmt::format("{}/ledger?limit={}", ref->Path(), options.number);
  for (const auto& [name, text] : {std::pair{"from", options.from}, {"to", options.to}}) {
    if (text.empty()) continue;
    const auto at = ParseInstant(text);
    if (!at) return std::unexpected(at.error());
    path += fmt::format("&{}={}", name, UrlEncode(FormatRfc3339(*at)));
  }
  const auto page = session.Get(path);
  if (!page) return std::unexpected(page.error());
  if (session.json()) {
    session.PrintJson(page->body);
    return kExitOk;
  }
  Table table({"TICK", "TO", "TICKS", "OUTCOME", "WHY"});
  if (const json::array* rows = json::Array(page->body, "items")) {
    for (const auto& item : *rows) {
      const json::object& row = item.get_object();
      const auto first = InstantOf(row, "first");
      const auto last = InstantOf(row, "last");
      const std::int64_t count = json::Int(row, "count").value_or(1);
      std::string why = TextOf(row, "reason");
      if (const std::string detail = TextOf(row, "detail"); !detail.empty()) {
        why += (why.empty() ? "" : ": ") + detail;
      }
      table.Add({Cell(first ? LocalTime(*first) : ""),
                 Cell(last && count > 1 ? LocalTime(*last) : "", Colour::kDim),
                 Cell(std::to_string(count)), OutcomeCell(row), Cell(why)});
    }
  }
  session.PrintTable(table);
  return kExitOk;
}

}  // namespace

void AddTaskLedgerCommand(CLI::App& task, int* exit_code) {
  constexpr std::size_t kNumberMax = 1'000;
  auto options = std::make_shared<Options>();
  CLI::App* ledger = task.add_subcommand("ledger", "How each of its ticks ended, newest first");
  AddSessionOptions(*ledger, options->session);
  ledger->add_option("TASK", options->task, "Id or name")->required();
  ledger->add_option("-p,--project", options->project, "Project of the task, by id or title");
  ledger->add_option("--from", options->from, "Ticks from here on, as for `task why`");
  ledger->add_option("--to", options->to, "Ticks before this");
  ledger->add_option("-n,--number", options->number, "How many rows")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kNumberMax));
  ledger->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return List(session, *options); });
  });
}

}  // namespace gophercron::cli
