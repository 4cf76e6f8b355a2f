#include "lib/ipc/channel.h"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"

namespace outpost::ipc {
namespace {

struct Ends {
  Channel a;
  Channel b;
};

Ends MakeEnds(bool blocking = true) {
  auto pair = sys::PacketPair();
  EXPECT_TRUE(pair);
  if (!blocking) {
    EXPECT_TRUE(sys::SetNonBlocking(pair->first));
    EXPECT_TRUE(sys::SetNonBlocking(pair->second));
  }
  return {Channel(std::move(pair->first)), Channel(std::move(pair->second))};
}

int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST(IpcChannel, KeepsPacketsApartAndInOrder) {
  const Ends ends = MakeEnds();
  ASSERT_TRUE(ends.a.Send("one"));
  ASSERT_TRUE(ends.a.Send("two"));
  EXPECT_EQ((*ends.b.Receive())->bytes, "one");
  EXPECT_EQ((*ends.b.Receive())->bytes, "two");
}

TEST(IpcChannel, CarriesTheLargestPacketAndNoLarger) {
  const Ends ends = MakeEnds();
  ASSERT_TRUE(ends.a.Send(std::string(kMaxPacket, 'x')));
  EXPECT_EQ((*ends.b.Receive())->bytes.size(), kMaxPacket);
  const auto refused = ends.a.Send(std::string(kMaxPacket + 1, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), EMSGSIZE);
  EXPECT_FALSE(ends.a.Send("")) << "would look like the end";
}

TEST(IpcChannel, CarriesADescriptorThatExecWillClose) {
  const Ends ends = MakeEnds();
  auto content = sys::SealedCopy("hello");
  ASSERT_TRUE(content);
  ASSERT_TRUE(ends.a.Send("take this", content->view()));
  auto packet = ends.b.Receive();
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ((*packet)->bytes, "take this");
  ASSERT_TRUE((*packet)->fd);
  EXPECT_EQ(fcntl((*packet)->fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  char text[8];
  EXPECT_EQ(pread((*packet)->fd.get(), text, sizeof text, 0), 5);
}

TEST(IpcChannel, SaysWhenTheOtherEndIsGone) {
  Ends ends = MakeEnds();
  ends.b.Close();
  const auto received = ends.a.Receive();
  ASSERT_TRUE(received);
  EXPECT_FALSE(*received);
  const auto sent = ends.a.Send("into nothing");  // and no SIGPIPE ends the test
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), EPIPE);
}

// The kernel tells a close with unread packets before what the closer had sent itself. A connection that dies with
// messages still waiting has often just said what became of others: that must not be lost.
TEST(IpcChannel, LastPacketsArriveThoughTheOtherEndLeftSomeUnread) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.a.Send("never read"));
  ASSERT_TRUE(ends.b.Send("last words"));
  ends.b.Close();
  auto received = ends.a.Receive();
  ASSERT_TRUE(received) << received.error().text();
  ASSERT_TRUE(*received);
  EXPECT_EQ((*received)->bytes, "last words");
  received = ends.a.Receive();
  ASSERT_TRUE(received);
  EXPECT_FALSE(*received);
}

TEST(IpcChannel, SendingToOneThatLeftPacketsUnreadIsEpipe) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.a.Send("never read"));
  ends.b.Close();
  for (int i = 0; i < 2; ++i) {
    const auto sent = ends.a.Send("more");
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code(), EPIPE);
  }
}

TEST(IpcChannel, NonBlockingOnesSayEagain) {
  const Ends ends = MakeEnds(false);
  const auto received = ends.b.Receive();
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code(), EAGAIN);
  const std::string packet(kMaxPacket, 'x');
  int sent = 0;
  auto result = ends.a.Send(packet);
  while (result && ++sent < 1000) result = ends.a.Send(packet);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), EAGAIN);
}

// What a hostile peer could send past Channel::Send.
void SendRaw(const Channel& channel, std::string_view bytes, const std::vector<int>& descriptors) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ASSERT_EQ(sendmsg(channel.fd().get(), &message, 0), static_cast<ssize_t>(bytes.size()));
}

TEST(IpcChannel, RefusesSeveralDescriptorsAndClosesThemAll) {
  const Ends ends = MakeEnds();
  const int before = OpenDescriptors();
  for (const size_t count : {size_t{2}, size_t{4}, size_t{50}}) {
    SendRaw(ends.a, "packet", std::vector<int>(count, 0));
    EXPECT_FALSE(ends.b.Receive()) << count;
    EXPECT_EQ(OpenDescriptors(), before) << count;
  }
  ASSERT_TRUE(ends.a.Send("the channel goes on"));
  EXPECT_TRUE(ends.b.Receive());
}

TEST(IpcChannel, RefusesALargerPacketAndClosesItsDescriptor) {
  const Ends ends = MakeEnds();
  const int before = OpenDescriptors();
  SendRaw(ends.a, std::string(kMaxPacket + 1, 'x'), {0});
  const auto received = ends.b.Receive();
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code(), EMSGSIZE);
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace outpost::ipc
