// main.cf as no administrator writes it: each is an error in words, soon, and what can be used is.
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/configuration.h"
#include "conf/pattern_files.h"
#include "conf/settled_file.h"

namespace outpost::conf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BadInput : public testing::Test {
 protected:
  BadInput() {
    char path[] = "/tmp/outpost-conf-XXXXXX";
    directory_ = mkdtemp(path);
  }
  ~BadInput() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string MainCf() const { return directory_ + "/main.cf"; }
  // As if it had been written a minute ago.
  void Write(const std::string& text, const char* name = "main.cf") const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    timespec then{};
    clock_gettime(CLOCK_REALTIME, &then);
    then.tv_sec -= 60;
    const timespec times[] = {then, then};
    utimensat(AT_FDCWD, path.c_str(), times, 0);
  }
  Configuration Load() const { return Configuration::Load({directory_, false, "/q"}); }
  // The one finding of what is there.
  std::string Finding() const {
    const auto before = std::chrono::steady_clock::now();
    const Configuration configuration = Load();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
    EXPECT_TRUE(configuration.HasErrors());
    EXPECT_EQ(configuration.findings().size(), 1U);
    return configuration.findings().empty() ? "" : configuration.findings()[0].ToString();
  }

  std::string directory_;
};

TEST_F(BadInput, ADirectoryIsNoMainCf) {
  mkdir(MainCf().c_str(), 0755);
  EXPECT_EQ(Finding(), "read " + MainCf() + ": not a regular file");
}

TEST_F(BadInput, AFifoHangsNobody) {
  ASSERT_EQ(mkfifo(MainCf().c_str(), 0644), 0);
  EXPECT_EQ(Finding(), "read " + MainCf() + ": not a regular file");
}

TEST_F(BadInput, ADeviceIsNotReadForEver) {
  ASSERT_EQ(symlink("/dev/zero", MainCf().c_str()), 0);
  EXPECT_EQ(Finding(), "read " + MainCf() + ": not a regular file");
}

TEST_F(BadInput, ALineOfAGigabyteIsNotReadWhole) {
  Write("relayhost = ");
  ASSERT_EQ(truncate(MainCf().c_str(), off_t{1} << 30), 0);
  EXPECT_EQ(Finding(), "read " + MainCf() + ": larger than 1048576 bytes");
}

TEST_F(BadInput, ALongLineIsLeftOutAndNamed) {
  Write("mail_name = x\nrelayhost = " + std::string(100'000, 'a') + "\nmyorigin = example.org\n");
  EXPECT_EQ(Finding(), MainCf() + ":2: longer than 65536 bytes; line ignored");
  EXPECT_EQ(Load().String("myorigin"), "example.org");
}

TEST_F(BadInput, NulBytesAreNamedByTheirLine) {
  Write(std::string("mail_name = a\0b\nmyorigin = example.org\n", 39));
  EXPECT_EQ(Finding(), MainCf() + ":1: a control character (NUL or another); line ignored");
  EXPECT_EQ(Load().String("myorigin"), "example.org");
}

TEST_F(BadInput, AProgramIsManyErrorsAndNoMore) {
  std::ifstream program("/proc/self/exe", std::ios::binary);
  std::string bytes(512 * 1024, '\0');
  program.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  Write(bytes);
  Configuration configuration = Load();
  configuration.CheckNames();
  EXPECT_TRUE(configuration.HasErrors());
  EXPECT_EQ(configuration.String("queue_directory"), "/q");
}

TEST_F(BadInput, ManyMistakesAreToldSoonAndOnceEach) {
  Write("mail_name = x\n");
  const auto before = std::chrono::steady_clock::now();
  Configuration configuration = Load();
  for (int times = 0; times < 2; ++times) {
    for (int i = 0; i < 50'000; ++i)
      configuration.AddFinding({conf::Finding::Severity::kWarning, MainCf(), i, "wrong"});
  }
  EXPECT_EQ(configuration.findings().size(), 50'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(BadInput, AFileThatMayNotBeReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  Write("mail_name = x\n");
  chmod(MainCf().c_str(), 0);
  EXPECT_EQ(Finding(), "open " + MainCf() + ": Permission denied");
}

TEST_F(BadInput, AFileThatVanishesIsMissing) {
  Write("mail_name = x\n");
  EXPECT_FALSE(Load().HasErrors());
  unlink(MainCf().c_str());
  EXPECT_EQ(Finding(), "open " + MainCf() + ": No such file or directory");
}

// Half of it would send mail another way. A writer who is held up for as long as a file needs to settle proves nothing: then
// it is tried again.
TEST_F(BadInput, AMainCfThatIsBeingWrittenIsWaitedFor) {
  bool kept_pace = false;
  for (int attempt = 0; attempt < 20 && !kept_pace; ++attempt) {
    std::ofstream file(MainCf());
    file << "mail_name = x\nrelayhost = [mail.exam" << std::flush;
    std::thread writer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      const auto before = std::chrono::steady_clock::now();
      file << "ple.org]\n" << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      file << "myorigin = example.org\n" << std::flush;
      kept_pace = std::chrono::steady_clock::now() - before < kFirstSettleTime;
    });
    Configuration configuration = Load();
    writer.join();
    EXPECT_EQ(configuration.String("relayhost"), "[mail.example.org]");
    if (kept_pace) {
      EXPECT_EQ(configuration.String("myorigin"), "example.org");
    }
  }
  EXPECT_TRUE(kept_pace);
}

TEST_F(BadInput, AMainCfWithoutItsLastLineFeedIsReadAsItIs) {
  Write("myorigin = example.org");
  EXPECT_EQ(Load().String("myorigin"), "example.org");
  utimensat(AT_FDCWD, MainCf().c_str(), nullptr, 0);
  EXPECT_EQ(Load().String("myorigin"), "example.org");
}

TEST_F(BadInput, AListFileHasItsItems) {
  Write("# comment\none, two\n  three\n!four\n" + std::string("hash:/etc/x\n"));
  EXPECT_THAT(*ReadPatterns("first " + MainCf() + " last"),
              ElementsAre("first", "one", "two", "three", "!four", "hash:/etc/x", "last"));
  EXPECT_THAT(*ReadPatterns("!" + MainCf()), ElementsAre("!one", "!two", "!three", "four", "!hash:/etc/x"));
}

TEST_F(BadInput, AListFileThatNamesItselfEnds) {
  Write(MainCf() + "\n");
  EXPECT_THAT(ReadPatterns(MainCf()).error().text(), HasSubstr("files name each other without end"));
  Write("a\nb {\n");
  EXPECT_EQ(ReadPatterns(MainCf()).error().text(), MainCf() + ":2: \"{\" without \"}\"");
}

// They would be read by the power of their number.
TEST_F(BadInput, ListFilesThatNameOthersManyTimesEnd) {
  for (int i = 0; i < kMaxPatternFileDepth - 1; ++i) {
    std::string text;
    for (int times = 0; times < 50; ++times) text += directory_ + "/" + std::to_string(i + 1) + "\n";
    Write(text, std::to_string(i).c_str());
  }
  Write("", std::to_string(kMaxPatternFileDepth - 1).c_str());
  EXPECT_THAT(ReadPatterns(directory_ + "/0").error().text(), HasSubstr("more than 100 files"));
}

}  // namespace
}  // namespace outpost::conf
