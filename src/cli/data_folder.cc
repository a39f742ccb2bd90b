#include "cli/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/id.h"

namespace gophercron::cli {
namespace {

std::unexpected<Error> FailErrno(std::string_view doing, const std::filesystem::path& path) {
  return Fail(
      errno == EACCES || errno == EPERM ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
      fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno)));
}

// The name of a new file is only durable once its folder is synced.
bool SyncFolder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

}  // namespace

Status PrepareFolder(const std::filesystem::path& folder) {
  std::error_code failure;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), failure);
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return FailErrno("cannot make the data folder", folder);
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0) return FailErrno("cannot use the data folder", folder);
  if (!S_ISDIR(found.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the data folder {} is a file; name a folder", folder.string()));
  }
  if ((found.st_mode & 0022) != 0) {
    return Fail(
        ErrorCode::kPermissionDenied,
        fmt::format("others may write to the data folder {}, and so could run commands as you; "
                    "take that right away with: chmod go-w {}",
                    folder.string(), folder.string()));
  }
  return {};
}

Status WritePrivateFile(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path beside = path.string() + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return FailErrno("cannot write", path);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  if (::close(fd) != 0 || !written || ::rename(beside.c_str(), path.c_str()) != 0 ||
      !SyncFolder(path.parent_path())) {
    return FailErrno("cannot write", path);
  }
  return {};
}

Result<std::string> ReadOrMakeNodeId(const std::filesystem::path& folder, const Clock& clock,
                                     Random& random) {
  const auto path = folder / "node";
  std::string id;
  if (std::ifstream file(path); file >> id) {
    if (id.size() == 26) return id;
    return Fail(
        ErrorCode::kCorrupt,
        fmt::format("{} does not hold a node's id of 26 characters; remove it and this node "
                    "gets a new one",
                    path.string()));
  }
  id = NewId(clock.Now(), random);
  if (const Status written = WritePrivateFile(path, id + "\n"); !written) {
    return std::unexpected(written.error());
  }
  return id;
}

}  // namespace gophercron::cli
