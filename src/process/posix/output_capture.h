// OutputCapture: the first quarter and the last three quarters of `limit` bytes out of any number
// of bytes.
//
// Memory is taken as output comes, up to kMemoryMax; beyond it the kept bytes live in an unlinked
// file in `folder`. If that file fails, less is kept, and the counts still add up. Threads: one at
// a time.
#ifndef GOPHERCRON_PROCESS_POSIX_OUTPUT_CAPTURE_H_
#define GOPHERCRON_PROCESS_POSIX_OUTPUT_CAPTURE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "process/process_runner.h"

namespace gophercron::process {

class OutputCapture {
 public:
  static constexpr std::uint64_t kMemoryMax = 256 * 1024;

  // `folder` must outlive it.
  OutputCapture(std::uint64_t limit, const std::string& folder);
  ~OutputCapture();
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;

  void Append(std::string_view bytes);
  // What is kept at this moment.
  Output Kept() const;
  std::uint64_t total() const { return total_; }

 private:
  void SetLimit(std::uint64_t limit);
  void Place(std::uint64_t offset, std::string_view bytes);
  bool Write(std::uint64_t offset, std::string_view bytes);
  bool Read(std::uint64_t offset, std::uint64_t size, std::string& to) const;
  void Spill();

  const std::string& folder_;
  std::uint64_t head_max_ = 0;
  std::uint64_t tail_max_ = 0;
  std::uint64_t total_ = 0;
  std::string memory_;
  int file_ = -1;
  bool broken_ = false;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_OUTPUT_CAPTURE_H_
