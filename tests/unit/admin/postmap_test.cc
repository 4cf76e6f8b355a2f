#include "admin/compat/postmap.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/map_command.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace outpost::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

TEST(PostmapOptions, AreRead) {
  const auto query = ParsePostmapOptions(Words{"-wq", "key", "-F", "hash:/a", "b", "static:c"}, "/here");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->key, "key");
  EXPECT_TRUE(query->values_are_files);
  EXPECT_EQ(query->without_effect, "w");
  EXPECT_THAT(query->tables, ElementsAre("hash:/a", "hash:/here/b", "static:c"));
  const auto attached = ParsePostmapOptions(Words{"-qkey", "--", "-a"}, "/here");
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->key, "key");
  EXPECT_THAT(attached->tables, ElementsAre("hash:/here/-a"));
  EXPECT_TRUE(ParsePostmapOptions(Words{"-s", "a"}, "/here")->list);
  const auto patterns = ParsePostmapOptions(
      Words{"-q", "k", "pcre:checks", "regexp:{{/a/ b}}", "cidr:./nets", "sqlite:db.cf", "environ:x"}, "/here");
  EXPECT_THAT(patterns->tables, ElementsAre("pcre:/here/checks", "regexp:{{/a/ b}}", "cidr:/here/./nets",
                                            "sqlite:/here/db.cf", "environ:x"));
}

TEST(PostmapOptions, WhatIsNotThereIsRefused) {
  const std::pair<Words, std::string> cases[] = {
      {{}, "no table is named"},           {{"-q", "a"}, "no table is named"},
      {{"-q"}, "-q needs a value"},        {{"-d", "k", "a"}, "change the file with an editor"},
      {{"-i", "a"}, "with an editor"},     {{"-h", "a"}, "ask for one key"},
      {{"-x", "a"}, "no option -x"},       {{"-q", "k", "-s", "a"}, "exclude each other"},
      {{"-c", "/none", "a"}, "no main.cf"}};
  for (const auto& [words, part] : cases) {
    const auto options = ParsePostmapOptions(words, "/here");
    ASSERT_FALSE(options) << part;
    EXPECT_THAT(options.error().text(), HasSubstr(part));
  }
}

class PostmapTest : public testing::Test {
 protected:
  // What it prints, and its exit status.
  std::pair<std::string, int> Run(const Words& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = Postmap(words);
    errors_ = testing::internal::GetCapturedStderr();
    return {testing::internal::GetCapturedStdout(), status};
  }
  using Outcome = std::pair<std::string, int>;

  tests::TemporaryDirectory directory_;
  std::string errors_;
};

TEST_F(PostmapTest, PostaliasReadsAliases) {
  const auto postalias = [&](const Words& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = Postmap(words, MapProgram::kPostalias);
    errors_ = testing::internal::GetCapturedStderr();
    return Outcome{testing::internal::GetCapturedStdout(), status};
  };
  const std::string file = "hash:" + directory_.Write("aliases", "Root: alice, bob\n\"na me\": carol\n");
  EXPECT_EQ(postalias({"-q", "ROOT", file}), Outcome("alice, bob\n", 0));
  EXPECT_EQ(postalias({"-q", "none", file}), Outcome("", 1));
  EXPECT_EQ(postalias({"-s", file}), Outcome("na me:\tcarol\nroot:\talice, bob\n", 0));
  EXPECT_EQ(postalias({file}).second, 0);
  EXPECT_EQ(postalias({"-F", file}).second, 1);
  EXPECT_THAT(errors_, HasSubstr("no option -F"));
  EXPECT_EQ(postalias({"hash:" + directory_.Write("bad", "user@x: y\n")}).second, 0);
  EXPECT_THAT(errors_, HasSubstr("bad:1: a name is a local part"));
}

TEST_F(PostmapTest, AsksTheTextOfATable) {
  const std::string file = directory_.Write("table", "B two\na one\n");
  EXPECT_EQ(Run({"-q", "b", file}), Outcome("two\n", 0));
  EXPECT_EQ(Run({"-q", "x", file}), Outcome("", 1));
  EXPECT_EQ(Run({"-q", "x", file, "static:else"}), Outcome("else\n", 0));
  EXPECT_EQ(Run({"-q", "x", "fail:why"}), Outcome("", 1));
  EXPECT_THAT(errors_, HasSubstr("fail:why"));
}

// Who asks by pipes waits for the answer to one key before the next.
TEST_F(PostmapTest, AnswersEachKeyOfAPipeBeforeItWaitsForMore) {
  const std::string file = directory_.Write("table", "B two\na one\n");
  int keys[2];
  int answers[2];
  ASSERT_EQ(pipe(keys) + pipe(answers), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(keys[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    close(keys[1]);
    _exit(Postmap(Words{"-q", "-", file}));
  }
  close(keys[0]);
  close(answers[1]);
  const auto ask = [&](std::string_view text) {
    EXPECT_EQ(write(keys[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  const auto answer = [&] {
    char bytes[100];
    const ssize_t count = read(answers[0], bytes, sizeof bytes);
    return std::string(bytes, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  };
  ask("a\n");
  EXPECT_EQ(answer(), "a\tone\n");
  ask("none\nB");
  ask("\na\nb");
  EXPECT_EQ(answer(), "B\ttwo\na\tone\n");
  close(keys[1]);
  EXPECT_EQ(answer(), "b\ttwo\n");
  close(answers[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(PostmapTest, RefusesAKeyWithoutEnd) {
  const std::string file = directory_.Write("table", "a one\n");
  const std::string endless = directory_.Write("keys", "a\n" + std::string(kMaxKey + 1, 'x'));
  const int status = tests::RunForked([&] {
    const int keys = open(endless.c_str(), O_RDONLY);
    return dup2(keys, STDIN_FILENO) < 0 ? 99 : Postmap(Words{"-q", "-", file});
  });
  EXPECT_EQ(status, 1);
}

TEST_F(PostmapTest, ListsATable) {
  const std::string file = directory_.Write("table", "B two\na one\n");
  EXPECT_EQ(Run({"-s", file}), Outcome("a\tone\nb\ttwo\n", 0));
  EXPECT_EQ(Run({"-s", "static:a"}).second, 1);
  EXPECT_THAT(errors_, HasSubstr("no list of keys"));
}

TEST_F(PostmapTest, TakesValuesForFiles) {
  const std::string one = directory_.Write("one", "1\n");
  const std::string two = directory_.Write("two", "2\n");
  const std::string file = directory_.Write("table", "a " + one + ", " + two + "\nb /none\n");
  EXPECT_EQ(Run({"-F", "-q", "a", file}), Outcome("1\n2\n\n", 0));
  EXPECT_EQ(Run({"-F", "-q", "b", file}), Outcome("", 1));
}

TEST_F(PostmapTest, ChecksATableAndSaysThatNothingIsBuilt) {
  const std::string right = directory_.Write("right", "a one\n");
  const std::string wrong = directory_.Write("wrong", "a one\nb\n");
  EXPECT_THAT(Run({right}).first, HasSubstr("nothing is to be built"));
  EXPECT_THAT(errors_, IsEmpty());
  EXPECT_EQ(Run({right}).second, 0);
  EXPECT_EQ(Run({wrong}), Outcome("", 0)) << "a warning, as in Postfix";
  EXPECT_THAT(errors_, HasSubstr(wrong + ":2: a key without a value"));
  EXPECT_EQ(Run({"-r", right}).second, 0);
  EXPECT_THAT(errors_, HasSubstr("-r has no effect"));
}

TEST_F(PostmapTest, NewaliasesChecksTheTablesThatAreThere) {
  const auto newaliases = [&](const std::string& tables) {
    directory_.Write("main.cf", "alias_database = " + tables + "\n");
    auto environment = MakeEnvironment(directory_.path());
    EXPECT_TRUE(environment);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = CheckAliases(*environment, true);
    errors_ = testing::internal::GetCapturedStderr();
    return Outcome{testing::internal::GetCapturedStdout(), status};
  };
  const std::string said = "Nothing to build: tables are read as text.\n";
  EXPECT_EQ(newaliases("hash:" + directory_.Write("aliases", "root: alice\n")), Outcome(said, 0));
  EXPECT_EQ(newaliases("hash:/nonexistent/aliases"), Outcome(said, 0));
  EXPECT_EQ(newaliases("hash:" + directory_.Write("aliases", "root alice\n")), Outcome(said, 0));
  EXPECT_THAT(errors_, HasSubstr("aliases:1: "));
  EXPECT_EQ(newaliases("ldap:x").second, 78);
  EXPECT_EQ(newaliases("").second, 0);
}

}  // namespace
}  // namespace outpost::admin
