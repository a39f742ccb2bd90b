// TerminalView: what `standalone` shows while it runs. It listens to the agent and prints what
// ended, through a RunDigest, on a thread of its own: a terminal that is held (Ctrl-S) or slow
// holds up nothing. What does not fit into its queue is counted and said, never waited for.
//
// Lines go to the descriptor as whole writes. When it is no terminal there are no colours and no
// cuts.
#ifndef GOPHERCRON_CLI_TERMINAL_VIEW_H_
#define GOPHERCRON_CLI_TERMINAL_VIEW_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "agent/live.h"
#include "base/time.h"
#include "cli/run_digest.h"
#include "task/run.h"

namespace gophercron::cli {

class TerminalView final : public agent::LiveSink {
 public:
  // Names a project. Called on the view's own thread, once for each project in a batch of lines: it
  // may read the store.
  using ProjectTitle = std::function<std::string(task::ProjectId)>;
  // Names a task of which only the key is known and that has not run yet. As ProjectTitle.
  using TaskName = std::function<std::string(const task::TaskKey&)>;

  // Does not own `fd`. `clock` must outlive the view.
  TerminalView(int fd, const Clock& clock, ProjectTitle project_title, TaskName task_name);
  // Prints what is queued, then ends.
  ~TerminalView() override;
  TerminalView(const TerminalView&) = delete;
  TerminalView& operator=(const TerminalView&) = delete;

  // A line of the program's own, in order with the others. It must be printable.
  void Say(std::string text);

  void RunStarted(const task::RunRecord&) override {}
  void Output(std::string_view, std::int64_t, std::string_view) override {}
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override;
  void TicksEnded(const task::OutcomeSpan& span) override;

 private:
  struct Item {
    RunLine line = {};  // without names of project and task
    task::TaskKey task = {};
    std::string task_name = {};  // empty: not known here
    std::string text = {};       // printed as it is when not empty
  };

  static constexpr std::size_t kQueueMax = 4096;
  static constexpr std::size_t kNamesMax = 10'000;

  void Enqueue(Item item);
  void Print();
  void FillNames(std::deque<Item>& items);
  void Write(const std::string& lines);

  const int fd_;
  const Clock& clock_;
  const ProjectTitle project_title_;
  const TaskName task_name_;

  std::mutex mutex_;  // guards what is below, down to stopping_
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::int64_t not_queued_ = 0;
  bool stopping_ = false;

  std::map<task::TaskKey, std::string> task_names_;  // seen in runs; the printer's

  std::thread printer_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_TERMINAL_VIEW_H_
