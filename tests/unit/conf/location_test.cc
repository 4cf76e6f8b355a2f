#include "conf/location.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "conf/compiled_in.h"

namespace outpost::conf {
namespace {

class LocationTest : public testing::Test {
 protected:
  LocationTest() {
    char path[] = "/tmp/outpost-home-XXXXXX";
    home_ = mkdtemp(path);
    setenv("XDG_CONFIG_HOME", (home_ + "/config").c_str(), 1);
    setenv("XDG_STATE_HOME", (home_ + "/state").c_str(), 1);
    unsetenv("MAIL_CONFIG");
  }
  ~LocationTest() override {
    std::filesystem::remove_all(home_);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("MAIL_CONFIG");
  }
  void MakeOwnMainCf() const {
    std::filesystem::create_directories(home_ + "/config/outpost");
    std::ofstream(home_ + "/config/outpost/main.cf") << "\n";
  }
  std::string home_;
};

TEST_F(LocationTest, TakesTheOptionFirst) {
  setenv("MAIL_CONFIG", "/from/environment", 1);
  EXPECT_EQ(Locate("/a/b/")->directory, "/a/b");
  EXPECT_EQ(Locate("/a/b/main.cf")->directory, "/a/b");
  EXPECT_EQ(Locate("/a")->MainCf(), "/a/main.cf");
  EXPECT_FALSE(Locate("/a")->user_mode);
  EXPECT_EQ(Locate("/a")->default_queue_directory, CompiledQueueDirectory());
  EXPECT_FALSE(Locate(""));
}

TEST_F(LocationTest, MakesARelativeOptionAbsolute) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(Locate("x/y")->directory, here + "/x/y");
  EXPECT_EQ(Locate("main.cf")->directory, here);
}

TEST_F(LocationTest, TakesTheEnvironmentBeforeTheUsersOwn) {
  MakeOwnMainCf();
  setenv("MAIL_CONFIG", "/from/environment", 1);
  EXPECT_EQ(Locate(std::nullopt)->directory, "/from/environment");
}

TEST_F(LocationTest, TakesTheUsersOwnWhereThereIsOneButNeverForRoot) {
  EXPECT_EQ(Locate(std::nullopt)->directory, CompiledConfigDirectory());
  MakeOwnMainCf();
  const sys::Result<Location> location = Locate(std::nullopt);
  if (geteuid() == 0) {
    EXPECT_EQ(location->directory, CompiledConfigDirectory());
  } else {
    EXPECT_EQ(location->directory, home_ + "/config/outpost");
    EXPECT_TRUE(location->user_mode);
    EXPECT_EQ(location->default_queue_directory, home_ + "/state/outpost");
  }
}

}  // namespace
}  // namespace outpost::conf
