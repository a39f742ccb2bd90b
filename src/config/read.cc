#include "config/read.h"

#include <fmt/format.h>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

#include "config/keys.h"

namespace gophercron::config {
namespace {

// Larger files are refused unread.
constexpr std::size_t kFileBytesMax = 1 << 20;

struct Place {
  int line = 0;
  int column = 0;
};

Place PlaceOf(const toml::source_region& source) {
  return {.line = static_cast<int>(source.begin.line),
          .column = static_cast<int>(source.begin.column)};
}

bool SameButCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Edits that make one of the other.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// The known name that `name` may have been meant to be.
std::string Nearest(std::string_view name, bool sections) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(name.size() / 3, 2) + 1;
  for (const Key& key : Keys()) {
    if (key.use == Use::kNobody) continue;
    const std::string known = sections ? std::string(key.section) : FullName(key);
    if (known.empty()) continue;
    // The name alone too: the right key may stand under the wrong section.
    const std::size_t whole = Distance(name, known);
    const bool misplaced = !sections && name.substr(name.rfind('.') + 1) == key.name;
    const std::size_t distance = misplaced ? std::min<std::size_t>(whole, 1) : whole;
    if (distance < best_distance) {
      best = known;
      best_distance = distance;
    }
  }
  return best;
}

bool HasSection(std::string_view name) {
  return std::ranges::any_of(Keys(), [&](const Key& key) {
    return !key.section.empty() && SameButCase(key.section, name);
  });
}

const Key* FindKey(std::string_view section, std::string_view name) {
  for (const Key& key : Keys()) {
    if (SameButCase(key.section, section) && SameButCase(key.name, name)) return &key;
  }
  return nullptr;
}

template <class Element, class Toml>
std::optional<Value> ListOf(const toml::array& from) {
  std::vector<Element> list;
  for (const toml::node& node : from) {
    const auto* element = node.as<Toml>();
    if (element == nullptr) return std::nullopt;
    list.push_back(Element(element->get()));
  }
  return Value(std::move(list));
}

std::optional<Value> ValueOf(const toml::node& node, Type type) {
  switch (type) {
    case Type::kText:
      if (const auto* text = node.as_string()) return Value(text->get());
      return std::nullopt;
    case Type::kNumber:
      if (const auto* number = node.as_integer()) return Value(number->get());
      return std::nullopt;
    case Type::kTexts:
      return node.is_array() ? ListOf<std::string, std::string>(*node.as_array()) : std::nullopt;
    case Type::kNumbers:
      return node.is_array() ? ListOf<std::int64_t, std::int64_t>(*node.as_array()) : std::nullopt;
    case Type::kTable:
      break;
  }
  const auto* table = node.as_table();
  if (table == nullptr) return std::nullopt;
  std::map<std::string, std::string> texts;
  for (const auto& [name, member] : *table) {
    if (!member.is_string()) return std::nullopt;
    texts[std::string(name.str())] = member.as_string()->get();
  }
  return Value(std::move(texts));
}

std::string KindOf(const toml::node& node) {
  if (node.is_string()) return "a text";
  if (node.is_integer()) return "a number";
  if (node.is_floating_point()) return "a number with a fraction";
  if (node.is_boolean()) return "true or false";
  if (node.is_array()) return "a list, or one with other members";
  if (node.is_table()) return "a table";
  return "a date or time";
}

class Reader {
 public:
  Reader(Program program, Reading* reading) : program_(program), reading_(*reading) {}

  void Take(const toml::table& file) {
    for (const auto& [name, node] : file) {
      const Place place = PlaceOf(name.source());
      if (HasSection(name.str())) {
        TakeSection(name.str(), place, node);
      } else if (const Key* key = FindKey("", name.str())) {
        TakeKey(*key, name.str(), place, node);
      } else {
        const bool is_section = node.is_table();
        Unknown(std::string(name.str()), place, is_section);
      }
    }
  }

  // Of a key that was refused already, enough is said.
  void Report(Severity severity, std::string key, std::string message) {
    const auto same = [&](const Finding& finding) { return finding.key == key; };
    if (std::ranges::any_of(reading_.findings, same)) return;
    const auto found = places_.find(key);
    const Place place = found == places_.end() ? Place() : found->second;
    Report(severity, place, std::move(key), std::move(message));
  }

 private:
  void TakeSection(std::string_view section, Place place, const toml::node& node) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      Report(Severity::kError, place, std::string(section),
             fmt::format("is {}; it is a section, written as [{}]", KindOf(node), section));
      return;
    }
    for (const auto& [name, member] : *table) {
      if (const Key* key = FindKey(section, name.str())) {
        TakeKey(*key, name.str(), PlaceOf(name.source()), member);
      } else {
        Unknown(fmt::format("{}.{}", section, name.str()), PlaceOf(name.source()), false);
      }
    }
  }

  void TakeKey(const Key& key, std::string_view written, Place place, const toml::node& node) {
    const std::string name = FullName(key);
    // Of two that differ in case only, the one that is spelled right counts.
    if (written != key.name && places_.contains(name)) return;
    places_[name] = place;
    if (key.take == nullptr || !key.IsFor(program_)) return;
    const std::optional<Value> value = ValueOf(node, key.type);
    if (!value) {
      Report(Severity::kError, place, name,
             fmt::format("is {}; write {}", KindOf(node), Name(key.type)));
      return;
    }
    if (std::string complaint = key.take(*value, &reading_.config); !complaint.empty()) {
      Report(Severity::kError, place, name, std::move(complaint));
    }
  }

  void Unknown(std::string name, Place place, bool is_section) {
    std::string message = is_section ? "no such section" : "no such key";
    if (const std::string near = Nearest(name, is_section); !near.empty()) {
      message += fmt::format("; {} is one", near);
    }
    Report(Severity::kWarning, place, std::move(name), message + "; it is ignored");
  }

  void Report(Severity severity, Place place, std::string key, std::string message) {
    reading_.findings.push_back({.severity = severity,
                                 .line = place.line,
                                 .column = place.column,
                                 .key = std::move(key),
                                 .message = std::move(message)});
  }

  const Program program_;
  Reading& reading_;
  std::map<std::string, Place, std::less<>> places_;
};

void CheckPair(Reader& reader, const TlsFiles& files, const std::string& section) {
  if (files.cert.empty() == files.key.empty()) return;
  const auto [there, absent] =
      files.key.empty() ? std::pair("cert", "key") : std::pair("key", "cert");
  reader.Report(Severity::kError, fmt::format("{}.{}", section, there),
                fmt::format("needs {}.{} beside it", section, absent));
}

// What concerns more than one key.
void CheckWhole(Reader& reader, const Config& config, Program program) {
  if (config.etcd.endpoints.empty()) {
    reader.Report(Severity::kError, "etcd.service",
                  "names no member of etcd; write [etcd] service = [\"127.0.0.1:2379\"]");
  }
  if (program == Program::kService && !config.mysql.server) {
    reader.Report(Severity::kError, "mysql.service",
                  "names no database; write [mysql] service = \"127.0.0.1:3306\"");
  }
  if (config.mysql.server && config.mysql.database.empty() && config.agent.report_addr.empty()) {
    reader.Report(Severity::kError, "mysql.database",
                  "is missing; write the name of the database, as \"gopher_cron\"");
  }
  if (program == Program::kClient && config.agent.projects.empty()) {
    reader.Report(Severity::kWarning, "etcd.projects",
                  "names no project, so nothing runs here; write their ids, as [1, 2]");
  }
  CheckPair(reader, config.http.tls, "tls");
  CheckPair(reader, config.etcd.tls, "etcd");
  if (!config.notify.secret.empty() && config.notify.url.empty()) {
    reader.Report(Severity::kWarning, "notify.secret", "signs nothing, as there is no notify.url");
  }
}

void TakePort(Reader& reader, const std::optional<std::string>& port, Config* config) {
  // v1: only where the file names no address.
  if (!port || config->http.listen != Http().listen) return;
  const char* const end = port->data() + port->size();
  const auto read = std::from_chars(port->data(), end, config->http.listen.port);
  if (read.ec != std::errc() || read.ptr != end) {
    reader.Report(
        Severity::kError, "deploy.host",
        fmt::format("is empty, and the environment's PORT is \"{}\", which is no port", *port));
  }
}

// The file's tables, or what is wrong with its form.
std::optional<toml::table> Parse(std::string_view text, Reading* reading) {
  if (text.size() > kFileBytesMax) {
    reading->findings.push_back(
        {.key = "", .message = fmt::format("is larger than {} bytes", kFileBytesMax)});
    return std::nullopt;
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& problem) {
    const Place place = PlaceOf(problem.source());
    reading->findings.push_back(
        {.line = place.line,
         .column = place.column,
         .key = "",
         .message = fmt::format("is no TOML here: {}", problem.description())});
    return std::nullopt;
  }
}

}  // namespace

std::string_view Name(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

bool Reading::Usable() const {
  return std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.severity == Severity::kError; });
}

Reading Read(std::string_view text, Program program, const Surroundings& surroundings) {
  Reading reading;
  const auto file = Parse(text, &reading);
  if (!file) return reading;
  Reader reader(program, &reading);
  reader.Take(*file);
  if (program == Program::kService) TakePort(reader, surroundings.port, &reading.config);
  CheckWhole(reader, reading.config, program);
  std::ranges::stable_sort(reading.findings, {}, &Finding::line);
  return reading;
}

std::optional<Program> GuessProgram(std::string_view text) {
  Reading ignored;
  const auto file = Parse(text, &ignored);
  if (!file) return std::nullopt;
  int services = 0;
  int clients = 0;
  const auto count = [&](std::string_view section, const toml::table& table) {
    for (const auto& [name, node] : table) {
      const Key* const key = FindKey(section, name.str());
      if (key == nullptr) continue;
      services += key->use == Use::kService ? 1 : 0;
      clients += key->use == Use::kClient ? 1 : 0;
    }
  };
  count("", *file);
  for (const auto& [name, node] : *file) {
    if (const auto* table = node.as_table()) count(name.str(), *table);
  }
  if (services == clients) return std::nullopt;
  return services > clients ? Program::kService : Program::kClient;
}

std::string Line(std::string_view file, const Finding& finding) {
  const std::string place = finding.line == 0
                                ? std::string(file)
                                : fmt::format("{}:{}:{}", file, finding.line, finding.column);
  const std::string key = finding.key.empty() ? "the file" : finding.key;
  return fmt::format("{}: {}: {}{}{}", place, Name(finding.severity), key,
                     finding.key.empty() ? " " : ": ", finding.message);
}

}  // namespace gophercron::config
