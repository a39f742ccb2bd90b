// stamp FILE ID: what measured tasks run. Its first act is to read the clock; then it appends one
// line to FILE in one write:
//   ID <planned instant, from GOPHERCRON_TICK, or -> <unix nanoseconds>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (argc < 3) return 2;
  const char* tick = std::getenv("GOPHERCRON_TICK");
  char line[256];
  const int size = std::snprintf(line, sizeof line, "%s %s %lld%09ld\n", argv[2], tick ? tick : "-",
                                 static_cast<long long>(now.tv_sec), now.tv_nsec);
  const int file = ::open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  return file >= 0 && ::write(file, line, static_cast<size_t>(size)) == size ? 0 : 3;
}
