#include "agent/shown_command.h"

#include <string_view>

namespace gophercron::agent {

namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

void AddQuoted(std::string_view word, std::string& shown) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    shown += word;
    return;
  }
  shown += '\'';
  for (const char c : word) {
    if (c == '\'') {
      shown += "'\\''";
    } else {
      shown += c;
    }
  }
  shown += '\'';
}

}  // namespace

std::string ShownCommand(const task::Task& task) {
  if (task.argv.empty()) return task.command;
  std::string shown;
  for (const std::string& word : task.argv) {
    if (!shown.empty()) shown += ' ';
    AddQuoted(word, shown);
  }
  return shown;
}

}  // namespace gophercron::agent
