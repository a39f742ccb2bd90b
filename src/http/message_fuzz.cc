// Any bytes as the encoded parts of a request and as what a command wrote: decoding never reads
// outside, lets no NUL through, and what is said to be UTF-8 is.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = gophercron::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool plus : {false, true}) {
    const auto decoded = http::PercentDecoded(text, plus);
    if (decoded) CHECK(decoded->size() <= text.size());
  }
  for (const auto& [name, value] : http::ParseQuery(text)) {
    CHECK(name.size() + value.size() <= text.size());
  }
  const std::string clean = http::Utf8(text);
  CHECK(http::Utf8(clean) == clean);
  CHECK(http::IncompleteUtf8Tail(text) <= 3);
  CHECK(http::IncompleteUtf8Tail(clean) == 0);
  return 0;
}
