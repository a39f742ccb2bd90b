// Any bytes as a stored task: what is read is written in a form that reads as the same task, checks
// do not fail badly, and nothing that was not understood is lost.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/time.h"
#include "task/task_json.h"
#include "task/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace json = gophercron::json;
  using gophercron::task::FromStoredJson;
  using gophercron::task::ToStoredJson;

  const auto object = json::ParseObject({reinterpret_cast<const char*>(data), size});
  if (!object) return 0;
  const auto task = FromStoredJson(*object);
  if (!task) {
    CHECK(!task.error().message.empty());
    return 0;
  }
  const json::object stored = ToStoredJson(*task);
  const auto again = FromStoredJson(stored);
  CHECK(again.has_value());
  CHECK(json::serialize(ToStoredJson(*again)) == json::serialize(stored));
  const auto checked = Validate(*task, gophercron::Instant(std::chrono::seconds(1'780'000'000)));
  CHECK(checked.has_value() || !checked.error().message.empty());
  return 0;
}
