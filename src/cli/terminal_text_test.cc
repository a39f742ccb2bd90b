#include "cli/terminal_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "cli/table.h"

namespace gophercron::cli {
namespace {

TEST(Printable, KeepsTextOfAnyLanguage) {
  EXPECT_EQ(Printable("backup 备份 ñ 🙂"), "backup 备份 ñ 🙂");
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("a\nb\r\t\x1b[31m\x7f"), "a\\nb\\r\\t\\x1b[31m\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\x9b2J");  // C1: an escape sequence in one character
  EXPECT_EQ(Printable(std::string_view("\0x", 2)), "\\x00x");
}

TEST(Printable, EscapesInvalidUtf8AndHiddenCharacters) {
  EXPECT_EQ(Printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a surrogate pair
  EXPECT_EQ(Printable("a\u00adb\u061cc"), "a\\xadb\\u061cc");
  EXPECT_EQ(Printable("abc\u202e"
                      "exe"),
            "abc\\u202eexe");
  EXPECT_EQ(Printable("\xe4\xb8"), "\\xe4\\xb8");  // cut off
}

TEST(Shorten, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("备份"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(Shorten("备份", 4), "备份");
  EXPECT_EQ(Shorten("备份数据", 4), "备…");
  EXPECT_EQ(Shorten("abcdef", 3), "ab…");
  EXPECT_EQ(Shorten("abc", 0), "");
}

TEST(OutputFilter, KeepsLinesAndDropsColours) {
  OutputFilter filter;
  EXPECT_EQ(filter.Feed("a\tb\n\x1b[1;31mred\x1b[0m\n"), "a\tb\nred\n");
  EXPECT_EQ(filter.Finish(), "");
}

TEST(OutputFilter, ShowsOtherSequencesAsText) {
  OutputFilter filter;
  EXPECT_EQ(filter.Feed("\x1b]0;title\x07\x1b[2J"), "\\x1b]0;title\\x07\\x1b[2J");
}

TEST(OutputFilter, IsTheSameHoweverTheBytesAreCut) {
  const std::string text = "a\r\nb\rc \x1b[32m备\x1b[0m \x1b[2K\xff\xe4\xb8\r";
  OutputFilter whole;
  std::string expected = whole.Feed(text);
  expected += whole.Finish();
  EXPECT_EQ(expected, "a\nb\nc 备 \\x1b[2K\\xff\\xe4\\xb8\n");
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    OutputFilter pieces;
    std::string got = pieces.Feed(std::string_view(text).substr(0, cut));
    got += pieces.Feed(std::string_view(text).substr(cut));
    got += pieces.Finish();
    EXPECT_EQ(got, expected) << "cut at " << cut;
  }
}

TEST(OutputFilter, HoldsBackNoMoreThanABoundedSequence) {
  OutputFilter filter;
  const std::string endless = "\x1b[" + std::string(10'000, '1');
  EXPECT_GE(filter.Feed(endless).size(), 9'900U);
}

TEST(Table, AlignsByColumnsAndEscapesCells) {
  Table table({"NAME", "STATE"});
  table.Add({Cell("备份"), Cell("on")});
  table.Add({Cell("a\nb"), Cell("off")});
  EXPECT_EQ(table.Render(0, false),
            "NAME  STATE\n"
            "备份  on\n"
            "a\\nb  off\n");
}

TEST(Table, CutsTheWidestColumnToFit) {
  Table table({"NAME", "COMMAND"});
  table.Add({Cell("short"), Cell(std::string(100, 'x'))});
  const std::string text = table.Render(40, false);
  for (std::size_t start = 0; start < text.size(); start = text.find('\n', start) + 1) {
    EXPECT_LE(DisplayWidth(text.substr(start, text.find('\n', start) - start)), 40);
  }
}

}  // namespace
}  // namespace gophercron::cli
