#include "admin/installation_check.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class InstallationCheckTest : public ::testing::Test {
 protected:
  InstallationCheckTest()
      : directory_(MakeDirectory()),
        paths_(directory_ + "/spool"),
        configuration_(conf::Configuration::Parse({"/etc/outpost", false, "/q"}, "main.cf", "")) {}
  ~InstallationCheckTest() override { std::filesystem::remove_all(directory_); }

  static std::string MakeDirectory() {
    char path[] = "/tmp/outpost-check-XXXXXX";
    return mkdtemp(path);
  }
  static void Make(const std::string& path, mode_t mode) {
    std::filesystem::create_directories(path);
    chmod(path.c_str(), mode);
  }
  void MakeSpool() const {
    Make(paths_.root(), 0755);
    Make(paths_.Maildrop(), 01770);
    Make(paths_.Public(), 0755);
    Make(paths_.Private(), 0700);
    Make(paths_.Corrupt(), 0700);
  }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const conf::Finding& finding : configuration_.findings()) texts.push_back(finding.ToString());
    return texts;
  }

  std::string directory_;
  spool::SpoolPaths paths_;
  conf::Configuration configuration_;
};

TEST_F(InstallationCheckTest, IsContentWithASpoolAsInstalledOrNoneAtAll) {
  CheckSpool(configuration_, paths_, conf::CurrentReader());
  EXPECT_THAT(Texts(), IsEmpty());
  MakeSpool();
  CheckSpool(configuration_, paths_, conf::CurrentReader());
  EXPECT_THAT(Texts(), IsEmpty());
}

TEST_F(InstallationCheckTest, NamesEachModeThatIsTooOpenWithItsCommand) {
  MakeSpool();
  chmod(paths_.root().c_str(), 0777);
  chmod(paths_.Maildrop().c_str(), 01777);
  chmod(paths_.Private().c_str(), 0750);
  CheckSpool(configuration_, paths_, conf::CurrentReader());
  EXPECT_THAT(Texts(),
              ElementsAre(HasSubstr("chmod 0755 " + paths_.root()), HasSubstr("chmod 1770 " + paths_.Maildrop()),
                          HasSubstr("chmod 0700 " + paths_.Private())));
}

TEST_F(InstallationCheckTest, NamesWhatBelongsToAnother) {
  MakeSpool();
  const conf::FileReader another{54321, {54321}, "outpost", "outpost"};
  CheckSpool(configuration_, paths_, another);
  EXPECT_THAT(Texts(), SizeIs(4));
  EXPECT_THAT(Texts()[0], HasSubstr("chown outpost " + paths_.Maildrop()));
}

TEST_F(InstallationCheckTest, RefusesALinkInPlaceOfADirectory) {
  MakeSpool();
  std::filesystem::remove(paths_.Private());
  std::filesystem::create_directory_symlink("/tmp", paths_.Private());
  CheckSpool(configuration_, paths_, conf::CurrentReader());
  EXPECT_THAT(Texts(), ElementsAre(paths_.Private() + ": is no directory"));
}

TEST_F(InstallationCheckTest, RefusesAQueueDirectoryTooLongForSockets) {
  const spool::SpoolPaths deep("/tmp/" + std::string(100, 'x'));
  CheckSpool(configuration_, deep, conf::CurrentReader());
  EXPECT_THAT(Texts(), ElementsAre(HasSubstr("queue_directory: is so long")));
}

TEST_F(InstallationCheckTest, NamesProgramsThatAreMissing) {
  conf::QueueRunnerSettings settings;
  settings.daemon_directory = directory_;
  for (const char* name : {"/outpost-queue-runner", "/outpost-smtp"}) {
    std::ofstream(directory_ + name) << "x";
    chmod((directory_ + name).c_str(), 0755);
  }
  CheckPrograms(configuration_, settings, false);
  EXPECT_THAT(Texts(), ElementsAre(HasSubstr("outpost-pickup")));
}

TEST_F(InstallationCheckTest, WantsDropToBeSetGid) {
  conf::QueueRunnerSettings settings;
  settings.daemon_directory = directory_;
  settings.setgid_group = "no-such-group";
  for (const char* name : {"/outpost-queue-runner", "/outpost-pickup", "/outpost-smtp", "/outpost-drop"}) {
    std::ofstream(directory_ + name) << "x";
    chmod((directory_ + name).c_str(), 0755);
  }
  CheckPrograms(configuration_, settings, true);
  EXPECT_THAT(Texts(), ElementsAre(HasSubstr("there is no group \"no-such-group\"")));
  settings.setgid_group = "root";
  CheckPrograms(configuration_, settings, true);
  EXPECT_THAT(Texts()[1], HasSubstr("chmod 2755 " + directory_ + "/outpost-drop"));
}

}  // namespace
}  // namespace outpost::admin
