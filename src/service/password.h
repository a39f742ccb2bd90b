// Passwords: argon2id, and GopherCron v1's salted MD5 for as long as its owner has not signed in.
//
// Hashing costs tens of milliseconds and 19 MiB on purpose. Callers keep it off threads that others
// wait for, and few at a time.
#ifndef GOPHERCRON_SERVICE_PASSWORD_H_
#define GOPHERCRON_SERVICE_PASSWORD_H_

#include <string>
#include <string_view>

#include "base/result.h"

namespace gophercron::service {

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 128;

// The standard encoding, "$argon2id$v=19$m=19456,t=2,p=1$...".
Result<std::string> HashPassword(std::string_view password);

enum class PasswordVerdict {
  kWrong,
  kRight,
  kRightAndOld,  // v1's hash, or other costs: hash it again
};

// Takes the same time for every kind of wrong answer: an empty hash and v1's MD5 cost an argon2id
// too.
PasswordVerdict CheckPassword(std::string_view password, const std::string& hash,
                              std::string_view salt);

// Whether a person may choose it: length, and none of the words that come first in every attack.
Status CheckNewPassword(std::string_view password, std::string_view account);

std::string Sha256Hex(std::string_view bytes);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_PASSWORD_H_
