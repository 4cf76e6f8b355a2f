#include "conf/tables/secret_tables.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/tables/open_table.h"
#include "tests/support/temporary_directory.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretTables : public testing::Test {
 protected:
  ~SecretTables() override { unsetenv("CREDENTIALS_DIRECTORY"); }

  static std::string Ask(const std::string& item, std::string_view key) {
    std::vector<TextComplaints> complaints;
    const auto table = OpenTable(item, &complaints, {{.secrets = true}, {}});
    if (!table) return "cannot: " + table.error().text();
    const Found found = (*table)->Find(key);
    return found ? found->value_or("none") : "error: " + found.error().text();
  }
  std::string Program(std::string_view body) const {
    std::string path = directory_.Write("program", "#!/bin/sh\n" + std::string(body));
    EXPECT_EQ(chmod(path.c_str(), 0755), 0);
    return path;
  }
  tests::TemporaryDirectory directory_;
};

TEST_F(SecretTables, ACommandAnswersWithItsOutput) {
  struct Case {
    std::string_view body;
    std::string_view key;
    std::string expected;
  };
  const Case cases[] = {
      {"echo user:pass word", "k", "user:pass word"},
      {"printf 'u:p'", "k", "u:p"},
      {"printf 'u:p\\r\\n'", "k", "u:p"},
      {"echo \"$#:$1\"", "[relay]:587", "1:[relay]:587"},
      {"echo \"$1\"", "$(id) `id` ;id", "$(id) `id` ;id"},
      {"exit 0", "k", "none"},
      {"echo", "k", "none"},
      {"echo x", "-option", "none"},
      {"echo x", "a\nb", "none"},
      {"echo u:p; exit 1", "k", "error: PROGRAM: exit status 1"},
      {"kill -9 $$", "k", "error: PROGRAM: signal 9"},
      {"echo a; echo b", "k", "error: PROGRAM: writes more than one line"},
      {"yes", "k", "error: PROGRAM: writes more than 16384 bytes"},
      {"echo out >&2", "k", "none"},
      {"cat; echo x", "k", "x"},
  };
  for (auto [body, key, expected] : cases) {
    const std::string path = Program(body);
    if (const size_t place = expected.find("PROGRAM"); place != std::string::npos) expected.replace(place, 7, path);
    EXPECT_EQ(Ask("command:" + path, key), expected) << body;
  }
}

TEST_F(SecretTables, ACommandMayHaveArgumentsBeforeTheKey) {
  EXPECT_EQ(Ask("command:{" + Program("echo \"$1 $2\"") + " lookup}", "k"), "lookup k");
}

TEST_F(SecretTables, ACommandSeesLittleOfTheEnvironment) {
  setenv("OUTPOST_SECRET_TEST", "seen", 1);
  EXPECT_EQ(Ask("command:" + Program("echo \"[$OUTPOST_SECRET_TEST]\""), "k"), "[]");
}

TEST_F(SecretTables, ACommandThatOthersCouldChangeIsNotRun) {
  const std::string path = Program("echo x");
  chmod(path.c_str(), 0775);
  EXPECT_THAT(Ask("command:" + path, "k"), HasSubstr("chmod go-w"));
  chmod(path.c_str(), 0644);
  EXPECT_THAT(Ask("command:" + path, "k"), HasSubstr("Permission denied"));
  chmod(path.c_str(), 0755);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 54321, 54321), 0);
    EXPECT_THAT(Ask("command:" + path, "k"), HasSubstr("belongs to another user"));
  }
  EXPECT_THAT(Ask("command:program", "k"), HasSubstr("absolute path"));
  EXPECT_THAT(Ask("command:/nonexistent", "k"), HasSubstr("No such file"));
  EXPECT_THAT(Ask("command:/tmp", "k"), HasSubstr("is no program"));
}

TEST_F(SecretTables, ACredentialIsATableOfSystemds) {
  EXPECT_THAT(Ask("credential:relay", "k"), HasSubstr("LoadCredential="));
  setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
  directory_.Write("relay", "[smtp.example.org]:587 user:password\n");
  EXPECT_EQ(Ask("credential:relay", "[smtp.example.org]:587"), "user:password");
  EXPECT_EQ(Ask("credential:relay", "other"), "none");
  EXPECT_THAT(Ask("credential:other", "k"), HasSubstr("No such file"));
  for (const std::string name : {"../etc/passwd", "/etc/passwd", ".."}) {
    EXPECT_THAT(Ask("credential:" + name, "k"), HasSubstr("without a directory"));
  }
}

TEST_F(SecretTables, TheSecretServiceIsNotBuiltIn) {
  EXPECT_THAT(Ask("secret:outpost", "k"), HasSubstr("secret:outpost: the Secret Service is not built in"));
}

TEST_F(SecretTables, NoErrorShowsAPassword) {
  for (const std::string item :
       {"user:s3cret", "inline:{[relay]:587 user:s3cret}", "inline:[relay]:587=user:s3cret", "static:{user:s3cret",
        "inline:{{[relay]:587 = user:s3cret}, user:s3cret}", "unionmap:{inline:{user:s3cret}}",
        "randmap:user:s3cret"}) {
    std::vector<TextComplaints> complaints;
    const auto table = OpenTable(item, &complaints, {{.secrets = true}, {}});
    ASSERT_FALSE(table) << item;
    EXPECT_THAT(table.error().text(), Not(HasSubstr("s3cret"))) << item;
  }
}

TEST_F(SecretTables, AreForPasswordsAlone) {
  for (const std::string item : {"command:/bin/true", "credential:x", "secret:x", "unionmap:{command:/bin/true}"}) {
    std::vector<TextComplaints> complaints;
    const auto table = OpenTable(item, &complaints, {RulesOf("transport_maps"), {}});
    ASSERT_FALSE(table) << item;
    EXPECT_THAT(table.error().text(), HasSubstr("for passwords alone")) << item;
  }
  EXPECT_TRUE(RulesOf("smtp_sasl_password_maps").secrets);
}

}  // namespace
}  // namespace outpost::conf
