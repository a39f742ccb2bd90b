// Any bytes as the body of a request to /api/v1, as each of the kinds that it may say it is: it is
// read or refused with a sentence, and numbers and texts can be asked of whatever was read.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/v1/arguments.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gophercron::http::Request;
  using gophercron::http::v1::Arguments;
  static constexpr std::array<std::string_view, 4> kTypes = {
      "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
      "text/plain"};
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  Request request;
  request.method = (data[0] & 4) != 0 ? "GET" : "POST";
  request.headers["content-type"] = kTypes[data[0] % kTypes.size()];
  request.query = gophercron::http::ParseQuery(body);
  request.body = body;
  const auto arguments = Arguments::Read(request);
  if (!arguments) {
    CHECK(!arguments.error().message.empty());
    return 0;
  }
  for (const std::string_view name : {"project_id", "a", "", "task_id"}) {
    if (!arguments->Has(name)) CHECK(arguments->Text(name).empty());
    arguments->RequiredInt(name);
  }
  const auto checked = arguments->Check();
  CHECK(checked.has_value() || !checked.error().message.empty());
  return 0;
}
