// Arguments: the parameters of a request as GopherCron v1 reads them. A GET has those of its query;
// any other method a JSON object when it says that it is JSON, else a form (urlencoded or
// multipart) merged with the query, the body's value first, and of a name that comes twice the
// first.
//
// Names of JSON members are taken in any case, with and without underscores.
#ifndef GOPHERCRON_HTTP_V1_ARGUMENTS_H_
#define GOPHERCRON_HTTP_V1_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "base/result.h"
#include "http/message.h"

namespace gophercron::http::v1 {

class Arguments {
 public:
  // kInvalidArgument: the body is not what it says that it is.
  static Result<Arguments> Read(const Request& request);

  // Zero and empty when it is not there. One of the wrong kind is remembered for Check.
  std::int64_t Int(std::string_view name) const;
  std::string Text(std::string_view name) const;
  // As above; zero and empty are remembered for Check too.
  std::int64_t RequiredInt(std::string_view name) const;
  std::string RequiredText(std::string_view name) const;
  bool Has(std::string_view name) const;

  // kInvalidArgument: the first of those that were read so far and were wrong.
  Status Check() const;

 private:
  using Argument = std::variant<std::string, json::value>;  // of a form; of a JSON body

  const Argument* Find(std::string_view name) const;
  void Refuse(std::string_view name, std::string_view why) const;
  void AddForm(std::string_view text);
  Status AddMultipart(std::string_view type, std::string_view body);
  Status AddJson(std::string_view body);

  std::map<std::string, Argument, std::less<>> values_;
  mutable std::optional<Error> wrong_;
};

}  // namespace gophercron::http::v1

#endif  // GOPHERCRON_HTTP_V1_ARGUMENTS_H_
