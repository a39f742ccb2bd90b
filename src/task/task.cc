#include "task/task.h"

#include <algorithm>
#include <array>

namespace gophercron::task {
namespace {

constexpr std::array<std::string_view, 4> kOverlaps = {"skip", "queue", "replace", "allow"};
constexpr std::array<std::string_view, 3> kCatchUpModes = {"skip", "latest", "all"};
constexpr std::array<std::string_view, 2> kOnLost = {"leave", "retry"};

template <class Enum, std::size_t N>
std::optional<Enum> Find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

bool IsPlain(std::string_view word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%";
  return !word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string Quoted(std::string_view word) {
  if (IsPlain(word)) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    // A quote can not stand inside quotes: close, escape it, open again.
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string_view Name(Overlap overlap) {
  return kOverlaps[static_cast<std::size_t>(overlap)];
}
std::string_view Name(CatchUpMode mode) {
  return kCatchUpModes[static_cast<std::size_t>(mode)];
}
std::string_view Name(OnLost on_lost) {
  return kOnLost[static_cast<std::size_t>(on_lost)];
}

std::optional<Overlap> ParseOverlap(std::string_view name) {
  return Find<Overlap>(kOverlaps, name);
}
std::optional<CatchUpMode> ParseCatchUpMode(std::string_view name) {
  return Find<CatchUpMode>(kCatchUpModes, name);
}
std::optional<OnLost> ParseOnLost(std::string_view name) {
  return Find<OnLost>(kOnLost, name);
}

std::string CommandLine(const Task& task) {
  if (task.argv.empty()) return task.command;
  std::string out;
  for (const std::string& word : task.argv) {
    if (!out.empty()) out += ' ';
    out += Quoted(word);
  }
  return out;
}

bool SameSchedule(const Task& a, const Task& b) {
  return a.cron == b.cron && a.zone == b.zone && a.jitter == b.jitter && a.enabled == b.enabled &&
         a.valid_from == b.valid_from && a.valid_until == b.valid_until &&
         a.broadcast == b.broadcast;
}

}  // namespace gophercron::task
