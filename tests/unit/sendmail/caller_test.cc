#include "sendmail/caller.h"

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/spool/record.h"

namespace outpost::sendmail {
namespace {

TEST(SendmailCaller, IsTheRealUser) {
  const Caller caller = IdentifyCaller();
  EXPECT_EQ(caller.uid, getuid());
  const passwd* user = getpwuid(getuid());
  if (user == nullptr) GTEST_SKIP() << "the tests' own user has no name";
  EXPECT_EQ(caller.login, user->pw_name);
  EXPECT_EQ(caller.gecos, user->pw_gecos);
}

TEST(SendmailCaller, WithoutANameIsCalledByNumber) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody without a name";
  const pid_t child = fork();
  if (child == 0) {
    if (setuid(3999999) != 0) _exit(1);
    const Caller caller = IdentifyCaller();
    _exit(caller.login == "uid-3999999" && !caller.gecos ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SendmailFullName, ComesOutOfGecos) {
  EXPECT_EQ(FullNameOfGecos("Ana Martin,Room 5,123", "ana"), "Ana Martin");
  EXPECT_EQ(FullNameOfGecos("& Martin", "ana"), "Ana Martin");
  EXPECT_EQ(FullNameOfGecos("Ana;x", "ana"), "Ana");
  EXPECT_EQ(FullNameOfGecos("Ana%x", "ana"), "Ana");
  EXPECT_EQ(FullNameOfGecos("", "ana"), "");
  EXPECT_EQ(FullNameOfGecos("&", ""), "");
  EXPECT_EQ(FullNameOfGecos("&", "9x"), "9x");
}

TEST(SendmailFullName, IsTheOptionThenTheEnvironmentThenGecos) {
  const Caller caller{1000, "ana", "Ana G"};
  EXPECT_EQ(ChooseFullName("Option", "Environment", caller), "Option");
  EXPECT_EQ(ChooseFullName("", "Environment", caller), "");
  EXPECT_EQ(ChooseFullName(std::nullopt, "Environment", caller), "Environment");
  EXPECT_EQ(ChooseFullName(std::nullopt, std::nullopt, caller), "Ana G");
  EXPECT_EQ(ChooseFullName(std::nullopt, std::nullopt, {1000, "uid-1000", std::nullopt}), std::nullopt);
}

TEST(SendmailFullName, FitsARecordWhateverTheEnvironmentHolds) {
  const Caller caller{1000, "ana", "Ana\x7F\tG"};
  EXPECT_EQ(ChooseFullName(std::nullopt, "A\r\nBcc: eve\x01", caller), "A  Bcc: eve ");
  EXPECT_EQ(ChooseFullName(std::nullopt, std::nullopt, caller), "Ana  G");
  EXPECT_EQ(ChooseFullName(std::nullopt, std::string(100000, 'x'), caller)->size(), spool::kMaxFullName);
}

}  // namespace
}  // namespace outpost::sendmail
