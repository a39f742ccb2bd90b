#include "cli/terminal_view.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "cli/terminal_text.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

constexpr std::size_t kOutputBytesMax = 160;  // of a run, enough for its first line

}  // namespace

TerminalView::TerminalView(int fd, const Clock& clock, ProjectTitle project_title,
                           TaskName task_name)
    : fd_(fd),
      clock_(clock),
      project_title_(std::move(project_title)),
      task_name_(std::move(task_name)),
      printer_([this] { Print(); }) {}

TerminalView::~TerminalView() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  printer_.join();
}

void TerminalView::Say(std::string text) {
  Enqueue({.text = std::move(text)});
}

void TerminalView::Enqueue(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueMax) {
      ++not_queued_;
      return;
    }
    queue_.push_back(std::move(item));
  }
  wake_.notify_one();
}

void TerminalView::RunEnded(const task::RunRecord& run, const task::RunOutput& output) {
  RunLine line{.at = run.ended_at.value_or(clock_.Now()),
               .outcome = run.outcome,
               .reason = run.reason,
               .detail = run.detail,
               .exit_code = run.exit_code,
               .signal = run.signal,
               .output = output.head.substr(0, kOutputBytesMax)};
  if (run.started_at && run.ended_at) line.duration = *run.ended_at - *run.started_at;
  const bool planned = run.cause == task::Cause::kTick;
  if (planned && run.started_at && run.tick) line.lag = *run.started_at - *run.tick;
  Enqueue({.line = std::move(line), .task = run.task, .task_name = run.task_name});
}

void TerminalView::TicksEnded(const task::OutcomeSpan& span) {
  const bool dated = span.recorded_at != Instant{};
  Enqueue({.line = {.at = dated ? span.recorded_at : clock_.Now(),
                    .outcome = span.outcome,
                    .reason = span.reason,
                    .detail = span.detail,
                    .ticks = span.count},
           .task = span.task});
}

void TerminalView::FillNames(std::deque<Item>& items) {
  std::map<task::ProjectId, std::string> titles;
  for (Item& item : items) {
    if (!item.text.empty()) continue;
    auto [title, unknown] = titles.try_emplace(item.task.project_id);
    if (unknown) title->second = project_title_(item.task.project_id);
    item.line.project = title->second;
    const auto name = task_names_.find(item.task);
    if (item.task_name.empty()) {
      item.line.task = name == task_names_.end() ? task_name_(item.task) : name->second;
      continue;
    }
    item.line.task = item.task_name;
    if (name != task_names_.end()) {
      name->second = std::move(item.task_name);
    } else if (task_names_.size() < kNamesMax) {
      task_names_.emplace(item.task, std::move(item.task_name));
    }
  }
}

// Takes what is queued, prints it in one write, and waits for more or for the end of the second.
void TerminalView::Print() {
  RunDigest digest({.colour = UsesColour(fd_)});
  const bool terminal = isatty(fd_) == 1;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, milliseconds(250), [this] { return stopping_ || !queue_.empty(); });
    std::deque<Item> taken = std::exchange(queue_, {});
    const std::int64_t not_queued = std::exchange(not_queued_, 0);
    const bool last = stopping_;
    lock.unlock();

    FillNames(taken);
    if (terminal) digest.SetColumns(TerminalColumns(fd_));
    std::vector<std::string> lines = digest.Advance(clock_.Now());
    for (Item& item : taken) {
      if (!item.text.empty()) {
        lines.push_back(std::move(item.text));
        continue;
      }
      for (std::string& line : digest.Add(item.line, clock_.Now()))
        lines.push_back(std::move(line));
    }
    if (not_queued > 0) {
      lines.push_back(
          fmt::format("  {} more were not shown: this terminal is too slow", not_queued));
    }
    if (last) {
      for (std::string& line : digest.Advance(clock_.Now() + seconds(1))) {
        lines.push_back(std::move(line));
      }
    }
    Write(fmt::format("{}{}", fmt::join(lines, "\n"), lines.empty() ? "" : "\n"));
    if (last) return;
    lock.lock();
  }
}

// In pieces that a ready pipe or terminal takes without waiting, so that a held one can be given up
// at the end: what it would have shown is in the ledger.
void TerminalView::Write(const std::string& lines) {
  constexpr std::size_t kPiece = 4096;
  std::string_view rest = lines;
  while (!rest.empty()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 500) <= 0) {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      continue;
    }
    const ssize_t written = write(fd_, rest.data(), std::min(rest.size(), kPiece));
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return;  // nobody reads any more: the program goes on without
    }
  }
}

}  // namespace gophercron::cli
