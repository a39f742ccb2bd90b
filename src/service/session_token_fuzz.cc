// Any bytes as a session token: none is accepted but those that were signed here, and a signed one
// in which a byte differs is refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "service/session_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gophercron::Instant;
  using gophercron::service::SessionTokens;
  static const Instant now = Instant(std::chrono::seconds(1'780'000'000));
  static const SessionTokens tokens("0123456789abcdef0123456789abcdef", "here");
  static const std::string ours = tokens
                                      .Issue({.session_id = "one",
                                              .user_id = 7,
                                              .epoch = 3,
                                              .expires_at = now + std::chrono::hours(1)},
                                             now)
                                      .value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(text == ours || !tokens.Read(text, now).has_value());
  // The input as an edit of a real token: which byte, and what it becomes.
  if (size < 2) return 0;
  std::string edited = ours;
  edited[data[0] % edited.size()] = static_cast<char>(data[1]);
  if (size > 2) edited += text.substr(2);
  const auto read = tokens.Read(edited, now);
  // The last character of base64 carries bits that mean nothing.
  if (read) CHECK(read->user_id == 7 && read->epoch == 3 && read->session_id == "one");
  return 0;
}
