// The least that any scheduler must do, to compare with: no claims, no ledger, no output kept.
//   bare_loop at OFFSET_MS COUNT SECONDS PROGRAM ARGS...   every second, at OFFSET_MS past it,
//   starts COUNT at once bare_loop rate CONCURRENCY SECONDS PROGRAM ARGS...     as many as it can,
//   prints starts per second
// {} in ARGS becomes the planned unix second.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

extern char** environ;

namespace {

pid_t Spawn(const std::vector<std::string>& words, long long planned) {
  std::vector<std::string> filled = words;
  for (auto& word : filled) {
    if (const auto at = word.find("{}"); at != std::string::npos) {
      word.replace(at, 2, std::to_string(planned));
    }
  }
  std::vector<char*> argv;
  for (auto& word : filled) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) {
    std::perror(argv[0]);
    std::exit(1);
  }
  return pid;
}

double Seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

int At(long offset_ms, int count, int seconds, const std::vector<std::string>& words) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  for (int i = 1; i <= seconds; ++i) {
    const timespec planned{.tv_sec = now.tv_sec + i, .tv_nsec = offset_ms * 1'000'000};
    while (::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &planned, nullptr) != 0) {
    }
    for (int started = 0; started < count; ++started) Spawn(words, planned.tv_sec);
    for (int ended = 0; ended < count; ++ended) ::wait(nullptr);
  }
  return 0;
}

int Rate(int concurrency, double seconds, const std::vector<std::string>& words) {
  const double start = Seconds();
  int alive = 0;
  long ended = 0;
  while (Seconds() - start < seconds) {
    for (; alive < concurrency; ++alive) Spawn(words, 0);
    if (::wait(nullptr) > 0) --alive, ++ended;
  }
  const double took = Seconds() - start;
  while (::wait(nullptr) > 0) {
  }
  std::printf("%.1f\n", static_cast<double>(ended) / took);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (argc > 5 && words[1] == "at") {
    return At(std::stol(words[2]), std::stoi(words[3]), std::stoi(words[4]),
              {words.begin() + 5, words.end()});
  }
  if (argc > 4 && words[1] == "rate") {
    return Rate(std::stoi(words[2]), std::stod(words[3]), {words.begin() + 4, words.end()});
  }
  std::fputs(
      "bare_loop at OFFSET_MS COUNT SECONDS PROGRAM... | rate CONCURRENCY SECONDS PROGRAM...\n",
      stderr);
  return 2;
}
