#include "link/seal.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <cstdint>

namespace gophercron::link {
namespace {

std::string Hmac(std::string_view secret, std::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", mac[i]);
  return hex;
}

// Each part with its length before it, so that no two requests read alike.
std::string Mac(std::string_view secret, std::string_view method, std::string_view path,
                std::string_view body, std::int64_t time, std::string_view nonce) {
  std::string text = fmt::format("{}:{}{}:{}{}:{}{}:", method.size(), method, path.size(), path,
                                 nonce.size(), nonce, time);
  text.append(body);
  return Hmac(secret, text);
}

std::int64_t Seconds(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

std::unexpected<Error> Refused(std::string_view why) {
  return Fail(ErrorCode::kUnauthenticated,
              fmt::format("this request does not come from a process of this cluster: {}", why));
}

// The value of "name=value" at the start of `text`, which goes on after the comma.
std::string_view Cut(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return {};
  text.remove_prefix(name.size());
  const std::size_t comma = text.find(',');
  const std::string_view value = text.substr(0, comma);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  return value;
}

}  // namespace

std::string MakeSeal(std::string_view secret, std::string_view method, std::string_view path,
                     std::string_view body, Instant now, std::string_view nonce) {
  const std::int64_t time = Seconds(now);
  return fmt::format("t={},n={},s={}", time, nonce, Mac(secret, method, path, body, time, nonce));
}

Status SealChecker::Check(std::string_view seal, std::string_view method, std::string_view path,
                          std::string_view body, Instant now) {
  std::string_view rest = seal;
  const std::string_view time_text = Cut(rest, "t=");
  const std::string_view nonce = Cut(rest, "n=");
  const std::string_view given = Cut(rest, "s=");
  std::int64_t time = 0;
  const auto read = std::from_chars(time_text.data(), time_text.data() + time_text.size(), time);
  if (time_text.empty() || read.ec != std::errc() ||
      read.ptr != time_text.data() + time_text.size() || nonce.empty() || nonce.size() > 64) {
    return Refused("it has no seal that can be read");
  }
  const std::string expected = Mac(secret_, method, path, body, time, nonce);
  if (given.size() != expected.size() ||
      CRYPTO_memcmp(given.data(), expected.data(), expected.size()) != 0) {
    return Refused("its seal was made with another secret, or for another request");
  }
  const std::int64_t age = Seconds(now) - time;
  if (age > kValidFor.count() || age < -kValidFor.count()) {
    return Refused(fmt::format("its clock and this one are {} s apart", age));
  }
  return seen_.With([&](Seen& seen) -> Status {
    while (!seen.by_time.empty() && seen.by_time.front().first + 2 * kValidFor < now) {
      seen.seals.erase(seen.by_time.front().second);
      seen.by_time.pop_front();
    }
    if (seen.by_time.size() >= kSealsMax) {
      return Fail(ErrorCode::kResourceExhausted, "too many sealed requests in two minutes");
    }
    if (!seen.seals.insert(expected).second) return Refused("it was sent before");
    seen.by_time.emplace_back(now, expected);
    return {};
  });
}

}  // namespace gophercron::link
