#include "lib/sys/file.h"

#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/socket.h"
#include "tests/support/temporary_directory.h"

namespace outpost::sys {
namespace {

using tests::TemporaryDirectory;

std::string ReadAll(FdView fd, uint64_t size) {
  std::string text(size + 1, '\0');
  const auto count = ReadAt(fd, text, 0);
  EXPECT_TRUE(count);
  text.resize(*count);
  return text;
}

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

size_t FilesIn(const std::string& path) {
  size_t count = 0;
  DIR* directory = opendir(path.c_str());
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(directory);
  return count;
}

// --- opening and reading

TEST(SysFile, OpensCloseOnExecAndNamesThePathInErrors) {
  const TemporaryDirectory root;
  const auto fd = OpenFile(root.Write("file", "x"), O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_EQ(fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  const auto missing = OpenFile(root / "missing", O_RDONLY);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ENOENT);
  EXPECT_EQ(missing.error().text(), "open " + (root / "missing") + ": No such file or directory");
}

TEST(SysFile, OpensInADirectoryOnlyWhatIsInIt) {
  const TemporaryDirectory root;
  root.Write("file", "x");
  ASSERT_EQ(symlink("file", (root / "link").c_str()), 0);
  const auto directory = OpenDirectory(root.path());
  ASSERT_TRUE(directory);
  EXPECT_TRUE(OpenIn(*directory, "file", O_RDONLY));
  for (const char* name : {"", ".", "..", "../x", "/etc/passwd", "a/b", "link"}) {
    EXPECT_FALSE(OpenIn(*directory, name, O_RDONLY)) << name;
  }
}

TEST(SysFile, ReadsAWholeFileUpToItsBound) {
  const TemporaryDirectory root;
  const std::string text(100000, 'x');
  const std::string path = root.Write("file", text);
  EXPECT_EQ(*ReadFile(path, text.size()), text);
  const auto larger = ReadFile(path, text.size() - 1);
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code(), EFBIG);
  EXPECT_EQ(*ReadFile(root.Write("empty", ""), 0), "");
}

TEST(SysFile, ReadingAFifoOrDirectoryFailsAtOnce) {
  const TemporaryDirectory root;
  ASSERT_EQ(mkfifo((root / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(ReadFile(root / "fifo", 10));
  EXPECT_FALSE(ReadFile(root.path(), 10));
}

TEST(SysFile, ReadAtIsShortOnlyAtTheEnd) {
  const TemporaryDirectory root;
  const auto fd = OpenFile(root.Write("file", "0123456789"), O_RDONLY);
  char buffer[6];
  EXPECT_EQ(*ReadAt(*fd, buffer, 0), 6U);
  EXPECT_EQ(*ReadAt(*fd, buffer, 6), 4U);
  EXPECT_EQ(*ReadAt(*fd, buffer, 100), 0U);
}

TEST(SysFile, KnowsWhetherThereIsRoom) {
  const TemporaryDirectory root;
  const auto directory = OpenDirectory(root.path());
  EXPECT_TRUE(HasRoom(*directory, 1));
  EXPECT_FALSE(HasRoom(*directory, std::numeric_limits<uint64_t>::max()));
}

// --- writing

TEST(SysFile, AFullDiskIsAnError) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full";
  const auto written = WriteAll(full, "x", "the file");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().text(), "write the file: No space left on device");
}

TEST(SysFile, ReplacesAFileWithExactlyItsMode) {
  const TemporaryDirectory root;
  const std::string path = root.Write("file", "old");
  const mode_t before = umask(077);
  EXPECT_TRUE(ReplaceFile(path, "new", 0644));
  umask(before);
  EXPECT_EQ(*ReadFile(path, 100), "new");
  EXPECT_EQ(ModeOf(path), 0644U);
  EXPECT_EQ(FilesIn(root.path()), 1U);
}

TEST(SysFile, ReplacingAFileIsNotHinderedByWhatACrashLeft) {
  const TemporaryDirectory root;
  root.Write("file.outpost-new", "half");
  root.Write("file.tmp", "somebody's");
  ASSERT_TRUE(ReplaceFile(root / "file", "new", 0600));
  EXPECT_EQ(*ReadFile(root / "file", 100), "new");
  EXPECT_EQ(FilesIn(root.path()), 2U);
}

TEST(SysFile, AFailedReplacementLeavesTheOldFileAndNothingElse) {
  const TemporaryDirectory root;
  ASSERT_TRUE(MakeDirectories(root / "file/in", 0700));  // a directory that is not empty cannot be replaced
  EXPECT_FALSE(ReplaceFile(root / "file", "new", 0600));
  EXPECT_EQ(FilesIn(root.path()), 1U);
  EXPECT_FALSE(ReplaceFile(root / "no/such/directory", "new", 0600));
}

TEST(SysFile, MakesDirectoriesWithExactlyTheirMode) {
  const TemporaryDirectory root;
  const mode_t before = umask(077);
  EXPECT_TRUE(MakeDirectories(root / "a/b", 0755));
  umask(before);
  EXPECT_EQ(ModeOf(root / "a"), 0755U);
  EXPECT_EQ(ModeOf(root / "a/b"), 0755U);
  EXPECT_TRUE(MakeDirectories(root / "a/b/", 0700)) << "again";
  EXPECT_EQ(ModeOf(root / "a/b"), 0755U) << "as it was";
}

TEST(SysFile, AFileIsNoDirectory) {
  const TemporaryDirectory root;
  const auto made = MakeDirectories(root.Write("file", "x"), 0700);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ENOTDIR);
}

// --- content

class ScratchSize : public testing::TestWithParam<size_t> {};

TEST_P(ScratchSize, GivesBackWhatWasAppended) {
  const TemporaryDirectory root;
  const auto directory = OpenDirectory(root.path());
  for (const size_t piece : {size_t{1000}, size_t{65536}, size_t{65537}, GetParam() + 1}) {
    std::string expected(GetParam(), '\0');
    for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<char>(i * 31 + i / 256);
    auto scratch = Scratch::Make(*directory);
    ASSERT_TRUE(scratch);
    for (size_t at = 0; at < expected.size(); at += piece) {
      ASSERT_TRUE(scratch->Append(std::string_view(expected).substr(at, piece)));
    }
    EXPECT_EQ(scratch->size(), expected.size());
    const auto so_far = scratch->Flushed();
    ASSERT_TRUE(so_far);
    EXPECT_EQ(ReadAll(*so_far, expected.size()), expected);
    const auto content = std::move(*scratch).Finish();
    ASSERT_TRUE(content) << content.error().text();
    EXPECT_EQ(content->size(), expected.size());
    EXPECT_EQ(ReadAll(content->view(), expected.size()), expected);
    const bool in_memory = fcntl(content->view().get(), F_GET_SEALS) >= 0 && GetParam() <= Scratch::kMemoryBytes;
    EXPECT_EQ(in_memory, GetParam() <= Scratch::kMemoryBytes) << "memory is bounded";
    EXPECT_LT(write(content->view().get(), "x", 1), 0) << "nobody changes it";
    EXPECT_EQ(FilesIn(root.path()), 0U) << "it has no name";
  }
}
INSTANTIATE_TEST_SUITE_P(Boundaries, ScratchSize,
                         testing::Values(0, 1, 65536, 65537, Scratch::kMemoryBytes - 1, Scratch::kMemoryBytes,
                                         Scratch::kMemoryBytes + 1, 3 * Scratch::kMemoryBytes + 7));

TEST(Scratch, CanGoOnAfterWhatItHasIsRead) {
  const TemporaryDirectory root;
  const auto directory = OpenDirectory(root.path());
  auto scratch = Scratch::Make(*directory);
  ASSERT_TRUE(scratch->Append("one "));
  EXPECT_EQ(ReadAll(*scratch->Flushed(), 100), "one ");
  ASSERT_TRUE(scratch->Append("two"));
  EXPECT_EQ(ReadAll(std::move(*scratch).Finish()->view(), 100), "one two");
}

TEST(Scratch, LargeContentInADirectoryThatIsGoneIsAnError) {
  auto root = std::make_unique<TemporaryDirectory>();
  const auto directory = OpenDirectory(root->path());
  root.reset();
  auto scratch = Scratch::Make(*directory);
  EXPECT_FALSE(scratch->Append(std::string(Scratch::kMemoryBytes + 1, 'x')));
}

TEST(ReadOnlyFd, TakesOnlyWhatNobodyCanChange) {
  const TemporaryDirectory root;
  const std::string path = root.Write("file", "12345");
  EXPECT_FALSE(ReadOnlyFd::Check(UniqueFd(open(path.c_str(), O_RDONLY)), 5)) << "it has a name";
  UniqueFd writable(open(path.c_str(), O_RDWR));
  UniqueFd readable(open(path.c_str(), O_RDONLY));
  UniqueFd again(open(path.c_str(), O_RDONLY));
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_FALSE(ReadOnlyFd::Check(std::move(writable), 5)) << "it can be written";
  EXPECT_FALSE(ReadOnlyFd::Check(std::move(again), 4)) << "another size";
  EXPECT_TRUE(ReadOnlyFd::Check(std::move(readable), 5));
  UniqueFd memory(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_FALSE(ReadOnlyFd::Check(std::move(memory), 0)) << "a memfd that is not sealed";
  EXPECT_FALSE(ReadOnlyFd::Check(UniqueFd(open("/dev/null", O_RDONLY)), 0)) << "a device";
  EXPECT_FALSE(ReadOnlyFd::Check(UniqueFd(), 0)) << "nothing";
  auto ends = std::move(*PacketPair());
  EXPECT_FALSE(ReadOnlyFd::Check(std::move(ends.first), 0)) << "a socket";
}

TEST(ReadOnlyFd, SealedCopyAndItsDuplicateHoldTheBytes) {
  auto copy = SealedCopy("hello");
  ASSERT_TRUE(copy);
  const auto duplicate = copy->Duplicate();
  ASSERT_TRUE(duplicate);
  EXPECT_NE(duplicate->view().get(), copy->view().get());
  EXPECT_EQ(ReadAll(duplicate->view(), 100), "hello");
  EXPECT_LT(ftruncate(copy->view().get(), 0), 0);
  EXPECT_EQ(SealedCopy("")->size(), 0U);
}

TEST(UniqueFd, ClosesOnceAndKeepsErrno) {
  UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = fd.get();
  UniqueFd moved = std::move(fd);
  EXPECT_FALSE(fd);  // NOLINT(bugprone-use-after-move): what a move leaves is the subject
  EXPECT_GE(fcntl(number, F_GETFD), 0);
  errno = EDOM;
  moved.reset();
  EXPECT_EQ(errno, EDOM);
  EXPECT_LT(fcntl(number, F_GETFD), 0);
  UniqueFd released(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd owner(released.release());
  EXPECT_FALSE(released);
  EXPECT_TRUE(owner);
}

}  // namespace
}  // namespace outpost::sys
