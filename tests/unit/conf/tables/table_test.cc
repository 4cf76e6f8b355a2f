#include "conf/tables/table.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/tables/file_rights.h"
#include "conf/tables/file_table.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TableTest : public testing::Test {
 protected:
  TableTest() {
    char path[] = "/tmp/outpost-table-XXXXXX";
    directory_ = mkdtemp(path);
    file_ = directory_ + "/auth_passwd";
  }
  ~TableTest() override { std::filesystem::remove_all(directory_); }

  // As if it had been written `seconds` ago.
  void Write(std::string_view text, int seconds_ago = 60) const {
    std::ofstream(file_, std::ios::trunc) << text;
    ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
    timespec then{};
    clock_gettime(CLOCK_REALTIME, &then);
    then.tv_sec -= seconds_ago;
    const timespec times[] = {then, then};
    ASSERT_EQ(utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
  }
  Configuration Configure(std::string_view maps) const {
    return Configuration::Parse({"/etc/outpost", false, "/q"}, "main.cf",
                                "\nsmtp_sasl_password_maps = " + std::string(maps) + "\n");
  }
  TableList Open(Configuration& configuration) const {
    return TableList::Open(configuration, "smtp_sasl_password_maps", configuration.List("smtp_sasl_password_maps"));
  }
  TableList OpenAndListen(const std::string& maps) {
    told_.clear();
    Configuration configuration = Configure("");
    return TableList::Open(configuration, "smtp_sasl_password_maps", {maps},
                           [this](const Finding& finding) { told_.push_back(finding.ToString()); });
  }
  // Of the file as it is: after the time in which it is not looked at again.
  static std::string Value(TableList& list, std::string_view key) {
    std::this_thread::sleep_for(kLookInterval);
    const sys::Result<std::optional<std::string>> found = list.Find(key);
    return !found ? "error" : found->value_or("none");
  }
  std::string directory_;
  std::string file_;
  std::vector<std::string> told_;
};

TEST_F(TableTest, FindsKeysWhateverTheTypeAndCase) {
  Write("Smtp.Example.org u:p\n");
  for (const std::string type :
       {"hash:", "btree:", "lmdb:", "cdb:", "dbm:", "sdbm:", "texthash:", "proxy:hash:", ""}) {
    Configuration configuration = Configure(type + file_);
    TableList list = Open(configuration);
    EXPECT_THAT(configuration.findings(), IsEmpty()) << type;
    EXPECT_EQ(Value(list, "SMTP.example.ORG"), "u:p") << type;
    EXPECT_EQ(Value(list, "example.org"), "none");
  }
}

TEST_F(TableTest, AsksTablesFromLeftToRight) {
  Write("a 1\n");
  const std::string second = directory_ + "/second";
  std::ofstream(second) << "a 2\nb 3\n";
  Configuration configuration = Configure("hash:" + file_ + ", hash:" + second);
  TableList list = Open(configuration);
  EXPECT_EQ(Value(list, "a"), "1");
  EXPECT_EQ(Value(list, "b"), "3");
}

TEST_F(TableTest, ReadsAChangedFileAfresh) {
  Write("a 1\n");
  Configuration configuration = Configure("hash:" + file_);
  TableList list = Open(configuration);
  EXPECT_EQ(Value(list, "a"), "1");
  Write("a 2\n", 30);
  EXPECT_EQ(Value(list, "a"), "2");
}

TEST_F(TableTest, KeepsTheOldWhileAFileIsWritten) {
  Write("a 1\n");
  Configuration configuration = Configure("hash:" + file_);
  TableList list = Open(configuration);
  Write("", 0);
  EXPECT_EQ(Value(list, "a"), "1");
  Write("a 2\n", 5);
  EXPECT_EQ(Value(list, "a"), "2");
}

TEST_F(TableTest, AVanishedFileLeavesWhatWasReadInForceAndIsToldOnce) {
  Write("a 1\n");
  TableList list = OpenAndListen("hash:" + file_);
  for (int time = 1; time <= 2; ++time) {
    unlink(file_.c_str());
    EXPECT_EQ(Value(list, "a"), "1");
    EXPECT_EQ(Value(list, "a"), "1");
    ASSERT_THAT(told_, SizeIs(time));
    EXPECT_THAT(told_.back(), HasSubstr("No such file"));
    EXPECT_THAT(told_.back(), HasSubstr("before stays in force"));
    Write("a 1\n");
    EXPECT_EQ(Value(list, "a"), "1");
  }
  Write("a 2\n", 20);
  EXPECT_EQ(Value(list, "a"), "2");
}

TEST_F(TableTest, AFileThatBecomesSomethingElseLeavesWhatWasReadInForce) {
  const std::function<void()> changes[] = {
      [&] { mkdir(file_.c_str(), 0700); },
      [&] { mkfifo(file_.c_str(), 0600); },
      [&] { std::filesystem::create_symlink("/dev/zero", file_); },
      [&] {
        Write("a 2\n");
        chmod(file_.c_str(), 0666);
      },
      [&] {
        Write("");
        std::filesystem::resize_file(file_, uintmax_t{2} << 30);
        const timespec then[] = {{1, 0}, {1, 0}};
        utimensat(AT_FDCWD, file_.c_str(), then, 0);
      },
  };
  for (const auto& change : changes) {
    std::filesystem::remove_all(file_);
    Write("a 1\n");
    TableList list = OpenAndListen("hash:" + file_);
    std::filesystem::remove_all(file_);
    change();
    const timespec then[] = {{1, 0}, {1, 0}};
    utimensat(AT_FDCWD, file_.c_str(), then, AT_SYMLINK_NOFOLLOW);
    EXPECT_EQ(Value(list, "a"), "1");
    EXPECT_EQ(Value(list, "a"), "1");
    EXPECT_THAT(told_, SizeIs(1));
  }
}

TEST_F(TableTest, ATextWithoutItsLastLineFeedCountsAsHalfWritten) {
  Write("a 1\n");
  TableList list = OpenAndListen("hash:" + file_);
  for (const std::string_view cut : {"a 2", "", "b 1\na"}) {
    Write(cut, 5);
    EXPECT_EQ(Value(list, "a"), "1") << cut;
  }
  Write("a 2", 15);
  EXPECT_EQ(Value(list, "a"), "2");
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(TableTest, AnEmptiedTableIsEmptyOnceItIsOldEnough) {
  Write("a 1\n");
  TableList list = OpenAndListen("hash:" + file_);
  Write("", 15);
  EXPECT_EQ(Value(list, "a"), "none");
}

TEST_F(TableTest, WhatIsWrongWithANewTextIsToldOnce) {
  Write("a 1\nb\n");
  TableList list = OpenAndListen("hash:" + file_);
  Write("a 2\nb\nc\n", 30);
  EXPECT_EQ(Value(list, "a"), "2");
  EXPECT_EQ(Value(list, "a"), "2");
  ASSERT_THAT(told_, SizeIs(1)) << "line 2 was told at the start";
  EXPECT_THAT(told_[0], HasSubstr(file_ + ":3: warning: a key without a value"));
}

TEST_F(TableTest, ANewTextWithABadPatternLeavesTheOldInForce) {
  Write("/^a/ 1\n");
  TableList list = OpenAndListen("regexp:" + file_);
  Write("/^a/ 2\n/(/ 3\n", 30);
  EXPECT_EQ(Value(list, "a"), "1");
  EXPECT_EQ(Value(list, "a"), "1");
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0], HasSubstr("line 2: bad pattern"));
}

TEST_F(TableTest, ABadPatternIsAnErrorAtTheStart) {
  Write("/^a/ 1\n/(/ 3\n");
  Configuration configuration = Configure("regexp:" + file_);
  Open(configuration);
  ASSERT_THAT(configuration.findings(), SizeIs(1));
  EXPECT_EQ(configuration.findings()[0].severity, Finding::Severity::kError);
  EXPECT_THAT(configuration.findings()[0].ToString(), HasSubstr(file_ + ":2: bad pattern"));
}

TEST_F(TableTest, GroupsInResultsAreRefusedWhereTheyWouldChooseTheWay) {
  Write("/^(a)/ smtp:$1\n");
  const std::pair<std::string_view, size_t> cases[] = {
      {"transport_maps", 1}, {"sender_dependent_relayhost_maps", 1}, {"alias_maps", 1},
      {"canonical_maps", 0}, {"smtp_sasl_password_maps", 0},
  };
  for (const auto& [parameter, errors] : cases) {
    for (const std::string type : {"regexp:", "pcre:"}) {
      Configuration configuration = Configure("");
      TableList list = TableList::Open(configuration, parameter, {type + file_});
      ASSERT_THAT(configuration.findings(), SizeIs(errors)) << parameter;
      if (errors == 0) continue;
      EXPECT_THAT(configuration.findings()[0].ToString(), HasSubstr(file_ + ":1: $number is not taken"));
      EXPECT_EQ(configuration.findings()[0].severity, Finding::Severity::kError);
    }
  }
}

TEST_F(TableTest, AliasesAreReadByTheirOwnGrammar) {
  Write("root: alice\n");
  Configuration configuration = Configure("");
  TableList list = TableList::Open(configuration, "alias_maps", {"hash:" + file_});
  EXPECT_THAT(configuration.findings(), IsEmpty());
  EXPECT_EQ(Value(list, "root"), "alice");
}

TEST_F(TableTest, PartsOfAnAddressAreNoQuestionForPatterns) {
  Configuration configuration = Configure("");
  TableList list = TableList::Open(
      configuration, "canonical_maps",
      {"regexp:{{/./ pattern}}", "cidr:{{0.0.0.0/0 network}}", "randmap:{random}", "unionmap:{pcre:{{/./ union}}}",
       "pipemap:{pcre:{{/./ union}}, static:x}", "fail:always", "inline:{a=found}"});
  ASSERT_THAT(configuration.findings(), IsEmpty());
  EXPECT_EQ(list.Find("a", KeyPart::kPart)->value_or("none"), "found");
  EXPECT_EQ(list.Find("a", KeyPart::kWhole)->value_or("none"), "pattern");
}

TEST_F(TableTest, AFileThatIsBeingWrittenIsWaitedForAtTheStart) {
  Write("a 1", 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    std::ofstream(file_, std::ios::app) << "2\n";
  });
  Configuration configuration = Configure("hash:" + file_);
  TableList list = Open(configuration);
  writer.join();
  EXPECT_EQ(Value(list, "a"), "12");
}

TEST_F(TableTest, NothingThatIsNoTextHangsTheStart) {
  mkfifo(file_.c_str(), 0600);
  Configuration configuration = Configure("hash:" + file_ + ", hash:/dev/zero, hash:" + directory_);
  EXPECT_TRUE(Open(configuration).empty());
  ASSERT_THAT(configuration.findings(), SizeIs(3));
  for (const Finding& finding : configuration.findings())
    EXPECT_THAT(finding.text, HasSubstr("is no regular file"));
}

TEST_F(TableTest, AnEmptyValueIsTrouble) {
  Configuration configuration = Configure("inline:{{a = }, {b = 1}}");
  TableList list = Open(configuration);
  EXPECT_EQ(Value(list, "a"), "error");
  EXPECT_EQ(Value(list, "b"), "1");
  EXPECT_EQ(Value(list, "c"), "none");
}

TEST_F(TableTest, SaysWhatCannotBeOpened) {
  Write("a 1\n");
  std::ofstream(directory_ + "/compiled.db") << "x";
  const std::pair<std::string, std::string> cases[] = {
      {"ldap:/etc/x", "there are hash, btree, lmdb, cdb, dbm, sdbm, texthash"},
      {"hash:relative", "no absolute path"},
      {"hash:" + directory_, "no regular file"},
      {"hash:" + directory_ + "/none", "No such file"},
      {"hash:" + directory_ + "/compiled", "compiled.db is there, but"},
      {"pcre:" + directory_ + "/none", "No such file"},
      {"unionmap:{hash:" + directory_ + "/none}", "No such file"},
      {"unionmap:{static:a, ldap:/etc/x}", "no table type \"ldap\""},
      {"pipemap:{}", "has no table"},
      {"inline:{a}", "no \"key = value\""},
      {"unix:shadow.byname", "passwd.byname"},
  };
  for (const auto& [maps, part] : cases) {
    Configuration configuration = Configure(maps);
    EXPECT_TRUE(Open(configuration).empty());
    ASSERT_THAT(configuration.findings(), SizeIs(1)) << maps;
    EXPECT_THAT(configuration.findings()[0].ToString(), HasSubstr(part));
    EXPECT_EQ(configuration.findings()[0].line, 2);
  }
}

TEST_F(TableTest, RefusesATableThatEverybodyMayWrite) {
  Write("a 1\n");
  chmod(file_.c_str(), 0666);
  Configuration configuration = Configure("hash:" + file_);
  EXPECT_TRUE(Open(configuration).empty());
  EXPECT_THAT(configuration.findings()[0].text, HasSubstr("chmod o-w " + file_));
}

TEST_F(TableTest, WarnsOfBadLinesWithTheirPlace) {
  Write("a 1\nb\n");
  Configuration configuration = Configure("hash:" + file_);
  TableList list = Open(configuration);
  ASSERT_THAT(configuration.findings(), SizeIs(1));
  EXPECT_THAT(configuration.findings()[0].ToString(), HasSubstr(file_ + ":2: warning: a key without a value"));
  EXPECT_EQ(Value(list, "a"), "1");
}

class FileRightsTest : public TableTest {
 protected:
  // Somebody who is not the one that runs this test.
  const FileReader reader_{54321, {54322}, "outpost", "outpost"};
  std::vector<Finding> Check(mode_t mode) const {
    Write("a 1\n");
    chmod(directory_.c_str(), 0755);
    chmod(file_.c_str(), mode);
    return CheckSecretFile(file_, reader_);
  }
};

TEST_F(FileRightsTest, WarnsOfPasswordsThatOthersCanRead) {
  const std::vector<Finding> findings = Check(0644);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Finding::Severity::kWarning);
  EXPECT_EQ(findings[0].file, file_);
  EXPECT_THAT(findings[0].text, HasSubstr("mode 0644"));
}

TEST_F(FileRightsTest, NamesTheCommandForAFileThatTheMailerCannotRead) {
  const std::vector<Finding> findings = Check(0600);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Finding::Severity::kError);
  const std::string command = geteuid() == 0 ? "chgrp outpost " + file_ + " && chmod 0640 " + file_
                                             : "chown outpost " + file_ + " && chmod 0600 " + file_;
  EXPECT_THAT(findings[0].text, HasSubstr(command));
}

TEST_F(FileRightsTest, NamesTheDirectoryThatIsInTheWay) {
  Write("a 1\n");
  chmod(directory_.c_str(), 0700);
  const std::vector<Finding> findings = CheckSecretFile(file_, reader_);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].text, HasSubstr("because of the directory " + directory_));
}

TEST_F(FileRightsTest, RefusesPasswordsThatEverybodyMayChange) {
  const std::vector<Finding> findings = Check(0666);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Finding::Severity::kError);
}

TEST_F(FileRightsTest, IsContentWithAPrivateFileOfItsReader) {
  Write("a 1\n");
  EXPECT_THAT(CheckSecretFile(file_, CurrentReader()), IsEmpty());
  Configuration configuration = Configure("hash:" + file_);
  CheckSecretTables(configuration, "smtp_sasl_password_maps", CurrentReader());
  EXPECT_THAT(configuration.findings(), IsEmpty());
}

TEST_F(FileRightsTest, KnowsUsersWithTheirGroups) {
  const sys::Result<FileReader> root = ReaderOf("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_THAT(root->groups, testing::Contains(0U));
  EXPECT_FALSE(ReaderOf("no-such-user"));
}

}  // namespace
}  // namespace outpost::conf
