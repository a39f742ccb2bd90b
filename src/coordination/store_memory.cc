#include "coordination/store_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace gophercron::coordination {
namespace {

constexpr std::size_t kFileBytesMax = 256;

Status Failed(std::string_view what, const std::string& path) {
  const int error = errno;
  return Fail(error == ENOSPC ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
              fmt::format("{} {}: {}", what, path, std::strerror(error)));
}

// Closes on every way out.
struct OpenFile {
  int fd = -1;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
};

Status WriteSynced(const std::string& path, std::string_view text) {
  const OpenFile file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.fd < 0) return Failed("making", path);
  const ssize_t written = ::write(file.fd, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return Failed("writing", path);
  if (::fsync(file.fd) != 0) return Failed("syncing", path);
  return {};
}

}  // namespace

std::optional<std::string> WentBack(const StoreIdentity& known, const StoreIdentity& found) {
  if (known.cluster.empty()) return std::nullopt;
  if (known.cluster != found.cluster) {
    return fmt::format("this is the cluster {}; this machine worked with the cluster {}",
                       found.cluster, known.cluster);
  }
  if (found.revision < known.revision) {
    return fmt::format(
        "the cluster {} is at revision {} and was at revision {} before: it was "
        "restored from an older state",
        found.cluster, found.revision, known.revision);
  }
  return std::nullopt;
}

std::string FormatStoreIdentity(const StoreIdentity& identity) {
  return fmt::format("{} {}\n", identity.cluster, identity.revision);
}

Result<StoreIdentity> ParseStoreIdentity(std::string_view text) {
  StoreIdentity identity;
  const std::size_t space = text.find(' ');
  const char* end = text.data() + text.size();
  bool valid = space == 16 && text.ends_with('\n');
  if (valid) {
    identity.cluster = text.substr(0, space);
    const auto [rest, error] = std::from_chars(text.data() + space + 1, end, identity.revision);
    valid = error == std::errc() && rest == end - 1 && identity.revision >= 0 &&
            identity.cluster.find_first_not_of("0123456789abcdef") == std::string::npos;
  }
  if (valid) return identity;
  return Fail(ErrorCode::kCorrupt,
              fmt::format("\"{}\" does not name a store: a cluster id of 16 hex digits, a space, a "
                          "revision and a newline are right",
                          text.substr(0, kFileBytesMax)));
}

Result<StoreMemory> StoreMemory::Open(std::string path) {
  StoreMemory memory(std::move(path));
  const OpenFile file{::open(memory.path_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT) return memory;
    return std::unexpected(Failed("reading", memory.path_).error());
  }
  std::string text(kFileBytesMax, '\0');
  const ssize_t got = ::read(file.fd, text.data(), text.size());
  if (got < 0) return std::unexpected(Failed("reading", memory.path_).error());
  text.resize(static_cast<std::size_t>(got));
  auto identity = ParseStoreIdentity(text);
  if (!identity) {
    return Fail(ErrorCode::kCorrupt,
                fmt::format("{}: {}; delete the file to begin anew with the store that is there",
                            memory.path_, identity.error().message));
  }
  memory.known_ = *std::move(identity);
  return memory;
}

Status StoreMemory::Remember(const StoreIdentity& identity) {
  const std::string next = path_ + ".new";
  if (Status written = WriteSynced(next, FormatStoreIdentity(identity)); !written) return written;
  if (::rename(next.c_str(), path_.c_str()) != 0) return Failed("replacing", path_);
  const std::string folder = std::filesystem::path(path_).parent_path();
  const OpenFile directory{
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) return Failed("syncing the folder of", path_);
  known_ = identity;
  return {};
}

}  // namespace gophercron::coordination
