#include "coordination/keys.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace gophercron::coordination {
namespace {

// One decimal form for each number, so that a key can be built again from what was read of it.
template <class Number>
std::optional<Number> ParseWhole(std::string_view text, int base) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number, base);
  if (failure != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<task::ProjectId> ParseProject(std::string_view text) {
  if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
  return ParseWhole<task::ProjectId>(text, 10);
}

// Cuts `text` at its first '/': what stands before it, and leaves the rest. Without one,
// everything.
std::string_view CutSegment(std::string_view& text) {
  const std::size_t slash = text.find('/');
  const std::string_view segment = text.substr(0, slash);
  text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  return segment;
}

struct FamilyName {
  std::string_view name;
  Keys::Parsed::Family family;
  bool has_rest;  // after <pid>/<tid>
};
using Family = Keys::Parsed::Family;
constexpr std::array kTaskFamilies = {
    FamilyName{"mark", Family::kMark, false},    FamilyName{"lock", Family::kLock, false},
    FamilyName{"queue", Family::kQueued, false}, FamilyName{"deleted", Family::kDeleted, false},
    FamilyName{"run", Family::kRun, true},       FamilyName{"trigger", Family::kTrigger, true},
};

std::optional<Keys::Parsed> ParseTaskKey(Family family, bool has_rest, std::string_view project,
                                         std::string_view rest) {
  const auto project_id = ParseProject(project);
  const std::string_view task_id = has_rest ? CutSegment(rest) : rest;
  if (!has_rest) rest = {};
  if (!project_id || task_id.empty() || task_id.contains('/')) return std::nullopt;
  if (has_rest && (rest.empty() || rest.contains('/'))) return std::nullopt;
  return Keys::Parsed{.family = family,
                      .task = {.project_id = *project_id, .task_id = std::string(task_id)},
                      .rest = std::string(rest)};
}

Keys::Span Prefixed(std::string prefix) {
  std::string end = PrefixEnd(prefix);
  return {std::move(prefix), std::move(end)};
}

}  // namespace

std::string Keys::Task(const task::TaskKey& key) const {
  return fmt::format("{}/{}/{}", prefix_, key.project_id, key.task_id);
}
std::string Keys::Mark(const task::TaskKey& key) const {
  return fmt::format("{}/mark/{}/{}", prefix_, key.project_id, key.task_id);
}
std::string Keys::NodeMark(const task::TaskKey& key, std::string_view node_id) const {
  return fmt::format("{}/mark/{}/{}/{}", prefix_, key.project_id, key.task_id, node_id);
}
std::string Keys::Lock(const task::TaskKey& key) const {
  return fmt::format("{}/lock/{}/{}", prefix_, key.project_id, key.task_id);
}
std::string Keys::Queued(const task::TaskKey& key) const {
  return fmt::format("{}/queue/{}/{}", prefix_, key.project_id, key.task_id);
}
std::string Keys::Run(const task::TaskKey& key, std::string_view run_id) const {
  return fmt::format("{}/run/{}/{}/{}", prefix_, key.project_id, key.task_id, run_id);
}
std::string Keys::Trigger(const task::TaskKey& key, std::string_view run_id) const {
  return fmt::format("{}/trigger/{}/{}/{}", prefix_, key.project_id, key.task_id, run_id);
}
std::string Keys::Deleted(const task::TaskKey& key) const {
  return fmt::format("{}/deleted/{}/{}", prefix_, key.project_id, key.task_id);
}
std::string Keys::Session(LeaseId lease) const {
  return fmt::format("{}/session/{}", prefix_, FormatLease(lease));
}
std::string Keys::Service(LeaseId lease) const {
  return fmt::format("{}/service/{}", prefix_, FormatLease(lease));
}
std::string Keys::Follow(std::string_view run_id, LeaseId service) const {
  return fmt::format("{}/follow/{}/{}", prefix_, run_id, FormatLease(service));
}
std::string Keys::Elected(std::string_view office) const {
  return fmt::format("{}/elected/{}", prefix_, office);
}
std::string Keys::Setting(std::string_view name) const {
  return fmt::format("{}/setting/{}", prefix_, name);
}
std::string Keys::NodeOrders(std::string_view node_id) const {
  return fmt::format("{}/node/{}", prefix_, node_id);
}

// Projects are the only children of the prefix that begin with a digit, and ':' follows '9'.
Keys::Span Keys::AllTasks() const {
  return {prefix_ + "/1", prefix_ + "/:"};
}
Keys::Span Keys::TasksOf(task::ProjectId project) const {
  return Prefixed(fmt::format("{}/{}/", prefix_, project));
}
Keys::Span Keys::AllMarks() const {
  return Prefixed(prefix_ + "/mark/");
}
Keys::Span Keys::AllLocks() const {
  return Prefixed(prefix_ + "/lock/");
}
Keys::Span Keys::AllQueued() const {
  return Prefixed(prefix_ + "/queue/");
}
Keys::Span Keys::AllRuns() const {
  return Prefixed(prefix_ + "/run/");
}
Keys::Span Keys::RunsOf(const task::TaskKey& key) const {
  return Prefixed(Run(key, ""));
}
Keys::Span Keys::RunsOf(task::ProjectId project) const {
  return Prefixed(fmt::format("{}/run/{}/", prefix_, project));
}
Keys::Span Keys::AllTriggers() const {
  return Prefixed(prefix_ + "/trigger/");
}
Keys::Span Keys::AllDeleted() const {
  return Prefixed(prefix_ + "/deleted/");
}
Keys::Span Keys::AllSessions() const {
  return Prefixed(prefix_ + "/session/");
}
Keys::Span Keys::AllServices() const {
  return Prefixed(prefix_ + "/service/");
}
Keys::Span Keys::AllFollows() const {
  return Prefixed(prefix_ + "/follow/");
}
Keys::Span Keys::AllSettings() const {
  return Prefixed(prefix_ + "/setting/");
}
Keys::Span Keys::AllNodeOrders() const {
  return Prefixed(prefix_ + "/node/");
}
Keys::Span Keys::AgentCommands(std::string_view address) const {
  return Prefixed(fmt::format("{}/agent/{}/", prefix_, address));
}

std::optional<Keys::Parsed> Keys::Parse(std::string_view key) const {
  if (!key.starts_with(prefix_)) return std::nullopt;
  key.remove_prefix(prefix_.size());
  if (!key.starts_with('/')) return std::nullopt;
  key.remove_prefix(1);
  const std::string_view first = CutSegment(key);
  if (first == "session" || first == "service") {
    const auto lease = ParseLease(key);
    if (!lease) return std::nullopt;
    const Family family = first == "session" ? Family::kSession : Family::kService;
    return Parsed{.family = family, .task = {}, .rest = std::string(key), .lease = *lease};
  }
  if (first == "follow") {
    const std::string_view run_id = CutSegment(key);
    const auto lease = ParseLease(key);
    if (run_id.empty() || !lease) return std::nullopt;
    return Parsed{
        .family = Family::kFollow, .task = {}, .rest = std::string(run_id), .lease = *lease};
  }
  if (first == "setting") {
    if (key.empty() || key.contains('/')) return std::nullopt;
    return Parsed{.family = Family::kSetting, .task = {}, .rest = std::string(key)};
  }
  for (const auto& [name, family, has_rest] : kTaskFamilies) {
    if (first != name) continue;
    const std::string_view project = CutSegment(key);
    if (family == Family::kMark && key.contains('/')) {
      return ParseTaskKey(Family::kNodeMark, true, project, key);
    }
    return ParseTaskKey(family, has_rest, project, key);
  }
  return ParseTaskKey(Family::kTask, false, first, key);
}

std::string FormatLease(LeaseId lease) {
  return fmt::format("{:016x}", static_cast<std::uint64_t>(lease));
}

std::optional<LeaseId> ParseLease(std::string_view text) {
  const auto lease = ParseWhole<std::uint64_t>(text, 16);
  if (!lease || FormatLease(static_cast<LeaseId>(*lease)) != text) return std::nullopt;
  return static_cast<LeaseId>(*lease);
}

}  // namespace gophercron::coordination
