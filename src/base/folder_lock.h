// FolderLock: one process at a time works in a data folder.
//
// The lock is the kernel's (flock on the file `lock` in the folder), so it ends with the process,
// however that ends; the file stays and holds the number of the process that had it last.
#ifndef GOPHERCRON_BASE_FOLDER_LOCK_H_
#define GOPHERCRON_BASE_FOLDER_LOCK_H_

#include <string>
#include <utility>

#include "base/result.h"

namespace gophercron {

class FolderLock {
 public:
  // Does not wait. Fails with kConflict, naming the folder and the process that works in it; with
  // kPermissionDenied or kNotFound when the file can not be made there.
  static Result<FolderLock> Take(std::string folder);

  FolderLock(FolderLock&& other) noexcept
      : folder_(std::move(other.folder_)), fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FolderLock();

  const std::string& folder() const { return folder_; }

 private:
  FolderLock(std::string folder, int fd) : folder_(std::move(folder)), fd_(fd) {}

  std::string folder_;
  int fd_ = -1;
};

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_FOLDER_LOCK_H_
