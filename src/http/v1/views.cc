#include "http/v1/views.h"

#include <fmt/format.h>

#include "base/id.h"
#include "base/json.h"
#include "report/v1_encoding.h"

namespace gophercron::http::v1 {
namespace {

std::int64_t UnixTime(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

// v1 numbered the rows of its table. Ours have ids of letters; this is a number that grows with
// them and that JavaScript can hold: 41 bits of milliseconds, 12 bits against those that share one.
std::int64_t NumberOf(const task::RunRecord& run) {
  const auto made =
      std::chrono::duration_cast<milliseconds>(run.claimed_at.time_since_epoch()).count();
  std::uint32_t hash = 0;
  for (const char c : run.run_id) hash = hash * 31 + static_cast<unsigned char>(c);
  return made << 12 | (hash & 0xfff);
}

}  // namespace

std::string Quoted(std::string_view text) {
  return report::QuoteAsGo(text);
}

std::string TextOf(const storage::User& user) {
  return fmt::format(R"({{"id":{},"name":{},"permission":{},"account":{},"create_time":{}}})",
                     user.id, Quoted(user.name), Quoted(user.permission), Quoted(user.account),
                     UnixTime(user.created_at));
}

std::string TextOf(const task::Task& task, std::optional<bool> running) {
  const std::int64_t is_running =
      running ? (*running ? 1 : 0) : json::Int(task.unknown, "is_running").value_or(-1);
  return fmt::format(
      R"({{"task_id":{},"name":{},"project_id":{},"command":{},"cron":{},"remark":{},)"
      R"("timeout":{},"create_time":{},"status":{},"is_running":{},"noseize":{},"exclusion":{},)"
      R"("client_ip":{}}})",
      Quoted(task.key.task_id), Quoted(task.name), task.key.project_id,
      Quoted(task::CommandLine(task)), Quoted(task.cron), Quoted(task.remark), task.timeout.count(),
      UnixTime(task.updated_at), task.enabled ? 1 : 0, is_running, task.broadcast ? 1 : 0,
      json::Int(task.unknown, "exclusion").value_or(0),
      Quoted(json::String(task.unknown, "client_ip").value_or("")));
}

std::string TextOf(const service::LoggedRun& logged, std::string_view project_title) {
  const task::RunRecord& run = logged.record;
  const std::string error = report::ErrorText(run);
  const std::string result = fmt::format(R"({{"result":{},"system_error":{},"error":""}})",
                                         Quoted(logged.output), Quoted(error));
  const Instant start = run.started_at.value_or(run.claimed_at);
  return fmt::format(
      R"({{"id":{},"project_id":{},"task_id":{},"project":{},"name":{},"result":{},)"
      R"("start_time":{},"end_time":{},"command":{},"with_error":{},"client_ip":{}}})",
      NumberOf(run), run.task.project_id, Quoted(run.task.task_id), Quoted(project_title),
      Quoted(run.task_name), Quoted(result), UnixTime(start),
      UnixTime(run.ended_at.value_or(start)), Quoted(run.command), error.empty() ? 0 : 1,
      Quoted(run.node_address));
}

std::string TextOf(const storage::V1Log& log) {
  return fmt::format(
      R"({{"id":{},"project_id":{},"task_id":{},"project":{},"name":{},"result":{},)"
      R"("start_time":{},"end_time":{},"command":{},"with_error":{},"client_ip":{}}})",
      log.id, log.task.project_id, Quoted(log.task.task_id), Quoted(log.project_title),
      Quoted(log.task_name), Quoted(log.result), UnixTime(log.started_at), UnixTime(log.ended_at),
      Quoted(log.command), log.with_error ? 1 : 0, Quoted(log.node_address));
}

}  // namespace gophercron::http::v1
