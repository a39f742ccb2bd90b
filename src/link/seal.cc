#include "link/seal.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

namespace gophercron::link {
namespace {

// The header taken apart.
struct SealText {
  std::int64_t time = 0;
  std::string_view nonce;
  std::string_view body_hash;
  std::string_view mac;
};

std::string Hex(std::span<const unsigned char> bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string Hmac(std::string_view secret, std::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  return Hex(std::span(mac, size));
}

std::string Hash(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return Hex(std::span(digest, size));
}

// Each part with its length before it, so that no two requests read alike.
std::string Mac(std::string_view secret, std::string_view method, std::string_view path,
                const SealText& seal) {
  return Hmac(secret, fmt::format("{}:{}{}:{}{}:{}{}:{}{}", method.size(), method, path.size(),
                                  path, seal.nonce.size(), seal.nonce, seal.body_hash.size(),
                                  seal.body_hash, seal.time));
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

std::optional<SealText> Read(std::string_view header) {
  const std::string_view time = Cut(header, "t=");
  SealText seal{.time = 0,
                .nonce = Cut(header, "n="),
                .body_hash = Cut(header, "b="),
                .mac = Cut(header, "s=")};
  const auto read = std::from_chars(time.data(), time.data() + time.size(), seal.time);
  if (time.empty() || read.ec != std::errc() || read.ptr != time.data() + time.size()) return {};
  if (seal.nonce.empty() || seal.nonce.size() > 64) return {};
  return seal;
}

bool Same(std::string_view given, std::string_view expected) {
  return given.size() == expected.size() &&
         CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
}

}  // namespace

std::string MakeSeal(std::string_view secret, std::string_view method, std::string_view path,
                     std::string_view body, Instant now, std::string_view nonce) {
  const std::string hash = Hash(body);
  const SealText seal{.time = Seconds(now), .nonce = nonce, .body_hash = hash, .mac = {}};
  return fmt::format("t={},n={},b={},s={}", seal.time, nonce, hash,
                     Mac(secret, method, path, seal));
}

Status SealChecker::CheckHead(std::string_view header, std::string_view method,
                              std::string_view path, Instant now) const {
  const auto seal = Read(header);
  if (!seal) return Refused("it has no seal that can be read");
  if (!Same(seal->mac, Mac(secret_, method, path, *seal))) {
    return Refused("its seal was made with another secret, or for another request");
  }
  const std::int64_t age = Seconds(now) - seal->time;
  if (age > kValidFor.count() || age < -kValidFor.count()) {
    return Refused(fmt::format("its clock and this one are {} s apart", age));
  }
  return {};
}

Status SealChecker::Check(std::string_view header, std::string_view method, std::string_view path,
                          std::string_view body, Instant now) {
  if (Status head = CheckHead(header, method, path, now); !head) return head;
  const auto seal = Read(header);
  if (!Same(seal->body_hash, Hash(body))) return Refused("its seal is for another body");
  return seen_.With([&](Seen& seen) -> Status {
    while (!seen.by_time.empty() && seen.by_time.front().first + 2 * kValidFor < now) {
      seen.seals.erase(seen.by_time.front().second);
      seen.by_time.pop_front();
    }
    if (seen.by_time.size() >= kSealsMax) {
      return Fail(ErrorCode::kResourceExhausted, "too many sealed requests in two minutes");
    }
    if (!seen.seals.emplace(seal->mac).second) return Refused("it was sent before");
    seen.by_time.emplace_back(now, seal->mac);
    return {};
  });
}

}  // namespace gophercron::link
