// Any bytes as a crontab: each line becomes one of the three things it can be, in order, and a task
// out of it is one that can be written down.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "service/crontab.h"
#include "task/task_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gophercron::service::CrontabLine;
  using gophercron::service::CrontabOptions;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const CrontabOptions options{.user_field = (data[0] & 1) != 0, .zone = "Europe/Berlin"};
  const auto lines = gophercron::service::ReadCrontab(text, options);
  if (!lines) {
    CHECK(!lines.error().message.empty());
    return 0;
  }
  int before = 0;
  for (const CrontabLine& line : *lines) {
    CHECK(line.number > before);
    before = line.number;
    CHECK(int{line.task.has_value()} + int{line.setting} + int{!line.problem.empty()} == 1);
    if (line.task) {
      const auto stored = gophercron::task::ToStoredJson(*line.task);
      CHECK(gophercron::task::FromStoredJson(stored).has_value());
    }
  }
  return 0;
}
