#include "link/wire.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <functional>
#include <utility>

namespace gophercron::link {
namespace {

std::string ToBase64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // The decoder counts the padding as bytes.
  std::size_t padding = 0;
  if (text.ends_with("==")) {
    padding = 2;
  } else if (text.ends_with("=")) {
    padding = 1;
  }
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::unexpected<Error> Misread(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{} can not be read", what));
}

// A member in base64; absent is empty.
Result<std::string> Bytes(const json::object& from, std::string_view name) {
  const auto text = json::String(from, name);
  if (!text) return std::string();
  auto bytes = FromBase64(*text);
  if (!bytes) return Misread(fmt::format("the base64 of \"{}\"", name));
  return *std::move(bytes);
}

Result<task::RunOutput> OutputFrom(const json::object& from) {
  auto head = Bytes(from, "head");
  if (!head) return std::unexpected(head.error());
  auto tail = Bytes(from, "tail");
  if (!tail) return std::unexpected(tail.error());
  return task::RunOutput{.head = *std::move(head), .tail = *std::move(tail)};
}

void AddOutput(json::object& to, const task::RunOutput& output) {
  if (!output.head.empty()) to["head"] = ToBase64(output.head);
  if (!output.tail.empty()) to["tail"] = ToBase64(output.tail);
}

Result<task::LedgerRecord> RecordFrom(const json::object& from) {
  task::LedgerRecord record;
  if (const auto* run = json::Object(from, "run")) {
    auto value = task::RunRecordFromJson(*run);
    if (!value) return std::unexpected(value.error());
    record.run = *std::move(value);
    auto output = OutputFrom(from);
    if (!output) return std::unexpected(output.error());
    record.output = *std::move(output);
    return record;
  }
  const auto* span = json::Object(from, "span");
  if (span == nullptr) return Misread("a record with neither run nor span");
  auto value = task::OutcomeSpanFromJson(*span);
  if (!value) return std::unexpected(value.error());
  record.span = *std::move(value);
  return record;
}

// The elements of the array `name`, each an object.
Result<std::vector<const json::object*>> Elements(const json::object& body, std::string_view name) {
  const json::array* array = json::Array(body, name);
  if (array == nullptr) return Misread(fmt::format("a body without \"{}\"", name));
  std::vector<const json::object*> elements;
  for (const json::value& element : *array) {
    if (!element.is_object()) return Misread(fmt::format("an element of \"{}\"", name));
    elements.push_back(&element.get_object());
  }
  return elements;
}

using Telling = std::function<void(agent::LiveSink&)>;

Result<Telling> EventFrom(const json::object& from) {
  const std::string_view kind = json::String(from, "event").value_or("");
  if (kind == "output") {
    auto bytes = Bytes(from, "bytes");
    if (!bytes) return std::unexpected(bytes.error());
    return [run_id = std::string(json::String(from, "run_id").value_or("")),
            offset = json::Int(from, "offset").value_or(0), output = *std::move(bytes)](
               agent::LiveSink& sink) { sink.Output(run_id, offset, output); };
  }
  auto record = RecordFrom(from);
  if (!record) return std::unexpected(record.error());
  if (kind == "ticks" && record->span) {
    return [span = *std::move(record->span)](agent::LiveSink& sink) { sink.TicksEnded(span); };
  }
  if (kind == "started" && record->run) {
    return [run = *std::move(record->run)](agent::LiveSink& sink) { sink.RunStarted(run); };
  }
  if (kind == "ended" && record->run) {
    return [run = *std::move(record->run), output = std::move(record->output)](
               agent::LiveSink& sink) { sink.RunEnded(run, output); };
  }
  return Misread(fmt::format("an event \"{}\"", kind));
}

}  // namespace

std::string FormatRecords(std::span<const task::LedgerRecord> records) {
  json::array array;
  for (const auto& record : records) {
    json::object element;
    if (record.run) {
      element["run"] = task::ToJson(*record.run);
      AddOutput(element, record.output);
    }
    if (record.span) element["span"] = task::ToJson(*record.span);
    array.push_back(std::move(element));
  }
  return json::serialize(json::object{{"records", std::move(array)}});
}

Result<std::vector<task::LedgerRecord>> ParseRecords(std::string_view body) {
  const auto parsed = json::ParseObject(body);
  if (!parsed) return std::unexpected(parsed.error());
  const auto elements = Elements(*parsed, "records");
  if (!elements) return std::unexpected(elements.error());
  std::vector<task::LedgerRecord> records;
  for (const json::object* element : *elements) {
    auto record = RecordFrom(*element);
    if (!record) return std::unexpected(record.error());
    records.push_back(*std::move(record));
  }
  return records;
}

json::object StartedEvent(const task::RunRecord& run) {
  return {{"event", "started"}, {"run", task::ToJson(run)}};
}

json::object OutputEvent(std::string_view run_id, std::int64_t offset, std::string_view bytes) {
  return {{"event", "output"}, {"run_id", run_id}, {"offset", offset}, {"bytes", ToBase64(bytes)}};
}

json::object EndedEvent(const task::RunRecord& run, const task::RunOutput& output) {
  json::object event{{"event", "ended"}, {"run", task::ToJson(run)}};
  AddOutput(event, output);
  return event;
}

json::object TicksEvent(const task::OutcomeSpan& span) {
  return {{"event", "ticks"}, {"span", task::ToJson(span)}};
}

Status Tell(std::string_view body, std::span<agent::LiveSink* const> sinks) {
  const auto parsed = json::ParseObject(body);
  if (!parsed) return std::unexpected(parsed.error());
  const auto elements = Elements(*parsed, "events");
  if (!elements) return std::unexpected(elements.error());
  std::vector<Telling> tellings;
  for (const json::object* element : *elements) {
    auto telling = EventFrom(*element);
    if (!telling) return std::unexpected(telling.error());
    tellings.push_back(*std::move(telling));
  }
  for (const Telling& tell : tellings) {
    for (agent::LiveSink* sink : sinks) tell(*sink);
  }
  return {};
}

}  // namespace gophercron::link
