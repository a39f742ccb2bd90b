// CHECK: a condition that only a bug can break. Always on; prints and aborts, and whoever
// supervises the process starts it again. Nothing that comes from outside is ever CHECKed.
#ifndef GOPHERCRON_BASE_CHECK_H_
#define GOPHERCRON_BASE_CHECK_H_

namespace gophercron::internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace gophercron::internal

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::gophercron::internal::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#endif  // GOPHERCRON_BASE_CHECK_H_
