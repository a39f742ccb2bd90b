#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace gophercron::cli {
namespace {

constexpr int kGap = 2;
constexpr int kColumnMin = 8;

// Takes from the widest column until the line fits or nothing may shrink further.
void Fit(std::vector<int>& widths, int columns) {
  const int gaps = kGap * (static_cast<int>(widths.size()) - 1);
  for (;;) {
    const int excess = std::accumulate(widths.begin(), widths.end(), gaps) - columns;
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (excess <= 0 || *widest <= kColumnMin) return;
    *widest = std::max(kColumnMin, *widest - 1);
  }
}

void AppendLine(std::string& out, const std::vector<Cell>& row, const std::vector<int>& widths,
                bool colour) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string text = Shorten(Printable(row[i].text), widths[i]);
    out += Paint(text, row[i].colour, colour);
    if (i + 1 == row.size()) break;
    out.append(static_cast<std::size_t>(widths[i] - DisplayWidth(text) + kGap), ' ');
  }
  out += '\n';
}

}  // namespace

void Table::Add(std::vector<Cell> row) {
  CHECK(row.size() == header_.size());
  rows_.push_back(std::move(row));
}

std::string Table::Render(int columns, bool colour) const {
  std::vector<Cell> titles;
  std::vector<int> widths;
  for (const std::string& title : header_) {
    titles.emplace_back(title, Colour::kBold);
    widths.push_back(DisplayWidth(title));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(Printable(row[i].text)));
    }
  }
  if (columns > 0) Fit(widths, columns);
  std::string out;
  AppendLine(out, titles, widths, colour);
  for (const auto& row : rows_) AppendLine(out, row, widths, colour);
  return out;
}

}  // namespace gophercron::cli
