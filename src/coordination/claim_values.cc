// The values of claim.h, as text.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <initializer_list>

#include "base/check.h"
#include "coordination/claim.h"
#include "coordination/node_orders.h"

namespace gophercron::coordination {
namespace {

constexpr std::size_t kInstantDigits = 16;
constexpr std::string_view kNone = "-";

// How people see a value that can not be read: short, and on one line.
std::string Shown(std::string_view value) {
  constexpr std::size_t kShownMax = 80;
  std::string shown;
  for (const char c : value.substr(0, kShownMax)) shown += c >= ' ' && c <= '~' ? c : '?';
  if (value.size() > kShownMax) shown += "...";
  return shown;
}

std::unexpected<Error> Corrupt(std::string_view what, std::string_view form,
                               std::string_view value) {
  return Fail(ErrorCode::kCorrupt,
              fmt::format("\"{}\" is no {}: expected {}", Shown(value), what, form));
}

std::optional<TickInstant> ParseInstant(std::string_view text) {
  std::int64_t count = 0;
  if (text.size() != kInstantDigits) return std::nullopt;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size() || count < 0) return std::nullopt;
  return TickInstant(seconds(count));
}

// The words of `text`, single spaces between them; false unless there are exactly N.
template <std::size_t N>
bool Words(std::string_view text, std::array<std::string_view, N>& words) {
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t space = text.find(' ');
    if ((space == std::string_view::npos) != (i + 1 == N)) return false;
    words[i] = text.substr(0, space);
    if (words[i].empty()) return false;
    if (i + 1 < N) text.remove_prefix(space + 1);
  }
  return true;
}

std::string Optional(std::string_view word) {
  return word == kNone ? "" : std::string(word);
}
std::string_view OrNone(std::string_view word) {
  return word.empty() ? kNone : word;
}

// Cut to `max` bytes without splitting a UTF-8 character.
std::string_view Cut(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

// Reads members; remembers the first that is missing or of another type.
class Members {
 public:
  Members(const json::object& from, std::string_view what) : from_(from), what_(what) {}

  std::string NeedString(std::string_view name) {
    const auto found = json::String(from_, name);
    if (!found) Miss(name);
    return std::string(found.value_or(""));
  }
  Instant NeedInstant(std::string_view name) {
    const auto found = ParseRfc3339(json::String(from_, name).value_or(""));
    if (!found) Miss(name);
    return found.value_or(Instant());
  }
  std::string StringOr(std::string_view name) {
    return std::string(json::String(from_, name).value_or(""));
  }
  void Miss(std::string_view name) {
    if (missing_.empty()) missing_ = name;
  }
  Status Check() const {
    if (missing_.empty()) return {};
    return Fail(ErrorCode::kCorrupt, fmt::format("a stored {} has no usable member \"{}\": {}",
                                                 what_, missing_, Shown(json::serialize(from_))));
  }

 private:
  const json::object& from_;
  std::string_view what_;
  std::string missing_;
};

Result<json::object> ParseStored(std::string_view what, std::string_view value) {
  auto parsed = json::ParseObject(value);
  if (!parsed) return Corrupt(what, "a JSON object", value);
  return parsed;
}

}  // namespace

std::string FormatMarkInstant(TickInstant at) {
  CHECK(at.time_since_epoch().count() >= 0);
  return fmt::format("{:0{}}", at.time_since_epoch().count(), kInstantDigits);
}

std::string FormatMark(const Mark& mark) {
  const bool ran = !mark.run_id.empty();
  return fmt::format("{} {} {} {}", FormatMarkInstant(mark.at), OrNone(mark.node_id),
                     ran ? "run" : "none", OrNone(ran ? mark.run_id : mark.claim_id));
}

Result<Mark> ParseMark(std::string_view value) {
  std::array<std::string_view, 4> words;
  const bool split = Words(value, words);
  const auto at = split ? ParseInstant(words[0]) : std::nullopt;
  if (!at || (words[2] != "run" && words[2] != "none")) {
    return Corrupt("mark", "16 digits, node, run or none, id", value);
  }
  Mark mark{.at = *at, .node_id = Optional(words[1]), .run_id = {}, .claim_id = Optional(words[3])};
  if (words[2] == "run") mark.run_id = mark.claim_id;
  return mark;
}

std::string FormatQueuedTick(const QueuedTick& queued) {
  return fmt::format("{} {} {}", FormatMarkInstant(queued.at), OrNone(queued.node_id),
                     OrNone(queued.claim_id));
}

Result<QueuedTick> ParseQueuedTick(std::string_view value) {
  std::array<std::string_view, 3> words;
  const bool split = Words(value, words);
  const auto at = split ? ParseInstant(words[0]) : std::nullopt;
  if (!at) return Corrupt("queued tick", "16 digits, node, claim", value);
  return QueuedTick{.at = *at, .node_id = Optional(words[1]), .claim_id = Optional(words[2])};
}

std::string FormatLiveRun(const LiveRun& run) {
  task::RunRecord record = run.record;
  record.command = Cut(record.command, kLiveRunCommandMax);
  json::object out;
  out["run"] = task::ToJson(record);
  out["session"] = FormatLease(run.session);
  if (run.kill_requested) out["kill"] = json::object{{"by", run.kill_by}, {"why", run.kill_why}};
  return json::serialize(out);
}

Result<LiveRun> ParseLiveRun(std::string_view value) {
  const auto from = ParseStored("live run", value);
  if (!from) return std::unexpected(from.error());
  Members members(*from, "live run");
  LiveRun run;
  const auto session = ParseLease(members.NeedString("session"));
  if (!session) members.Miss("session");
  const json::object* record = json::Object(*from, "run");
  if (record == nullptr) members.Miss("run");
  if (const Status status = members.Check(); !status) return std::unexpected(status.error());
  auto read = task::RunRecordFromJson(*record);
  if (!read) return std::unexpected(std::move(read).error());
  run.record = *std::move(read);
  run.session = *session;
  if (const json::object* kill = json::Object(*from, "kill")) {
    run.kill_requested = true;
    run.kill_by = json::String(*kill, "by").value_or("");
    run.kill_why = json::String(*kill, "why").value_or("");
  }
  return run;
}

std::string FormatTrigger(const Trigger& trigger) {
  json::object out{{"requested_by", trigger.requested_by},
                   {"requested_at", FormatRfc3339(trigger.requested_at)}};
  if (trigger.ignore_overlap) out["ignore_overlap"] = true;
  return json::serialize(out);
}

Result<Trigger> ParseTrigger(std::string_view value) {
  const auto from = ParseStored("trigger", value);
  if (!from) return std::unexpected(from.error());
  Members members(*from, "trigger");
  Trigger trigger{.requested_by = members.StringOr("requested_by"),
                  .requested_at = members.NeedInstant("requested_at"),
                  .ignore_overlap = json::Bool(*from, "ignore_overlap").value_or(false)};
  if (const Status status = members.Check(); !status) return std::unexpected(status.error());
  return trigger;
}

std::string FormatNode(const Node& node) {
  json::object out{{"node_id", node.node_id},   {"address", node.address},
                   {"hostname", node.hostname}, {"version", node.version},
                   {"weight", node.weight},     {"started_at", FormatRfc3339(node.started_at)}};
  if (node.all_projects) out["all_projects"] = true;
  if (!node.projects.empty()) {
    out["projects"] = json::array(node.projects.begin(), node.projects.end());
  }
  if (node.run_limit != 0) out["run_limit"] = node.run_limit;
  if (!node.claims) out["claims"] = false;
  if (!node.holds_why.empty()) out["holds_why"] = node.holds_why;
  if (node.at != Instant()) {
    out["at"] = FormatRfc3339(node.at);
    out["running"] = node.running;
    out["runs_started"] = node.runs_started;
    out["runs_failed"] = node.runs_failed;
    out["load"] = node.load;
    out["processors"] = node.processors;
    if (node.clock_offset) out["clock_offset_us"] = node.clock_offset->count();
  }
  return json::serialize(out);
}

Result<Node> ParseNode(std::string_view value) {
  const auto from = ParseStored("session", value);
  if (!from) return std::unexpected(from.error());
  Members members(*from, "session");
  Node node;
  node.node_id = members.NeedString("node_id");
  node.address = members.StringOr("address");
  node.hostname = members.StringOr("hostname");
  node.version = members.StringOr("version");
  node.all_projects = json::Bool(*from, "all_projects").value_or(false);
  if (const json::array* projects = json::Array(*from, "projects")) {
    for (const json::value& project : *projects) {
      if (!project.is_int64()) {
        members.Miss("projects");
        break;
      }
      node.projects.push_back(project.get_int64());
    }
  }
  node.weight = static_cast<int>(json::Int(*from, "weight").value_or(100));
  node.run_limit = static_cast<int>(json::Int(*from, "run_limit").value_or(0));
  node.claims = json::Bool(*from, "claims").value_or(true);
  node.holds_why = members.StringOr("holds_why");
  node.started_at = members.NeedInstant("started_at");
  if (from->contains("at")) node.at = members.NeedInstant("at");
  node.running = static_cast<int>(json::Int(*from, "running").value_or(0));
  node.runs_started = json::Int(*from, "runs_started").value_or(0);
  node.runs_failed = json::Int(*from, "runs_failed").value_or(0);
  if (const json::value* load = from->if_contains("load"); load && load->is_number()) {
    node.load = load->to_number<double>();
  }
  node.processors = static_cast<int>(json::Int(*from, "processors").value_or(0));
  if (const auto offset = json::Int(*from, "clock_offset_us")) {
    node.clock_offset = microseconds(*offset);
  }
  if (const Status status = members.Check(); !status) return std::unexpected(status.error());
  return node;
}

std::string FormatNodeOrders(const NodeOrders& orders) {
  json::object out;
  if (orders.drain) {
    out["drain"] = json::object{{"by", orders.drain_by}, {"at", FormatRfc3339(orders.drain_at)}};
  }
  if (orders.reload_at != Instant()) out["reload_at"] = FormatRfc3339(orders.reload_at);
  return json::serialize(out);
}

Result<NodeOrders> ParseNodeOrders(std::string_view value) {
  const auto from = ParseStored("orders of a node", value);
  if (!from) return std::unexpected(from.error());
  Members members(*from, "orders of a node");
  NodeOrders orders;
  if (from->contains("reload_at")) orders.reload_at = members.NeedInstant("reload_at");
  if (const Status status = members.Check(); !status) return std::unexpected(status.error());
  const json::object* drain = json::Object(*from, "drain");
  if (drain == nullptr) return orders;
  Members of_drain(*drain, "drain of a node");
  orders.drain = true;
  orders.drain_by = of_drain.StringOr("by");
  orders.drain_at = of_drain.NeedInstant("at");
  if (const Status status = of_drain.Check(); !status) return std::unexpected(status.error());
  return orders;
}

Result<Instant> ParseTombstone(std::string_view value) {
  auto at = ParseRfc3339(value);
  if (!at) return Corrupt("tombstone", "an RFC 3339 time", value);
  return at;
}

}  // namespace gophercron::coordination
