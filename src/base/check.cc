#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace gophercron::internal {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: this must hold and does not: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace gophercron::internal
