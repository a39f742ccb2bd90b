#include "config/default_file.h"

#include <fmt/format.h>

#include <string_view>

#include "config/keys.h"

namespace gophercron::config {
namespace {

constexpr std::size_t kCommentColumns = 96;

// `text` as comment lines.
std::string Comment(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t cut = text.size();
    if (cut > kCommentColumns) {
      cut = text.rfind(' ', kCommentColumns);
      if (cut == std::string_view::npos) cut = text.size();
    }
    out += fmt::format("# {}\n", text.substr(0, cut));
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
  return out;
}

std::string_view UseText(Use use) {
  switch (use) {
    case Use::kService:
      return "service";
    case Use::kClient:
      return "client";
    case Use::kBoth:
      return "both";
    case Use::kNobody:
      return "";
  }
  return "";
}

}  // namespace

std::string DefaultFile(Program program) {
  std::string out = fmt::format(
      "# gophercron {0}: what `gophercron {0} -c FILE` reads. `gophercron config check FILE` says "
      "what is\n# wrong with a file. Keys that are commented out are optional.\n",
      Name(program));
  std::string_view section;
  for (const Key& key : Keys()) {
    if (!key.IsFor(program)) continue;
    if (key.section != section) {
      section = key.section;
      out += fmt::format("\n[{}]\n", section);
    } else if (section.empty()) {
      out += "\n";
    }
    out += Comment(key.about);
    out += fmt::format("{}{} = {}\n", key.v1 ? "" : "# ", key.name, key.shown);
  }
  return out;
}

std::string KeyTables() {
  std::string out;
  std::string_view section = "none yet";
  for (const Key& key : Keys()) {
    if (key.use == Use::kNobody) continue;
    if (key.section != section) {
      section = key.section;
      out +=
          section.empty() ? "### At the top of the file\n" : fmt::format("\n### [{}]\n", section);
      out += "\n| key | of | read by | example | |\n|---|---|---|---|---|\n";
    }
    out += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", key.name, key.v1 ? "v1" : "ours",
                       UseText(key.use), key.shown, key.about);
  }
  return out;
}

}  // namespace gophercron::config
