#include "cli/password_prompt.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>

namespace gophercron::cli {
namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

// The terminal without echo, for as long as this lives. Ctrl-C meanwhile must not leave it so: the
// signals that end a process wait until the echo is back.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&ending, signal);
    sigprocmask(SIG_BLOCK, &ending, &signals_);
    tcgetattr(fd_, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  ~Silence() {
    tcsetattr(fd_, TCSAFLUSH, &before_);
    sigprocmask(SIG_SETMASK, &signals_, nullptr);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int fd_;
  termios before_{};
  sigset_t signals_{};
};

class Terminal {
 public:
  Terminal() : fd_(open("/dev/tty", O_RDWR | O_CLOEXEC)) {}
  ~Terminal() {
    if (fd_ >= 0) close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  int fd() const { return fd_; }
  void Say(std::string_view text) const {
    // A terminal that takes no text takes no password either: the read that follows will tell.
    if (write(fd_, text.data(), text.size()) < 0) return;
  }

 private:
  int fd_;
};

}  // namespace

Result<std::string> AskPassword(std::string_view question) {
  const Terminal terminal;
  if (terminal.fd() < 0) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "there is no terminal to ask for the password on; pipe it in with --password-stdin");
  }
  terminal.Say(question);
  std::string password;
  bool cancelled = false;
  {
    const Silence silence(terminal.fd());
    for (;;) {
      char c = 0;
      const ssize_t got = read(terminal.fd(), &c, 1);
      cancelled = got <= 0 || c == '\x03' || c == '\x1c';  // Ctrl-C and Ctrl-\ as characters
      if (cancelled || c == '\n' || password.size() == kPasswordBytesMax) break;
      password += c;
    }
  }
  terminal.Say("\n");
  if (cancelled) return Fail(ErrorCode::kInvalidArgument, "no password was given");
  return password;
}

Result<std::string> ReadPasswordFromStdin() {
  std::string line;
  if (!std::getline(std::cin, line)) {
    return Fail(ErrorCode::kInvalidArgument, "stdin holds no password");
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace gophercron::cli
