#include "smtp-client/conversation.h"

#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/smtp-client/conversation_ends.h"

namespace outpost::smtp_client {
namespace {

using std::chrono::seconds;

class SmtpConversation : public ConversationEnds {
 protected:
  void SetUp() override {
    ConversationEnds::SetUp();
    if (HasFatalFailure()) return;
    conversation_ = std::make_unique<Conversation>(socket_, channel_);
  }
  void Say(std::string_view bytes) const {
    ASSERT_EQ(static_cast<ssize_t>(bytes.size()), send(relay_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  std::string Receive(seconds limit = seconds(5)) const {
    auto received = conversation_->Receive(limit);
    if (const auto* reply = std::get_if<Reply>(&received)) return reply->ToString();
    return Name(std::get<Interruption>(received));
  }
  static std::string Name(const Interruption& trouble) {
    switch (trouble.kind) {
      case Interruption::Kind::kLost:
        return "lost";
      case Interruption::Kind::kTimeout:
        return "timeout";
      case Interruption::Kind::kNonsense:
        return "nonsense";
      case Interruption::Kind::kRunnerGone:
        return "runner gone";
    }
    return "";
  }

  std::unique_ptr<Conversation> conversation_;
};

TEST_F(SmtpConversation, RepliesComeInOrder) {
  Say("250 a\r\n250 b\r\n35");
  EXPECT_EQ("250 a", Receive());
  EXPECT_EQ("250 b", Receive());
  EXPECT_TRUE(conversation_->HasUnread());
  Say("4 c\r\n");
  EXPECT_EQ("354 c", Receive());
  EXPECT_FALSE(conversation_->HasUnread());
}

TEST_F(SmtpConversation, WhatWasSaidBeforeTheCloseIsHeard) {
  Say("421 bye\r\n");
  relay_.reset();
  EXPECT_EQ("421 bye", Receive());
  EXPECT_EQ("lost", Receive());
}

TEST_F(SmtpConversation, NonsenseEndsIt) {
  Say("250 a\r\nwhat\r\n250 b\r\n");
  EXPECT_EQ("250 a", Receive());
  EXPECT_EQ("nonsense", Receive());
  EXPECT_EQ("nonsense", Receive());
}

TEST_F(SmtpConversation, SilenceEndsAtTheLimit) { EXPECT_EQ("timeout", Receive(seconds(0))); }

// Slowloris: a byte now and then does not move the limit of a whole reply.
TEST_F(SmtpConversation, ASlowReplyHasOneLimit) {
  std::thread relay([this] {
    for (int i = 0; i < 30; ++i) {
      send(relay_.get(), "2", i == 0 ? 1 : 0, MSG_NOSIGNAL);
      if (i > 0) send(relay_.get(), "5", 1, MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ("timeout", Receive(seconds(1)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(2));
  relay.join();
}

TEST_F(SmtpConversation, TheRunnersEndEndsAWait) {
  runner_.reset();
  EXPECT_EQ("runner gone", Receive());
}

TEST_F(SmtpConversation, TheRunnersEndIsSeenBeforeTheDot) {
  EXPECT_FALSE(conversation_->LookAround());
  runner_.reset();
  const auto trouble = conversation_->LookAround();
  ASSERT_TRUE(trouble);
  EXPECT_EQ("runner gone", Name(*trouble));
}

TEST_F(SmtpConversation, AReplyBeforeTheDotIsSeen) {
  Say("250 thanks already\r\n");
  EXPECT_FALSE(conversation_->LookAround());
  EXPECT_TRUE(conversation_->HasUnread());
}

// A relay that answers each command while they are still being written, and reads no further before it has been
// heard: with both buffers full, only reading while writing gets on.
TEST_F(SmtpConversation, ReadsWhileItWrites) {
  const std::string commands(4 * 1024 * 1024, 'x');
  const std::string replies = [] {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += "250 Ok " + std::to_string(i) + "\r\n";
    return text;
  }();
  std::thread relay([&] {
    fcntl(relay_.get(), F_SETFL, 0);
    send(relay_.get(), replies.data(), replies.size(), MSG_NOSIGNAL);
    char buffer[65536];
    for (size_t left = commands.size(); left > 0;) {
      const ssize_t got = recv(relay_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      left -= static_cast<size_t>(got);
    }
  });
  EXPECT_FALSE(conversation_->Send(commands, seconds(10)));
  relay.join();
  EXPECT_EQ("250 Ok 0", Receive());
}

TEST_F(SmtpConversation, AFloodOfRepliesIsRefused) {
  const std::string commands(64 * 1024 * 1024, 'x');
  std::thread relay([&] {
    fcntl(relay_.get(), F_SETFL, 0);
    const std::string line = "250 " + std::string(1000, 'y') + "\r\n";
    while (send(relay_.get(), line.data(), line.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  const auto trouble = conversation_->Send(commands, seconds(10));
  ASSERT_TRUE(trouble);
  EXPECT_EQ("nonsense", Name(*trouble));
  conversation_.reset();
  socket_.reset();
  relay.join();
}

TEST_F(SmtpConversation, ARelayThatReadsNothingTimesOut) {
  const auto trouble = conversation_->Send(std::string(16 * 1024 * 1024, 'x'), seconds(1));
  ASSERT_TRUE(trouble);
  EXPECT_EQ("timeout", Name(*trouble));
}

TEST_F(SmtpConversation, IdleEndsWhenTheRelaySpeaksOrLeaves) {
  ASSERT_EQ(1, send(runner_.get(), "x", 1, 0));
  EXPECT_TRUE(conversation_->WaitForRunner());
  char byte;
  ASSERT_EQ(1, recv(channel_.get(), &byte, 1, 0));
  Say("421 idle\r\n");
  EXPECT_FALSE(conversation_->WaitForRunner());
}

}  // namespace
}  // namespace outpost::smtp_client
