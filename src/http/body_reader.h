// BodyReader: the members of a JSON body, strictly. A member of the wrong kind and one that nobody
// asked for are both errors that name it; all of them are told at once.
#ifndef GOPHERCRON_HTTP_BODY_READER_H_
#define GOPHERCRON_HTTP_BODY_READER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::http {

class BodyReader {
 public:
  // `prefix` stands before the names in errors: "catch_up.".
  explicit BodyReader(const json::object& body, std::string prefix = "")
      : body_(body), prefix_(std::move(prefix)) {}

  // Each takes the member if it is there and gives whether it was. null counts as there, and leaves
  // `into` as `usual` says.
  bool Read(std::string_view name, std::string* into, std::string usual = "");
  bool Read(std::string_view name, bool* into, bool usual = false);
  bool Read(std::string_view name, std::int64_t* into, std::int64_t usual = 0);
  bool Read(std::string_view name, int* into, int usual = 0);
  bool Read(std::string_view name, double* into, double usual = 0);
  bool Read(std::string_view name, seconds* into, seconds usual = seconds(0));
  bool Read(std::string_view name, std::optional<Instant>* into);
  bool Read(std::string_view name, std::vector<std::string>* into);
  bool Read(std::string_view name, std::vector<std::int64_t>* into);
  bool Read(std::string_view name, std::map<std::string, std::string>* into);
  // An object, or null when it is not there or null.
  const json::object* ReadObject(std::string_view name);

  void Require(std::string_view name);
  void Refuse(std::string_view name, std::string message);
  void Take(BodyReader&& nested);
  // kInvalidArgument with all faults, unknown members among them.
  Status Finish();

 private:
  const json::value* Find(std::string_view name);
  void NoteUnknown();

  const json::object& body_;
  std::string prefix_;
  std::set<std::string, std::less<>> asked_;
  std::vector<FieldError> errors_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_BODY_READER_H_
