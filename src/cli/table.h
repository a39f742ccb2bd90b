// A table for people: columns aligned by what they show, the widest cut when the terminal is
// narrow.
#ifndef GOPHERCRON_CLI_TABLE_H_
#define GOPHERCRON_CLI_TABLE_H_

#include <string>
#include <vector>

#include "cli/terminal_text.h"

namespace gophercron::cli {

struct Cell {
  Cell() = default;
  Cell(std::string cell_text, Colour cell_colour = Colour::kPlain)  // NOLINT: a text is a cell
      : text(std::move(cell_text)), colour(cell_colour) {}

  std::string text;  // anything; made printable when it is written
  Colour colour = Colour::kPlain;
};

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  // As many cells as the header has.
  void Add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  // `columns` bounds the width of a line by cutting the widest column; 0: no bound.
  std::string Render(int columns, bool colour) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_TABLE_H_
