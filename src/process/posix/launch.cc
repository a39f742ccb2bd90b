#include "process/posix/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/check.h"

// The child runs in the parent's memory with the parent's thread descriptor: instrumentation must
// stay out of it.
#define GOPHERCRON_CHILD_ONLY __attribute__((no_sanitize_address, no_sanitize_thread, noinline))

namespace gophercron::process {

namespace {

constexpr std::size_t kStackBytes = 64 * 1024;
constexpr std::string_view kPathDefault = "/usr/local/bin:/usr/bin:/bin";
constexpr int kSignalMax = 64;

// rt_sigaction's and rt_sigprocmask's own types: libc's hide two signals.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

// All that the child needs, prepared, and where it says what failed.
struct ChildTask {
  const char* const* programs;  // candidates, null at the end
  char* const* argv;
  char* const* envp;
  const char* cwd;
  long umask;  // -1 for unchanged
  int input_fd;
  int output_fd;
  JournalSlot* slot;
  volatile StartStep step;
  volatile int error;
};

GOPHERCRON_CHILD_ONLY void RecordBirth(JournalSlot* slot) {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
  // Rounded up: the end of an interval.
  __atomic_store_n(reinterpret_cast<std::int64_t*>(&slot->born_before),
                   std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000 + 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(reinterpret_cast<std::int32_t*>(&slot->pid),
                   static_cast<std::int32_t>(::syscall(SYS_getpid)), __ATOMIC_SEQ_CST);
}

[[noreturn]] GOPHERCRON_CHILD_ONLY void GiveUp(ChildTask* task, StartStep step, int error) {
  task->step = step;
  task->error = error;
  for (;;) ::syscall(SYS_exit_group, 127);
}

// execvp's rule: the first candidate that is there and may be executed.
GOPHERCRON_CHILD_ONLY void Execute(ChildTask* task) {
  int error = ENOENT;
  for (const char* const* program = task->programs; *program != nullptr; ++program) {
    ::syscall(SYS_execve, *program, task->argv, task->envp);
    if (errno == ENOENT || errno == ENOTDIR) continue;
    error = errno;
    if (errno != EACCES) break;
  }
  GiveUp(task, StartStep::kExec, error);
}

GOPHERCRON_CHILD_ONLY int RunChild(void* argument) {
  auto* task = static_cast<ChildTask*>(argument);
  RecordBirth(task->slot);
  KernelSigaction action;
  action.handler = SIG_DFL;
  action.flags = 0;
  action.restorer = nullptr;
  action.mask = 0;
  for (int signal = 1; signal <= kSignalMax; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
  }
  if (::syscall(SYS_setsid) < 0) GiveUp(task, StartStep::kSession, errno);
  if (::syscall(SYS_dup3, task->input_fd, 0, 0) < 0 ||
      ::syscall(SYS_dup3, task->output_fd, 1, 0) < 0 ||
      ::syscall(SYS_dup3, task->output_fd, 2, 0) < 0 ||
      ::syscall(SYS_close_range, 3u, ~0u, 0u) < 0) {
    GiveUp(task, StartStep::kDescriptors, errno);
  }
  if (task->umask >= 0) ::syscall(SYS_umask, task->umask);
  if (::syscall(SYS_chdir, task->cwd) < 0) GiveUp(task, StartStep::kDirectory, errno);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &action.mask, nullptr, sizeof action.mask);
  Execute(task);
  return 0;
}

#if defined(__x86_64__) || defined(__aarch64__)
// The system call clone or clone3. libc has no function for the second, and sanitizers take its
// function for the first as a fork. The child starts on its own stack right behind the call, with
// the parent's registers: it calls `start` and never comes back.
GOPHERCRON_CHILD_ONLY long CloneCall(long number, long first, long second, long third,
                                     int (*start)(void*), void* argument) {
#if defined(__x86_64__)
  register long fourth asm("r10") = 0;
  register long fifth asm("r8") = 0;
  register auto start_register asm("r12") = start;
  register void* argument_register asm("r13") = argument;
  long result = number;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(first), "S"(second), "d"(third), "r"(fourth), "r"(fifth), "r"(start_register),
        "r"(argument_register)
      : "rcx", "r11", "memory", "cc");
#else
  register auto start_register asm("x10") = start;
  register void* argument_register asm("x11") = argument;
  register long number_register asm("x8") = number;
  register long result asm("x0") = first;
  register long second_register asm("x1") = second;
  register long third_register asm("x2") = third;
  register long fourth asm("x3") = 0;
  register long fifth asm("x4") = 0;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x11\n\t"
      "blr x10\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(number_register), "r"(second_register), "r"(third_register), "r"(fourth), "r"(fifth),
        "r"(start_register), "r"(argument_register)
      : "memory", "cc", "x30");
#endif
  return result;
}
#else
#error "launching a command needs CloneCall for this processor"
#endif

struct Cloned {
  long pid;  // or minus errno
  int pidfd = -1;
};

Cloned Clone(void* stack, int cgroup_fd, ChildTask* task) {
  Cloned cloned{.pid = -ENOSYS};
  constexpr std::uint64_t kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  if (cgroup_fd >= 0) {
    clone_args args{};
    args.flags = kFlags | CLONE_INTO_CGROUP;
    args.pidfd = reinterpret_cast<std::uint64_t>(&cloned.pidfd);
    args.exit_signal = SIGCHLD;
    args.stack = reinterpret_cast<std::uint64_t>(stack);
    args.stack_size = kStackBytes;
    args.cgroup = static_cast<std::uint64_t>(cgroup_fd);
    cloned.pid =
        CloneCall(SYS_clone3, reinterpret_cast<long>(&args), sizeof args, 0, RunChild, task);
  } else {
    // The older call: some containers refuse clone3.
    cloned.pid = CloneCall(SYS_clone, static_cast<long>(kFlags | SIGCHLD),
                           reinterpret_cast<long>(static_cast<char*>(stack) + kStackBytes),
                           reinterpret_cast<long>(&cloned.pidfd), RunChild, task);
  }
  return cloned;
}

std::vector<std::string> Candidates(const Command& command) {
  const std::string& program = command.argv.front();
  if (program.contains('/')) return {program};
  std::string_view path = kPathDefault;
  for (const auto& [name, value] : command.environment) {
    if (name == "PATH") path = value;
  }
  std::vector<std::string> candidates;
  for (;;) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    candidates.push_back(folder.empty() ? program : fmt::format("{}/{}", folder, program));
    if (colon == std::string_view::npos) return candidates;
    path.remove_prefix(colon + 1);
  }
}

std::string FailureMessage(const Command& command, StartStep step, int error) {
  const std::string why = std::generic_category().message(error);
  switch (step) {
    case StartStep::kDirectory:
      return fmt::format("cannot change to the working directory {}: {}", command.cwd, why);
    case StartStep::kExec:
      return fmt::format("cannot execute {}: {}", command.argv.front(), why);
    case StartStep::kSession:
      return fmt::format("cannot make a session for the command: {}", why);
    case StartStep::kDescriptors:
      return fmt::format("cannot connect input and output of the command: {}", why);
    case StartStep::kAccept:
    case StartStep::kPrepare:
    case StartStep::kFork:
      break;
  }
  return fmt::format("cannot create a process: {}", why);
}

}  // namespace

Launcher::Launcher() {
  // A page below that faults, in case the child's few frames should ever outgrow the stack.
  stack_ = ::mmap(nullptr, kStackBytes + 4096, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  CHECK(stack_ != MAP_FAILED);
  CHECK(::mprotect(stack_, 4096, PROT_NONE) == 0);
}

Launcher::~Launcher() {
  ::munmap(stack_, kStackBytes + 4096);
}

std::expected<Launched, StartFailure> Launcher::Launch(const LaunchRequest& request) {
  const Command& command = request.command;
  const std::vector<std::string> candidates = Candidates(command);
  std::vector<const char*> programs;
  for (const std::string& candidate : candidates) programs.push_back(candidate.c_str());
  programs.push_back(nullptr);
  std::vector<char*> argv;
  for (const std::string& argument : command.argv)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  variables.reserve(command.environment.size());
  std::vector<char*> envp;
  for (const auto& [name, value] : command.environment) {
    std::string& variable = variables.emplace_back();
    variable.reserve(name.size() + 1 + value.size());
    variable.append(name).append(1, '=').append(value);
    envp.push_back(variable.data());
  }
  envp.push_back(const_cast<char*>(request.marker.c_str()));
  envp.push_back(nullptr);

  ChildTask task{.programs = programs.data(),
                 .argv = argv.data(),
                 .envp = envp.data(),
                 .cwd = command.cwd.empty() ? "/" : command.cwd.c_str(),
                 .umask = command.umask ? static_cast<long>(*command.umask) : -1,
                 .input_fd = request.input_fd,
                 .output_fd = request.output_fd,
                 .slot = &request.slot,
                 .step = StartStep::kFork,
                 .error = 0};
  // A handler of this process must not run in the child, which shares its memory. SIGCHLD stays: it
  // has none, and while the thread that has the children blocks it, the kernel does not throw it
  // away but wakes another thread for each child that ends.
  const std::uint64_t blocked = ~(std::uint64_t{1} << (SIGCHLD - 1));
  std::uint64_t mask_before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, &mask_before, sizeof blocked);
  const Cloned cloned = Clone(static_cast<char*>(stack_) + 4096, request.cgroup_fd, &task);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask_before, nullptr, sizeof mask_before);

  const int error = cloned.pid < 0 ? static_cast<int>(-cloned.pid) : task.error;
  if (error == 0) return Launched{.pid = static_cast<pid_t>(cloned.pid), .pidfd = cloned.pidfd};
  if (cloned.pid > 0) {
    siginfo_t ignored{};
    while (::waitid(P_PIDFD, static_cast<id_t>(cloned.pidfd), &ignored, WEXITED) < 0 &&
           errno == EINTR) {
    }
    ::close(cloned.pidfd);
  }
  return std::unexpected(StartFailure{
      .step = task.step, .error = error, .message = FailureMessage(command, task.step, error)});
}

std::string WhyUnacceptable(const Command& command) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  const auto has_zero = [](const std::string& text) { return text.contains('\0'); };
  if (command.run_id.empty() || command.run_id.size() > kRunIdMax ||
      !std::ranges::all_of(command.run_id, plain)) {
    return fmt::format("a run id must be 1 to {} of letters, digits, '-' and '_'", kRunIdMax);
  }
  if (command.argv.empty() || command.argv.front().empty()) return "the command names no program";
  if (std::ranges::any_of(command.argv, has_zero)) {
    return "an argument of the command contains a zero byte, which no program can be given";
  }
  for (const auto& [name, value] : command.environment) {
    if (name.empty() || name.contains('=') || has_zero(name) || has_zero(value)) {
      return "an environment variable has an empty name, '=' in its name, or a zero byte";
    }
  }
  if (has_zero(command.cwd) || (!command.cwd.empty() && command.cwd.front() != '/')) {
    return fmt::format("the working directory must be an absolute path, not '{}'", command.cwd);
  }
  return {};
}

}  // namespace gophercron::process
