#include "pickup/confinement.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace outpost::pickup {
namespace {

TEST(PickupConfinement, LeavesTheMaildropAndNothingElse) {
  const tests::TemporaryDirectory directory;
  const spool::SpoolPaths paths(directory / "spool");
  for (const std::string& path : {paths.Maildrop(), paths.Corrupt(), paths.Temporary()}) {
    ASSERT_TRUE(sys::MakeDirectories(path, 0700));
  }
  directory.Write("spool/private/queue.db", "x");
  directory.Write("auth_passwd", "x");
  const std::string password_file = directory / "auth_passwd";
  const int status = tests::RunForked([&] {
    const auto confined = confine::Confine(ConfinementProfile(paths));
    if (!confined || !confined->missing().empty()) return 1;
    if (open(paths.QueueDatabase().c_str(), O_RDONLY) >= 0) return 2;
    if (open(password_file.c_str(), O_RDONLY) >= 0) return 3;
    if (open("/etc/passwd", O_RDONLY) >= 0) return 4;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0) return 5;
    if (execl("/bin/true", "true", nullptr) == 0) return 6;
    const pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) return 7;
    if (open((paths.Maildrop() + "/x").c_str(), O_WRONLY | O_CREAT, 0600) < 0) return 8;
    if (rename((paths.Maildrop() + "/x").c_str(), (paths.Corrupt() + "/x").c_str()) != 0) return 9;
    return 0;
  });
  if (status == 1) GTEST_SKIP() << "this kernel cannot confine";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace outpost::pickup
