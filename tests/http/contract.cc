#include "contract.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.h"
#include "http/assets.h"
#include "http/message.h"
#include "world.h"

namespace gophercron::http {
namespace {

// Of every answer, whatever the route.
constexpr std::string_view kUsualHeaders[] = {"cache-control",
                                              "connection",
                                              "content-length",
                                              "content-security-policy",
                                              "content-type",
                                              "date",
                                              "referrer-policy",
                                              "server",
                                              "vary",
                                              "x-accel-buffering",
                                              "x-request-id",
                                              "x-content-type-options",
                                              "x-frame-options",
                                              "allow",
                                              "retry-after",
                                              "cross-origin-opener-policy",
                                              "cross-origin-resource-policy"};

std::string Upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return std::toupper(c); });
  return out;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return std::tolower(c); });
  return out;
}

// "/a/{b}" and "/a/c"; how many parts are the same word, or -1 when it does not fit.
int Likeness(std::string_view pattern, std::string_view path) {
  int same = 0;
  while (!pattern.empty() && !path.empty()) {
    const std::size_t pattern_end = pattern.find('/', 1);
    const std::size_t path_end = path.find('/', 1);
    const std::string_view wanted = pattern.substr(0, pattern_end);
    const std::string_view given = path.substr(0, path_end);
    if (wanted == given) {
      ++same;
    } else if (!wanted.starts_with("/{")) {
      return -1;
    }
    pattern = pattern_end == std::string_view::npos ? "" : pattern.substr(pattern_end);
    path = path_end == std::string_view::npos ? "" : path.substr(path_end);
  }
  return pattern.empty() && path.empty() ? same : -1;
}

bool IsType(std::string_view type, const json::value& value) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

bool FitsType(const json::value& type, const json::value& value) {
  if (type.is_string()) return IsType(type.get_string(), value);
  return std::ranges::any_of(
      type.get_array(), [&](const json::value& one) { return IsType(one.get_string(), value); });
}

const json::object& Part(const json::object& from, std::string_view name) {
  return from.at(name).as_object();
}

}  // namespace

Contract& Contract::Served() {
  static Contract served;
  return served;
}

Contract::Contract() : document_(json::ParseObject(OpenApiDocument().bytes).value()) {
  for (const auto& [path, methods] : Part(document_, "paths")) {
    for (const auto& [method, operation] : methods.as_object()) {
      operations_[fmt::format("{} {}", Upper(method), std::string_view(path))] =
          &operation.as_object();
    }
  }
}

const json::object& Contract::Resolved(const json::object& schema) const {
  const auto reference = json::String(schema, "$ref");
  if (!reference) return schema;
  const json::object* at = &document_;
  std::string_view rest = reference->substr(2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('/');
    at = &Part(*at, rest.substr(0, end));
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return *at;
}

const json::object* Contract::Find(std::string_view method, std::string_view path,
                                   std::string* name) const {
  int best = -1;
  const json::object* found = nullptr;
  for (const auto& [known, operation] : operations_) {
    const std::size_t space = known.find(' ');
    if (std::string_view(known).substr(0, space) != method) continue;
    const int likeness = Likeness(std::string_view(known).substr(space + 1), path);
    if (likeness <= best) continue;
    best = likeness;
    found = operation;
    *name = known;
  }
  return found;
}

const json::object* Contract::BodyMembers(std::string_view method_and_path) const {
  const json::object& operation = *operations_.at(std::string(method_and_path));
  const json::object* body = json::Object(operation, "requestBody");
  if (body == nullptr) return nullptr;
  const json::object& json_body = Part(Part(*body, "content"), "application/json");
  return &Part(Resolved(Part(json_body, "schema")), "properties");
}

std::vector<std::string> Contract::Faults(std::string_view method, std::string_view target,
                                          std::string_view body, const Answer& answer) {
  std::vector<std::string> faults;
  const std::string_view path = target.substr(0, target.find('?'));
  if (answer.status == 0 || method == "HEAD") return faults;
  std::string name;
  const json::object* operation = Find(method, path, &name);
  if (operation == nullptr) {
    // Nothing of ours, or an answer to what is no route.
    const bool refused = answer.status >= 400;
    if (path.starts_with("/api/v2/") && !refused) faults.emplace_back("there is no such operation");
    return faults;
  }
  if (answer.status < 400) {
    CheckRequest(*operation, target, body, &faults);
    seen_.insert(name);
  }
  CheckAnswer(*operation, answer, &faults);
  return faults;
}

void Contract::CheckRequest(const json::object& operation, std::string_view target,
                            std::string_view body, std::vector<std::string>* faults) const {
  std::set<std::string> known;
  const std::size_t question = target.find('?');
  const auto given = ParseQuery(question == std::string_view::npos ? std::string_view()
                                                                   : target.substr(question + 1));
  if (const json::array* parameters = json::Array(operation, "parameters")) {
    for (const json::value& value : *parameters) {
      const json::object& parameter = value.as_object();
      if (json::String(parameter, "in") != "query") continue;
      known.emplace(*json::String(parameter, "name"));
      if (parameter.at("required").as_bool() && !given.contains(*known.rbegin())) {
        faults->push_back("taken without the parameter " + *known.rbegin());
      }
    }
  }
  for (const auto& [name, value] : given) {
    if (!known.contains(name)) faults->push_back("there is no parameter " + name);
  }
  if (body.empty()) return;
  const json::object* said = json::Object(operation, "requestBody");
  if (said == nullptr) return;
  CheckText(Part(Part(Part(*said, "content"), "application/json"), "schema"), body, "the request",
            faults);
}

void Contract::CheckAnswer(const json::object& operation, const Answer& answer,
                           std::vector<std::string>* faults) const {
  const json::object& responses = Part(operation, "responses");
  const json::value* found = responses.if_contains(std::to_string(answer.status));
  if (found == nullptr) {
    faults->push_back(fmt::format("the status {} is not in the contract", answer.status));
    return;
  }
  const json::object& response = Resolved(found->as_object());
  std::set<std::string, std::less<>> known(std::begin(kUsualHeaders), std::end(kUsualHeaders));
  if (const json::object* headers = json::Object(response, "headers")) {
    for (const auto& [name, header] : *headers) {
      known.insert(Lower(name));
      if (header.at("required").as_bool() && !answer.headers.contains(Lower(name))) {
        faults->push_back("the header " + std::string(name) + " is missing");
      }
    }
  }
  for (const auto& [name, value] : answer.headers) {
    if (!known.contains(name)) faults->push_back("there is no header " + name);
  }
  const json::object* content = json::Object(response, "content");
  const auto type = answer.headers.find("content-type");
  if (content == nullptr) {
    if (!answer.body.empty()) faults->push_back("it has a body: " + answer.body);
    return;
  }
  const std::string said = type == answer.headers.end() ? "" : type->second;
  const json::value* form = content->if_contains(std::string_view(said).substr(0, said.find(';')));
  if (form == nullptr) {
    faults->push_back(fmt::format("\"{}\" is not its media type", said));
    return;
  }
  const json::object* schema = json::Object(form->as_object(), "schema");
  if (schema != nullptr && !said.starts_with("text/event-stream")) {
    CheckText(*schema, answer.body, "the answer", faults);
  }
}

std::vector<std::string> Contract::EventFaults(std::string_view method_and_path,
                                               std::string_view text) {
  std::vector<std::string> faults;
  const std::string name(method_and_path);
  const json::object& good = Part(Part(*operations_.at(name), "responses"), "200");
  const json::object& events = Part(Part(Part(good, "content"), "text/event-stream"), "x-events");
  for (std::size_t at = text.find("event: "); at != std::string_view::npos;
       at = text.find("event: ", at)) {
    const std::size_t end = text.find("\n\n", at);
    if (end == std::string_view::npos) break;
    const std::string_view event = text.substr(at, end - at);
    at = end;
    const std::string_view kind = event.substr(7, event.find('\n') - 7);
    const json::object* schema = json::Object(events, kind);
    if (schema == nullptr) {
      faults.push_back(fmt::format("there is no event {}", kind));
      continue;
    }
    CheckText(*schema, event.substr(event.find("data: ") + 6), std::string(kind), &faults);
    seen_.insert(name);
  }
  return faults;
}

std::vector<std::string> Contract::Unseen() const {
  std::vector<std::string> out;
  for (const auto& [name, operation] : operations_) {
    if (!seen_.contains(name)) out.push_back(name);
  }
  return out;
}

void Contract::CheckText(const json::object& schema, std::string_view text, const std::string& at,
                         std::vector<std::string>* faults) const {
  const auto value = json::Parse(text);
  if (value) {
    Check(schema, *value, at, faults);
  } else {
    faults->push_back(fmt::format("{} is no JSON: {}", at, text));
  }
}

void Contract::Check(const json::object& schema, const json::value& value, const std::string& at,
                     std::vector<std::string>* faults) const {
  const auto wrong = [&](std::string_view why) {
    faults->push_back(fmt::format("{}: {}: {}", at, why, json::serialize(value)));
  };
  for (const auto& [keyword, said] : schema) {
    if (keyword == "$ref") {
      Check(Resolved(schema), value, at, faults);
    } else if (keyword == "type") {
      if (!FitsType(said, value)) return wrong("not of its type");
    } else if (keyword == "enum") {
      if (std::ranges::find(said.as_array(), value) == said.as_array().end())
        wrong("none of its choices");
    } else if (keyword == "const") {
      if (said != value) wrong("not what it always is");
    } else if (keyword == "anyOf") {
      const bool fits = std::ranges::any_of(said.as_array(), [&](const json::value& choice) {
        std::vector<std::string> ignored;
        Check(choice.as_object(), value, at, &ignored);
        return ignored.empty();
      });
      if (!fits) wrong("fits none of its types");
    } else if (keyword == "format") {
      if (value.is_string() && !ParseRfc3339(value.get_string())) wrong("not a time");
    } else if (keyword == "minimum") {
      if (value.is_number() && value.to_number<double>() < said.to_number<double>())
        wrong("too small");
    } else if (keyword == "maximum") {
      if (value.is_number() && value.to_number<double>() > said.to_number<double>())
        wrong("too large");
    } else if (keyword == "maxLength") {
      if (value.is_string() && value.get_string().size() > said.to_number<std::size_t>())
        wrong("too long");
    } else if (keyword == "items") {
      if (!value.is_array()) continue;
      for (std::size_t i = 0; i < value.get_array().size(); ++i) {
        Check(said.as_object(), value.get_array()[i], fmt::format("{}[{}]", at, i), faults);
      }
    } else if (keyword == "properties" || keyword == "additionalProperties" ||
               keyword == "required") {
      continue;  // CheckObject
    } else if (keyword != "description" && keyword != "default") {
      wrong(fmt::format("this test does not know the keyword {}", std::string_view(keyword)));
    }
  }
  if (value.is_object() && json::String(schema, "type") == "object") {
    CheckObject(schema, value.get_object(), at, faults);
  }
}

void Contract::CheckObject(const json::object& schema, const json::object& value,
                           const std::string& at, std::vector<std::string>* faults) const {
  const json::object* properties = json::Object(schema, "properties");
  const json::object* others = json::Object(schema, "additionalProperties");
  for (const auto& [name, member] : value) {
    const std::string inside = fmt::format("{}.{}", at, std::string_view(name));
    const json::object* known = properties == nullptr ? others : json::Object(*properties, name);
    if (known == nullptr) {
      faults->push_back(inside + " is not in the contract");
    } else {
      Check(*known, member, inside, faults);
    }
  }
  if (const json::array* required = json::Array(schema, "required")) {
    for (const json::value& name : *required) {
      if (!value.contains(name.get_string()))
        faults->push_back(fmt::format("{}.{} is missing", at, std::string_view(name.get_string())));
    }
  }
}

}  // namespace gophercron::http
