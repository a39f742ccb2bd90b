#include "base/random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include "base/check.h"

namespace gophercron {
namespace {

void Fill(void* out, std::size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = ::getrandom(at, size, 0);
    CHECK(got > 0);
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::uint64_t Random::Below(std::uint64_t bound) {
  CHECK(bound > 0);
  // Numbers from the incomplete last stretch would make small results likelier: draw again.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t number = Next();
  while (number >= limit) number = Next();
  return number % bound;
}

std::uint64_t SystemRandom::Next() {
  std::uint64_t number = 0;
  Fill(&number, sizeof number);
  return number;
}

std::string RandomHex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  Fill(raw.data(), raw.size());
  std::string out;
  for (const char byte : raw) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

}  // namespace gophercron
