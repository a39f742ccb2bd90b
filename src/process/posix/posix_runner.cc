#include "process/posix/posix_runner.h"

#include <utility>

#include "base/log.h"
#include "process/posix/control_groups.h"
#include "process/posix/run_journal.h"
#include "process/posix/supervisor.h"

namespace gophercron::process {

Result<std::unique_ptr<PosixRunner>> PosixRunner::Open(const PosixRunnerOptions& options,
                                                       RunEvents& events) {
  auto journal = RunJournal::Open(options.data_folder);
  if (!journal) return std::unexpected(std::move(journal.error()));
  std::unique_ptr<ControlGroups> groups;
  if (options.containment == Containment::kBest) {
    auto opened = ControlGroups::Open((*journal)->token());
    if (opened) {
      groups = std::move(*opened);
    } else {
      log::Info("commands run without control groups: {}", opened.error().message);
    }
  }
  return std::unique_ptr<PosixRunner>(new PosixRunner(
      std::make_unique<Supervisor>(options, events, std::move(*journal), std::move(groups))));
}

PosixRunner::PosixRunner(std::unique_ptr<Supervisor> supervisor)
    : supervisor_(std::move(supervisor)) {}
PosixRunner::~PosixRunner() {
  supervisor_->Stop(microseconds(0));
}

void PosixRunner::Start(Command command) {
  supervisor_->Start(std::move(command));
}
void PosixRunner::Kill(std::string_view run_id) {
  supervisor_->Kill(run_id);
}
void PosixRunner::Follow(std::string_view run_id, bool on) {
  supervisor_->Follow(run_id, on);
}
std::size_t PosixRunner::Running() const {
  return supervisor_->Running();
}
Result<std::vector<Stray>> PosixRunner::EndStrays(microseconds grace) {
  return supervisor_->EndStrays(grace);
}
void PosixRunner::Stop(microseconds grace) {
  supervisor_->Stop(grace);
}
bool PosixRunner::UsesControlGroups() const {
  return supervisor_->UsesControlGroups();
}

}  // namespace gophercron::process
