#include "process/posix/run_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/random.h"
#include "process/posix/proc_files.h"

namespace gophercron::process {

namespace {

constexpr std::uint64_t kMagic = 0x31'6e'72'6a'6e'72'63'67;  // "gcrnjrn1"
constexpr std::size_t kTokenBytes = 16;

void Copy(std::string_view from, char* to, std::size_t size) {
  CHECK(from.size() < size);
  std::memcpy(to, from.data(), from.size());
  to[from.size()] = '\0';
}

std::string Text(const char* from, std::size_t size) {
  return {from, ::strnlen(from, size)};
}

// A process that was killed while it launched a command has lent the lock to the child, until that
// has closed what it inherited: a little patience.
bool Lock(int fd) {
  constexpr int kTries = 100;
  for (int tries = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (tries == kTries) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace

struct RunJournal::File {
  std::uint64_t magic;  // written last
  char token[2 * kTokenBytes + 4];
  char boot_id[40];
  char group_folder[512];
  std::array<JournalSlot, kRunsMax> slots;
};

Result<std::unique_ptr<RunJournal>> RunJournal::Open(const std::string& folder) {
  const std::string path = folder + "/runs.journal";
  const auto failed = [&](ErrorCode code, std::string_view what, int error) {
    return Fail(code, fmt::format("cannot {} the journal of runs {}: {}", what, path,
                                  std::generic_category().message(error)));
  };
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed(ErrorCode::kUnavailable, "open", errno);
  if (!Lock(fd)) {
    ::close(fd);
    return Fail(
        ErrorCode::kConflict,
        fmt::format("{} is in use by another process: one data folder serves one process", path));
  }
  if (::ftruncate(fd, sizeof(File)) != 0) {
    const int error = errno;
    ::close(fd);
    return failed(ErrorCode::kUnavailable, "size", error);
  }
  // A full disk must show here as an error, not later as SIGBUS at a write to the mapping.
  if (const int error = ::posix_fallocate(fd, 0, sizeof(File)); error != 0) {
    ::close(fd);
    return failed(ErrorCode::kUnavailable, "allocate", error);
  }
  void* mapped = ::mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) {
    const int error = errno;
    ::close(fd);
    return failed(ErrorCode::kUnavailable, "map", error);
  }
  std::unique_ptr<RunJournal> journal(new RunJournal(fd, static_cast<File*>(mapped)));
  if (auto loaded = journal->Load(); !loaded) {
    return Fail(loaded.error().code, path + loaded.error().message);
  }
  return journal;
}

Status RunJournal::Load() {
  const std::string boot_id = ReadProcFile("/proc/sys/kernel/random/boot_id").substr(0, 36);
  if (file_->magic == 0) {
    Copy(RandomHex(kTokenBytes), file_->token, sizeof file_->token);
    Copy(boot_id, file_->boot_id, sizeof file_->boot_id);
    std::atomic_thread_fence(std::memory_order_release);
    file_->magic = kMagic;
  }
  if (file_->magic != kMagic) {
    return Fail(ErrorCode::kCorrupt,
                " is not a journal of runs of this version; if no command of an earlier process is "
                "running, remove the file");
  }
  token_ = Text(file_->token, sizeof file_->token);
  const bool same_boot = Text(file_->boot_id, sizeof file_->boot_id) == boot_id;
  if (same_boot) earlier_group_folder_ = Text(file_->group_folder, sizeof file_->group_folder);
  for (std::size_t i = kRunsMax; i-- > 0;) {
    JournalSlot& slot = file_->slots[i];
    if (slot.taken.load() != 0 && same_boot) {
      unfinished_.push_back({.slot = i,
                             .run_id = Text(slot.run_id, sizeof slot.run_id),
                             .pid = slot.pid.load(),
                             .born_after = BootTime(microseconds(slot.born_after.load())),
                             .born_before = BootTime(microseconds(slot.born_before.load())),
                             .group = slot.group});
    } else {
      slot.taken.store(0);
      free_.push_back(i);
    }
  }
  Copy(boot_id, file_->boot_id, sizeof file_->boot_id);
  return {};
}

RunJournal::~RunJournal() {
  ::munmap(file_, sizeof(File));
  ::close(fd_);
}

void RunJournal::SetGroupFolder(const std::string& folder) {
  CHECK(folder.size() < sizeof file_->group_folder);
  Copy(folder, file_->group_folder, sizeof file_->group_folder);
}

std::size_t RunJournal::Take(std::string_view run_id, int group, BootTime now) {
  if (free_.empty()) return kRunsMax;
  const std::size_t index = free_.back();
  free_.pop_back();
  JournalSlot& slot = file_->slots[index];
  Copy(run_id, slot.run_id, sizeof slot.run_id);
  slot.group = group;
  slot.pid.store(0);
  slot.born_after.store(now.time_since_epoch().count());
  slot.born_before.store(0);
  slot.taken.store(1);
  return index;
}

void RunJournal::Release(std::size_t slot) {
  file_->slots[slot].taken.store(0);
  free_.push_back(slot);
}

void RunJournal::ForgetUnfinished() {
  for (const UnfinishedRun& run : unfinished_) Release(run.slot);
  unfinished_.clear();
}

JournalSlot& RunJournal::at(std::size_t slot) {
  return file_->slots[slot];
}

}  // namespace gophercron::process
