#include "smtp-client/connect.h"

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/clock.h"
#include "lib/sys/socket.h"

namespace outpost::smtp_client {
namespace {

using std::chrono::milliseconds;

sys::UniqueFd Listen(uint16_t& port, int backlog) {
  sys::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(0, bind(fd.get(), generic, length));
  EXPECT_EQ(0, listen(fd.get(), backlog));
  EXPECT_EQ(0, getsockname(fd.get(), generic, &length));
  port = ntohs(address.sin_port);
  return fd;
}

RelayAddress At(uint16_t port, int preference) {
  RelayAddress address = NumericAddress("127.0.0.1", port).value();
  address.preference = preference;
  return address;
}

class SmtpConnect : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = sys::PacketPair();
    ASSERT_TRUE(pair);
    channel_ = std::move(*pair);
    answering_ = Listen(answering_port_, 10);
    // A host that drops what comes: its queue of connections is full.
    silent_ = Listen(silent_port_, 0);
    const RelayAddress target = At(silent_port_, 0);
    for (int i = 0; i < 2; ++i) {
      fillers_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      // In progress for good, once the queue is full.
      static_cast<void>(
          connect(fillers_.back().get(), reinterpret_cast<const sockaddr*>(&target.address), target.length));
    }
  }

  auto Connect(std::deque<RelayAddress> addresses, std::chrono::seconds limit = std::chrono::seconds(10)) {
    const auto begun = sys::MonotonicClock();
    auto outcome = ConnectToFirst(addresses, limit, channel_.first);
    took_ = sys::MonotonicClock() - begun;
    left_ = addresses.size();
    return outcome;
  }

  std::pair<sys::UniqueFd, sys::UniqueFd> channel_;
  sys::UniqueFd answering_;
  sys::UniqueFd silent_;
  std::vector<sys::UniqueFd> fillers_;
  uint16_t answering_port_ = 0;
  uint16_t silent_port_ = 0;
  sys::Microseconds took_{};
  size_t left_ = 0;
};

TEST_F(SmtpConnect, AnEqualIsTriedWhileTheFirstIsUndecided) {
  const auto outcome = Connect({At(silent_port_, 10), At(answering_port_, 10), At(1, 10)});
  ASSERT_TRUE(std::holds_alternative<ConnectedSocket>(outcome));
  EXPECT_EQ(answering_port_, std::get<ConnectedSocket>(outcome).target.peer.port);
  EXPECT_GE(took_, milliseconds(250));
  EXPECT_LT(took_, milliseconds(5000));
  EXPECT_EQ(1U, left_);
}

// Else mail for a relay that is merely far away would go to its backup, which is near.
TEST_F(SmtpConnect, AWorsePreferenceWaitsUntilTheBetterHasFailed) {
  const auto outcome = Connect({At(silent_port_, 10), At(answering_port_, 20)}, std::chrono::seconds(1));
  ASSERT_TRUE(std::holds_alternative<ConnectedSocket>(outcome));
  EXPECT_EQ(answering_port_, std::get<ConnectedSocket>(outcome).target.peer.port);
  EXPECT_GE(took_, milliseconds(1000));
}

TEST_F(SmtpConnect, AWorsePreferenceNeedNotWaitForARefusal) {
  const auto outcome = Connect({At(1, 10), At(answering_port_, 20)});
  ASSERT_TRUE(std::holds_alternative<ConnectedSocket>(outcome));
  EXPECT_LT(took_, milliseconds(250));
}

TEST_F(SmtpConnect, TheLastFailureIsTold) {
  const auto outcome = Connect({At(silent_port_, 10), At(1, 20)}, std::chrono::seconds(1));
  ASSERT_TRUE(std::holds_alternative<ConnectFailure>(outcome));
  EXPECT_EQ("connect to 127.0.0.1[127.0.0.1]:1: Connection refused", std::get<ConnectFailure>(outcome).why);
  EXPECT_EQ(0U, left_);
}

TEST_F(SmtpConnect, EndsWithTheRunner) {
  channel_.second.reset();
  EXPECT_TRUE(std::holds_alternative<RunnerGone>(Connect({At(silent_port_, 10)})));
}

}  // namespace
}  // namespace outpost::smtp_client
