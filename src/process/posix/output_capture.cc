#include "process/posix/output_capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace gophercron::process {

namespace {

int OpenUnlinked(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  // Some file systems have no O_TMPFILE.
  std::string name = folder + "/output-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

OutputCapture::OutputCapture(std::uint64_t limit, const std::string& folder) : folder_(folder) {
  SetLimit(limit);
}

OutputCapture::~OutputCapture() {
  if (file_ >= 0) ::close(file_);
}

void OutputCapture::SetLimit(std::uint64_t limit) {
  head_max_ = limit / 4;
  tail_max_ = limit - head_max_;
}

void OutputCapture::Append(std::string_view bytes) {
  const std::uint64_t kept_max = head_max_ + tail_max_;
  if (file_ < 0 && !broken_ && kept_max > kMemoryMax && total_ + bytes.size() > kMemoryMax) Spill();
  if (total_ < head_max_) {
    const std::string_view first = bytes.substr(0, head_max_ - total_);
    Place(total_, first);
    total_ += first.size();
    bytes.remove_prefix(first.size());
  }
  // Of a piece longer than the ring only the end would stay.
  if (bytes.size() > tail_max_) {
    total_ += bytes.size() - tail_max_;
    bytes.remove_prefix(bytes.size() - tail_max_);
  }
  while (!bytes.empty()) {
    const std::uint64_t at = (total_ - head_max_) % tail_max_;
    const std::string_view piece = bytes.substr(0, tail_max_ - at);
    Place(head_max_ + at, piece);
    total_ += piece.size();
    bytes.remove_prefix(piece.size());
  }
}

void OutputCapture::Place(std::uint64_t offset, std::string_view bytes) {
  if (broken_) return;
  if (file_ >= 0) {
    broken_ = !Write(offset, bytes);
    return;
  }
  if (memory_.size() < offset + bytes.size()) memory_.resize(offset + bytes.size());
  bytes.copy(memory_.data() + offset, bytes.size());
}

// Until here everything stands in memory in its order, which is also its place under a smaller
// limit: so when there is no room for a file, the limit becomes what memory may hold.
void OutputCapture::Spill() {
  file_ = OpenUnlinked(folder_);
  const auto size = static_cast<off_t>(head_max_ + tail_max_);
  // Room for all of it now rather than a full disk in the middle.
  const int refused = file_ < 0 ? ENOSPC : ::posix_fallocate(file_, 0, size);
  if ((refused == 0 || refused == EOPNOTSUPP || refused == EINVAL) && Write(0, memory_)) {
    memory_ = {};
    return;
  }
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  SetLimit(kMemoryMax);
}

bool OutputCapture::Write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool OutputCapture::Read(std::uint64_t offset, std::uint64_t size, std::string& to) const {
  if (file_ < 0) {
    to.append(memory_, offset, size);
    return true;
  }
  const std::size_t before = to.size();
  to.resize(before + size);
  std::uint64_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file_, to.data() + before + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::uint64_t>(got);
  }
  return true;
}

Output OutputCapture::Kept() const {
  Output output{.total_bytes = total_};
  bool read = !broken_ && Read(0, std::min(total_, head_max_), output.head);
  if (read && tail_max_ > 0 && total_ > head_max_) {
    const std::uint64_t behind = total_ - head_max_;
    if (behind <= tail_max_) {
      read = Read(head_max_, behind, output.tail);
    } else {
      const std::uint64_t oldest = behind % tail_max_;
      read = Read(head_max_ + oldest, tail_max_ - oldest, output.tail) &&
             Read(head_max_, oldest, output.tail);
    }
  }
  if (!read) output.head = output.tail = {};
  output.dropped_bytes = total_ - output.head.size() - output.tail.size();
  return output;
}

}  // namespace gophercron::process
