#include "base/folder_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace gophercron {
namespace {

class FolderLockTest : public testing::Test {
 protected:
  FolderLockTest() {
    std::string pattern = testing::TempDir() + "folder_lock_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FolderLockTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FolderLockTest, TheSecondIsRefusedAndToldWhoHasIt) {
  const auto first = FolderLock::Take(folder_);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = FolderLock::Take(folder_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  EXPECT_NE(second.error().message.find(folder_), std::string::npos);
}

TEST_F(FolderLockTest, EndsWithItsOwner) {
  {
    ASSERT_TRUE(FolderLock::Take(folder_));
  }
  EXPECT_TRUE(FolderLock::Take(folder_));
}

TEST_F(FolderLockTest, EndsWithAProcessThatIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FolderLock::Take(folder_);
    const char told = lock ? 'y' : 'n';
    if (::write(ready[1], &told, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  ASSERT_EQ(told, 'y');
  const auto refused = FolderLock::Take(folder_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(std::to_string(child)), std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FolderLock::Take(folder_));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(FolderLockTest, AFolderThatIsNotThereIsAnError) {
  const auto lock = FolderLock::Take(folder_ + "/none");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gophercron
