// The four ends of a conversation in a test: its socket and the relay's end of it, its channel and the runner's.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <utility>

#include <gtest/gtest.h>

#include "lib/sys/socket.h"
#include "lib/sys/unique_fd.h"

namespace outpost::smtp_client {

class ConversationEnds : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    socket_ = sys::UniqueFd(fds[0]);
    relay_ = sys::UniqueFd(fds[1]);
    auto channel = sys::PacketPair();
    ASSERT_TRUE(channel);
    channel_ = std::move(channel->first);
    runner_ = std::move(channel->second);
  }

  sys::UniqueFd socket_, relay_, channel_, runner_;
};

}  // namespace outpost::smtp_client
