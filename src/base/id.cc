#include "base/id.h"

#include <cstdint>

namespace gophercron {
namespace {

std::uint64_t UnixMillis(Instant now) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count());
}

constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

}  // namespace

std::string FirstIdAt(Instant at) {
  std::string id(26, '0');
  std::uint64_t time = UnixMillis(at);
  for (int i = 9; i >= 0; --i, time >>= 5) id[static_cast<std::size_t>(i)] = kAlphabet[time & 31];
  return id;
}

std::string NewId(Instant now, Random& random) {
  std::string id = FirstIdAt(now);
  // 80 bits are sixteen digits of five bits: eight from each draw.
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random.Next();
    for (std::size_t i = 0; i < 8; ++i, bits >>= 5) id[10 + half * 8 + i] = kAlphabet[bits & 31];
  }
  return id;
}

std::string NewNumericId(Instant now, Random& random) {
  constexpr std::uint64_t kV1EpochMillis = 1525705533000;
  const std::uint64_t time = (UnixMillis(now) - kV1EpochMillis) & ((std::uint64_t{1} << 41) - 1);
  return std::to_string(time << 22 | (random.Next() & ((1u << 22) - 1)));
}

}  // namespace gophercron
