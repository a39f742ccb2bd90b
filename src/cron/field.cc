#include "cron/field.h"

namespace gophercron::cron {
namespace {

constexpr char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::uint32_t Key(char a, char b, char c) {
  return static_cast<std::uint32_t>(a) << 16 | static_cast<std::uint32_t>(b) << 8 |
         static_cast<std::uint32_t>(c);
}

constexpr std::uint32_t Key(std::string_view name) {
  return Key(name[0], name[1], name[2]);
}

template <std::size_t N>
int Find(const std::array<std::string_view, N>& names, std::uint32_t key) {
  for (std::size_t i = 0; i < N; ++i) {
    if (Key(names[i]) == key) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

int ValueOfName(Field field, std::string_view name) {
  if (name.size() < 3 || name.size() > 9) return -1;
  const auto key = Key(Lower(name[0]), Lower(name[1]), Lower(name[2]));
  int index = -1;
  std::string_view full;
  if (field == Field::kMonth) {
    index = Find(kMonthNames, key);
    if (index >= 0) full = kMonthNames[static_cast<std::size_t>(index++)];
  } else if (field == Field::kWeekday) {
    index = Find(kWeekdayNames, key);
    if (index >= 0) full = kWeekdayNames[static_cast<std::size_t>(index)];
  }
  if (index < 0 || name.size() == 3) return index;
  if (name.size() != full.size()) return -1;
  for (std::size_t i = 3; i < full.size(); ++i) {
    if (Lower(name[i]) != full[i]) return -1;
  }
  return index;
}

std::uint64_t HashOf(Field field, std::string_view id) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  hash = (hash ^ static_cast<std::uint64_t>(field)) * kPrime;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
  return hash ^ hash >> 33;
}

}  // namespace gophercron::cron
