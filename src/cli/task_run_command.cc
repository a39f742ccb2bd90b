// `gophercron task run`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <thread>

#include "base/random.h"
#include "cli/api_commands.h"
#include "cli/run_output.h"
#include "cli/service_session.h"
#include "task/run.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string project;
  std::string task;
  std::string key;
  bool wait = false;
  bool follow = false;
};

// The trigger waits for a node to take it, which is a matter of milliseconds; only then is it known
// whether it started.
Result<int> SayWhatBecameOfIt(ServiceSession& session, const TaskRef& ref,
                              const std::string& run_id) {
  constexpr int kLooksMax = 20;
  constexpr milliseconds kBetween(50);
  json::object run;
  for (int look = 0; look < kLooksMax; ++look) {
    if (look > 0) std::this_thread::sleep_for(kBetween);
    const auto found = session.Get("/api/v2/runs/" + UrlEncode(run_id));
    if (!found) continue;  // it was asked for, whatever becomes of the question about it
    run = found->body;
    if (TextOf(run, "state") != "waiting") break;
  }
  const std::string state = TextOf(run, "state");
  const auto outcome = task::ParseOutcome(TextOf(run, "outcome"));
  if (state == "ended" && outcome && !task::IsRunOutcome(*outcome)) {
    PrintText(fmt::format("did not start {}:\n", Printable(ref.name)));
    PrintEnd(run);
    return ExitCodeOfRun(run);
  }
  const std::string_view verb =
      state == "running" || state == "ended" ? "started" : "asked for a run of";
  PrintText(fmt::format("{} {}; see it with: gophercron run log -f {}\n", verb, Printable(ref.name),
                        run_id));
  return kExitOk;
}

Result<int> Run(ServiceSession& session, const Options& options) {
  const auto ref = session.FindTask(options.project, options.task);
  if (!ref) return std::unexpected(ref.error());
  const auto triggered =
      session.Call({.method = "POST",
                    .path = ref->Path() + "/runs",
                    .idempotency_key = options.key.empty() ? RandomHex(16) : options.key});
  if (!triggered) return std::unexpected(triggered.error());
  const std::string run_id = TextOf(triggered->body, "run_id");
  if (!options.wait && !options.follow) {
    if (session.json()) {
      session.PrintJson(triggered->body);
      return kExitOk;
    }
    return SayWhatBecameOfIt(session, *ref, run_id);
  }
  // With --json the answer alone goes to stdout, so nothing of the output may.
  const bool show = options.follow && !session.json();
  const auto run = show ? FollowOutput(session, run_id) : WaitForEnd(session, run_id);
  if (!run) return std::unexpected(run.error());
  if (session.json()) {
    session.PrintJson(*run);
  } else {
    PrintEnd(*run);
  }
  return ExitCodeOfRun(*run);
}

}  // namespace

void AddTaskRunCommand(CLI::App& task, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* run = task.add_subcommand("run", "Runs it now, paused or not");
  AddSessionOptions(*run, options->session);
  run->add_option("TASK", options->task, "Id or name")->required();
  run->add_option("-p,--project", options->project, "Project of the task, by id or title");
  run->add_flag("-w,--wait", options->wait, "Wait for its end and exit with its result");
  run->add_flag("-f,--follow", options->follow, "Show its output meanwhile; waits too");
  run->add_option("--key", options->key,
                  "Idempotency key: the same one within a day means the same run");
  run->footer(
      "With --wait or --follow it exits with the run's own result: its exit code, 128 + signal,\n"
      "124 timed out, 137 killed, 126 failed to start, 1 without a result.");
  run->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Run(session, *options); });
  });
}

}  // namespace gophercron::cli
