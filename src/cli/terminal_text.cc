#include "cli/terminal_text.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace gophercron::cli {
namespace {

constexpr std::size_t kHeldMax = 64;

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0x4dbf},
    Range{0x4e00, 0xa4cf},   Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},
    Range{0xfe30, 0xfe4f},   Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},
    Range{0x1f300, 0x1f64f}, Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1faff},
    Range{0x20000, 0x3fffd},
};
constexpr std::array kZeroWidth = {
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd}, Range{0x064b, 0x065f},
    Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f},
};
// Characters that no one sees and that change what one sees.
constexpr std::array kInvisible = {
    Range{0x00ad, 0x00ad}, Range{0x061c, 0x061c}, Range{0x180e, 0x180e},
    Range{0x200b, 0x200f}, Range{0x2028, 0x202e}, Range{0x2060, 0x206f},
    Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb}, Range{0xe0000, 0xe007f},
};

template <std::size_t N>
bool In(const std::array<Range, N>& ranges, char32_t c) {
  for (const Range& range : ranges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

enum class Read { kCharacter, kInvalid, kIncomplete };

struct Decoded {
  Read read = Read::kInvalid;
  char32_t character = 0;
  std::size_t length = 1;
};

// The first character of `text`, which is not empty.
Decoded Decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {Read::kCharacter, lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4) return {};
  char32_t character = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {Read::kIncomplete, 0, i};
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {};
    character = (character << 6U) | (next & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < kSmallest.at(length) || character > 0x10ffff || surrogate) return {};
  return {Read::kCharacter, character, length};
}

void AppendEscaped(std::string& out, char32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += c < 0x100 ? fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c))
                   : fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
}

bool NeedsEscape(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || In(kInvisible, c);
}

void AppendPrintable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Decoded next = Decode(text);
    if (next.read != Read::kCharacter) {
      AppendEscaped(out, static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (NeedsEscape(next.character)) {
      AppendEscaped(out, next.character);
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
}

// The length of the colour sequence (ESC [ digits and ; m) at the start of `text`; 0 when there is
// none, nullopt-like npos when it may become one with more bytes.
std::size_t ColourSequence(std::string_view text) {
  if (text.size() == 1) return std::string_view::npos;
  if (text[1] != '[') return 0;
  const std::size_t end = text.find_first_not_of("0123456789;:", 2);
  if (end == std::string_view::npos) return std::string_view::npos;
  return text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

bool UsesColour(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

int TerminalColumns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string Paint(std::string_view text, Colour colour, bool enabled) {
  if (!enabled || colour == Colour::kPlain) return std::string(text);
  constexpr std::array<int, 7> kCodes = {0, 2, 1, 31, 32, 33, 34};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes.at(static_cast<std::size_t>(colour)), text);
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  AppendPrintable(out, text);
  return out;
}

int DisplayWidth(std::string_view printable) {
  int width = 0;
  while (!printable.empty()) {
    const Decoded next = Decode(printable);
    if (!In(kZeroWidth, next.character)) width += In(kWide, next.character) ? 2 : 1;
    printable.remove_prefix(next.length);
  }
  return width;
}

std::string Shorten(std::string_view printable, int columns) {
  if (DisplayWidth(printable) <= columns) return std::string(printable);
  if (columns <= 0) return "";
  std::size_t kept = 0;
  int width = 0;
  while (kept < printable.size()) {
    const std::string_view rest = printable.substr(kept);
    const Decoded next = Decode(rest);
    width += DisplayWidth(rest.substr(0, next.length));
    if (width > columns - 1) break;
    kept += next.length;
  }
  return std::string(printable.substr(0, kept)) + "…";
}

std::string OutputFilter::Feed(std::string_view bytes) {
  std::string text = std::exchange(held_, {});
  text += bytes;
  std::string out;
  out.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const char c = rest[0];
    std::size_t taken = 1;
    if (c == '\n' || c == '\t') {
      out += c;
    } else if (c == '\r') {
      if (rest.size() == 1) break;  // the line feed of this line end may be still to come
      out += '\n';
      if (rest[1] == '\n') taken = 2;
    } else if (c == '\x1b') {
      const std::size_t sequence = ColourSequence(rest);
      if (sequence == std::string_view::npos && rest.size() < kHeldMax) break;
      if (sequence == 0 || sequence == std::string_view::npos) {
        AppendEscaped(out, U'\x1b');
      } else {
        taken = sequence;
      }
    } else {
      const Decoded next = Decode(rest);
      if (next.read == Read::kIncomplete) break;
      taken = next.length;
      AppendPrintable(out, rest.substr(0, taken));
    }
    rest.remove_prefix(taken);
  }
  held_ = rest;
  return out;
}

std::string OutputFilter::Finish() {
  const std::string held = std::exchange(held_, {});
  return held == "\r" ? "\n" : Printable(held);
}

}  // namespace gophercron::cli
