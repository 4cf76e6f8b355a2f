#include "lib/sys/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/clock.h"
#include "tests/support/temporary_directory.h"

namespace outpost::sys {
namespace {

using namespace std::chrono_literals;
using tests::TemporaryDirectory;

TEST(SysSocket, ListensConnectsAndKnowsThePeer) {
  const TemporaryDirectory root;
  const auto listener = ListenUnix(root / "socket", 0666);
  ASSERT_TRUE(listener);
  const auto client = ConnectUnix(root / "socket", 1s);
  ASSERT_TRUE(client);
  const auto server = Accept(*listener);
  ASSERT_TRUE(server);
  const auto peer = PeerCredentials(*server);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->gid, getegid());
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_NE(fcntl(server->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(fcntl(client->get(), F_GETFL) & O_NONBLOCK, 0);
  for (const int fd : {listener->get(), client->get(), server->get()}) EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(SysSocket, SendingToAGoneReaderIsAnErrorAndNoSignal) {
  auto ends = std::move(*PacketPair());
  ends.second.reset();
  const auto sent = SendAll(ends.first, "x", "to nobody");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), EPIPE);
  EXPECT_EQ(sent.error().text(), "send to nobody: Broken pipe");
}

TEST(SysSocket, NobodyWaitingIsEagain) {
  const TemporaryDirectory root;
  const auto listener = ListenUnix(root / "socket", 0600);
  const auto accepted = Accept(*listener);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().code(), EAGAIN);
}

TEST(SysSocket, HasExactlyItsModeWhateverTheUmask) {
  const TemporaryDirectory root;
  for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
    const mode_t before = umask(mask);
    const auto listener = ListenUnix(root / "socket", 0660);
    umask(before);
    ASSERT_TRUE(listener);
    struct stat status {};
    ASSERT_EQ(stat((root / "socket").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
  }
}

TEST(SysSocket, ReplacesAStaleOne) {
  const TemporaryDirectory root;
  ASSERT_TRUE(ListenUnix(root / "socket", 0600));  // closed at once: the name stays, nobody listens
  const auto refused = ConnectUnix(root / "socket", 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ECONNREFUSED);
  const auto listener = ListenUnix(root / "socket", 0600);
  ASSERT_TRUE(listener);
  EXPECT_TRUE(ConnectUnix(root / "socket", 1s));
}

TEST(SysSocket, AnswersAboutPathsThatAreTooLongOrMissing) {
  const TemporaryDirectory root;
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_EQ(ConnectUnix(longest, 1s).error().code(), ENOENT);
  for (const auto code :
       {ConnectUnix(longest + "x", 1s).error().code(), ListenUnix(longest + "x", 0600).error().code()}) {
    EXPECT_EQ(code, ENAMETOOLONG);
  }
  EXPECT_EQ(ConnectUnix(root / "missing", 1s).error().code(), ENOENT);
}

TEST(SysSocket, AServerThatSaysNothingDoesNotHangItsClient) {
  const TemporaryDirectory root;
  const auto listener = ListenUnix(root / "socket", 0600);
  for (const auto limit : {20ms, 0ms}) {
    const auto client = ConnectUnix(root / "socket", limit);
    ASSERT_TRUE(client);
    const auto start = MonotonicClock();
    char byte;
    EXPECT_LT(read(client->get(), &byte, 1), 0);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_LT(MonotonicClock() - start, 5s);
  }
}

TEST(SysSocket, AFullBacklogDoesNotHangTheClient) {
  const TemporaryDirectory root;
  const auto listener = ListenUnix(root / "socket", 0600);
  ASSERT_EQ(listen(listener->get(), 0), 0);
  const auto first = ConnectUnix(root / "socket", 20ms);
  const auto second = ConnectUnix(root / "socket", 20ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), EAGAIN);
}

TEST(SysSocket, PacketPairKeepsBoundaries) {
  const auto pair = PacketPair();
  ASSERT_TRUE(pair);
  ASSERT_EQ(send(pair->first.get(), "ab", 2, 0), 2);
  ASSERT_EQ(send(pair->first.get(), "c", 1, 0), 1);
  char buffer[10];
  EXPECT_EQ(recv(pair->second.get(), buffer, sizeof buffer, 0), 2);
  ASSERT_TRUE(SetNonBlocking(pair->second));
  EXPECT_EQ(recv(pair->second.get(), buffer, sizeof buffer, 0), 1);
  EXPECT_LT(recv(pair->second.get(), buffer, sizeof buffer, 0), 0);
  EXPECT_EQ(errno, EAGAIN);
}

}  // namespace
}  // namespace outpost::sys
