// Runs commands until it is killed: process_host FOLDER best|descendants COMMAND...
// Writes what it starts and what the commands write to its stdout, so that a test can wait for it.
#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "process/posix/posix_runner.h"

namespace {

class Printer final : public gophercron::process::RunEvents {
 public:
  void OnStarted(std::string_view run_id, pid_t pid, gophercron::Instant) override {
    Write(fmt::format("started {} pid={}\n", run_id, pid));
  }
  void OnOutput(std::string_view, std::uint64_t, std::string_view bytes) override {
    Write(std::string(bytes));
  }
  void OnEnded(std::string_view run_id, gophercron::process::Exit) override {
    Write(fmt::format("ended {}\n", run_id));
  }

 private:
  static void Write(const std::string& text) {
    if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) ::_exit(1);
  }
};

}  // namespace

int main(int argc, char** argv) {
  using gophercron::process::Containment;
  if (argc < 3) return 2;
  Printer printer;
  auto runner = gophercron::process::PosixRunner::Open(
      {.data_folder = argv[1],
       .containment =
           std::string_view(argv[2]) == "best" ? Containment::kBest : Containment::kDescendants},
      printer);
  if (!runner) {
    fmt::print(stderr, "{}\n", runner.error().message);
    return 1;
  }
  for (int i = 3; i < argc; ++i) {
    const std::string run_id = fmt::format("run{}", i - 3);
    (*runner)->Start({.run_id = run_id,
                      .argv = {"/bin/sh", "-c", argv[i]},
                      .environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}});
    (*runner)->Follow(run_id, true);
  }
  for (;;) ::pause();
}
