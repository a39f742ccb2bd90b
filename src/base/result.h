// Result<T>: a value, or an Error that a caller can branch on and a person can act on.
//
// Expected failures travel as Result; nothing of ours throws. A third party's exceptions end in its
// adapter, in one function. Programmer errors are CHECKs (check.h), never Results.
#ifndef GOPHERCRON_BASE_RESULT_H_
#define GOPHERCRON_BASE_RESULT_H_

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gophercron {

// Few codes, and each exists because some caller branches on it.
enum class ErrorCode {
  kInvalidArgument,    // the input is wrong; the same call will fail again
  kUnauthenticated,    // nobody, or nobody known, is asking
  kPermissionDenied,   // known, and not allowed
  kNotFound,           // no such thing, or none that the caller may know of
  kConflict,           // the thing is not in the state that the call demanded; read it again
  kResourceExhausted,  // a stated limit is reached; later may work
  kUnavailable,        // nothing happened; safe to try again
  kOutcomeUnknown,     // it may have happened: read back before trying again
  kCorrupt,            // stored bytes are not what was written
  kUnsupported,        // understood, and this program does not do it (yet)
  kInternal,           // a bug or a broken machine
};

// What is wrong with one part of the input. `offset` and `length` count bytes inside the field's
// text.
struct FieldError {
  std::string field;
  std::string message;
  std::optional<std::size_t> offset = std::nullopt;
  std::optional<std::size_t> length = std::nullopt;
};

// `message` says what was attempted, on what, and why it failed, in one sentence for a person.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::vector<FieldError> fields = {};
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

// True when nothing happened and the same call may simply be made again later.
constexpr bool IsRetryable(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kResourceExhausted;
}

std::string_view Name(ErrorCode code);

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_RESULT_H_
