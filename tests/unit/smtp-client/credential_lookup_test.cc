#include "smtp-client/credential_lookup.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace outpost::smtp_client {
namespace {

class SmtpCredentialLookup : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void WriteTable(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(Path("passwd")) << text;
    chmod(Path("passwd").c_str(), mode);
  }
  conf::Configuration Configuration() const {
    const conf::Location location{directory_.path(), false, directory_.path()};
    return conf::Configuration::Parse(location, "main.cf",
                                      "smtp_sasl_password_maps = hash:" + Path("passwd") + "\n");
  }
  sys::Result<std::optional<Credential>> LookUp() const {
    auto configuration = Configuration();
    auto log_file = sys::OpenFile(Path("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const auto log = sys::Log::ToDescriptor(std::move(log_file).value(), "outpost", "smtp");
    return LookUpCredential(configuration, ParseNextHop("[smtp.example.org]:587", 25).value(), log);
  }
  std::string Log() const { return sys::ReadFile(Path("log"), 100000).value(); }

  tests::TemporaryDirectory directory_;
};

TEST_F(SmtpCredentialLookup, FindsTheNextHopsLine) {
  WriteTable("other.example.org bob:no\n[smtp.example.org]:587 alice:pass:word\n");
  const auto found = LookUp();
  ASSERT_TRUE(found && *found);
  EXPECT_EQ("alice", (*found)->user);
  EXPECT_EQ("pass:word", (*found)->password.reveal());
  EXPECT_EQ("", Log());
}

TEST_F(SmtpCredentialLookup, NoLineIsNoCredential) {
  WriteTable("other.example.org bob:no\n");
  const auto found = LookUp();
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(SmtpCredentialLookup, AnUnreadableTableIsAnError) {
  const auto found = LookUp();
  ASSERT_FALSE(found);
  EXPECT_NE(std::string::npos, found.error().text().find(Path("passwd"))) << found.error().text();
}

TEST_F(SmtpCredentialLookup, WarnsOfATableThatEverybodyCanRead) {
  WriteTable("[smtp.example.org]:587 alice:secret\n", 0644);
  EXPECT_TRUE(LookUp());
  EXPECT_NE(std::string::npos, Log().find(Path("passwd") + ": warning: everybody on this host can read"));
  EXPECT_EQ(std::string::npos, Log().find("secret"));
}

TEST_F(SmtpCredentialLookup, AsLongALineAsThereCanBeComesWhole) {
  WriteTable("smtp.example.org alice:" + std::string(65000, 'x') + "\n");
  const auto found = LookUp();
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(65000U, (*found)->password.reveal().size());
}

// --- what is left in memory

// A password that this program holds nowhere whole, lest the scan find the test itself.
struct Hidden {
  const char* first;
  const char* rest;
};
constexpr Hidden kOwn{"own-Ujkq", "7pa-password"};
constexpr Hidden kOther{"other-Zx", "9vwe-password"};

void Append(int fd, const char* text) { ASSERT_EQ(ssize_t(strlen(text)), write(fd, text, strlen(text))); }

bool IsIn(const std::vector<char>& memory, const Hidden& hidden) {
  const std::string_view first = hidden.first;
  const std::string_view rest = hidden.rest;
  const std::string_view text(memory.data(), memory.size());
  for (size_t at = text.find(first); at != std::string_view::npos; at = text.find(first, at + 1)) {
    if (text.substr(at + first.size(), rest.size()) == rest) return true;
  }
  return false;
}

// Whether this process can find `hidden` in any page that it may read.
bool IsInMemory(const Hidden& hidden) {
  constexpr size_t kLargest = 256UL * 1024 * 1024;  // what is larger is a sanitizer's shadow
  const sys::UniqueFd memory(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  std::ifstream maps("/proc/self/maps");
  std::vector<std::string> lines;
  for (std::string line; std::getline(maps, line);) lines.push_back(line);
  for (const auto& line : lines) {
    char* rest = nullptr;  // "BEGIN-END rw-p ...", in hexadecimal
    const unsigned long begin = strtoul(line.c_str(), &rest, 16);
    const unsigned long end = strtoul(rest + 1, &rest, 16);
    if (rest[1] != 'r') continue;
    if (end - begin > kLargest) continue;
    std::vector<char> bytes(end - begin);
    const ssize_t got = pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(begin));
    if (got <= 0) continue;
    bytes.resize(static_cast<size_t>(got));
    if (IsIn(bytes, hidden)) return true;
  }
  return false;
}

// A process that meets the network is a fork of the one that has looked the credential up.
TEST_F(SmtpCredentialLookup, OtherAccountsPasswordsAreNeverInThisProcess) {
  const int fd = open(Path("passwd").c_str(), O_WRONLY | O_CREAT, 0600);
  for (const char* part : {"other.example.org bob:", kOther.first, kOther.rest, "\nsmtp.example.org alice:",
                           kOwn.first, kOwn.rest, "\nlast.example.org carol:", kOther.first, kOther.rest, "\n"}) {
    Append(fd, part);
  }
  close(fd);
  const int found = tests::RunForked([&] {
    const auto credential = LookUp();
    if (!credential || !*credential) return 100;
    return (IsInMemory(kOwn) ? 1 : 0) + (IsInMemory(kOther) ? 2 : 0);
  });
  EXPECT_EQ(1, found) << "its own alone: 1";
}

}  // namespace
}  // namespace outpost::smtp_client
