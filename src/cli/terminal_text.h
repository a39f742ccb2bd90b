// Text from outside on a terminal: names, error texts and the output of commands may hold anything,
// and none of it may move the cursor, change a title or forge a line.
//
// Threads: any.
#ifndef GOPHERCRON_CLI_TERMINAL_TEXT_H_
#define GOPHERCRON_CLI_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace gophercron::cli {

// A terminal that is not told otherwise: NO_COLOR is unset or empty, TERM is not "dumb".
bool UsesColour(int fd);
// Columns of the terminal behind `fd`; 80 when it is none or does not say.
int TerminalColumns(int fd);

enum class Colour { kPlain, kDim, kBold, kRed, kGreen, kYellow, kBlue };

// `text` in that colour when `enabled`, else as it is. `text` must be printable already.
std::string Paint(std::string_view text, Colour colour, bool enabled);

// One line that shows every character: control characters, bytes that are no UTF-8, and the
// invisible ones that reorder text (U+202E and its like) are written as escapes: \n \x1b \u202e.
std::string Printable(std::string_view text);

// Columns that a printable text takes: East Asian wide characters and emoji take two.
int DisplayWidth(std::string_view printable);

// At most `columns` columns of a printable text, ending in "…" when something was cut off.
std::string Shorten(std::string_view printable, int columns);

// The output of a command on its way to a terminal: keeps lines and tabs, drops colour sequences,
// writes all other control characters as escapes. A carriage return becomes a line end, so that
// progress bars stay readable. Takes pieces: a character or a sequence may be cut anywhere.
class OutputFilter {
 public:
  std::string Feed(std::string_view bytes);
  // What is still held back, written as escapes.
  std::string Finish();

 private:
  std::string held_;  // the beginning of a sequence or of a character: kHeldMax bytes at most
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_TERMINAL_TEXT_H_
