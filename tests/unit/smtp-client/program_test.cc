// The real program, started as the queue runner starts it, against a relay that plays a script.
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/descriptors.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"
#include "tests/support/scripted_relay.h"
#include "tests/support/temporary_directory.h"

namespace outpost::smtp_client {
namespace {

using tests::RelayTurn;
using tests::ScriptedRelay;

constexpr int kPatienceMs = 20000;

template <typename Message>
Message Expect(const ipc::Channel& channel) {
  pollfd fd{channel.fd().get(), POLLIN, 0};
  if (poll(&fd, 1, kPatienceMs) <= 0) {
    ADD_FAILURE() << "nothing came";
    return {};
  }
  auto packet = channel.Receive();
  if (!packet || !*packet) {
    ADD_FAILURE() << "the channel ended";
    return {};
  }
  const std::string& bytes = (*packet)->bytes;
  if constexpr (std::is_constructible_v<ipc::FromParent, Message>) {
    auto message = ipc::ParseFromParent(bytes);
    if (message && std::holds_alternative<Message>(*message)) return std::get<Message>(*message);
  } else {
    auto message = ipc::ParseFromChild(bytes);
    if (message && std::holds_alternative<Message>(*message)) return std::get<Message>(*message);
  }
  ADD_FAILURE() << "another message came: " << bytes;
  return {};
}

void ExpectEnd(const ipc::Channel& channel) {
  pollfd fd{channel.fd().get(), POLLIN, 0};
  ASSERT_GT(poll(&fd, 1, kPatienceMs), 0);
  auto packet = channel.Receive();
  EXPECT_TRUE(!packet || !*packet) << (*packet)->bytes;
}

class SmtpProgram : public testing::Test {
 protected:
  ~SmtpProgram() override { Stop(); }
  void Stop() {
    parent_.Close();
    if (process_.pid > 0) static_cast<void>(sys::Reap(process_));
  }

  void Start(const std::string& main_cf) {
    WriteFile(
        "main.cf",
        "myhostname = client.example.org\nmaillog_file = /dev/stderr\nsmtp_tls_security_level = none\n" + main_cf);
    auto pair = sys::PacketPair();
    auto lock = sys::OpenFile(Path("agents.lock"), O_RDWR | O_CREAT, 0600);
    auto log = sys::OpenFile(Path("log"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    ASSERT_TRUE(pair && lock && log);
    parent_ = ipc::Channel(std::move(pair->first));
    auto process = sys::Spawn({{SMTP_PROGRAM, "-C", directory_.path()},
                               {{pair->second, ipc::kChannelFd}, {*log, ipc::kLogFd}, {*lock, ipc::kAgentsLockFd}},
                               {}});
    ASSERT_TRUE(process);
    process_ = std::move(*process);
  }

  ipc::Channel Connect(const std::string& next_hop) {
    EXPECT_TRUE(parent_.Send(ipc::Prepare{next_hop}.Encode()));
    prepared_ = Expect<ipc::Prepared>(parent_);
    return ConnectAgain(1);
  }
  ipc::Channel ConnectAgain(uint64_t number) {
    auto pair = sys::PacketPair();
    EXPECT_TRUE(pair);
    EXPECT_TRUE(parent_.Send(ipc::Connect{number}.Encode(), pair->second));
    return ipc::Channel(std::move(pair->first));
  }
  ipc::Channel ConnectTo(const ScriptedRelay& relay) {
    return Connect("[127.0.0.1]:" + std::to_string(relay.port()));
  }

  mail::QueueId Deliver(const ipc::Channel& channel, const std::string& content, size_t recipients = 1,
                        std::chrono::seconds waited = {}) {
    ipc::Deliver message;
    message.id = mail::QueueId::Make(std::chrono::seconds(1700000000), ++messages_);
    message.activated_us = 1700000000000000;
    message.arrival_us = message.activated_us - std::chrono::microseconds(waited).count();
    message.content_bytes = content.size();
    message.envelope.sender = "alice@example.org";
    for (uint32_t i = 0; i < recipients; ++i) {
      message.recipients.push_back({i + 10, {"bob" + std::to_string(i) + "@example.net", "", {}, ""}});
    }
    auto file = sys::SealedCopy(content);
    EXPECT_TRUE(file);
    EXPECT_TRUE(channel.Send(message.Encode(), file->view()));
    return message.id;
  }

  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void WriteFile(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(Path(name)) << text;
    chmod(Path(name).c_str(), mode);
  }
  std::string Log() const {
    std::stringstream text;
    text << std::ifstream(Path("log")).rdbuf();
    return text.str();
  }

  tests::TemporaryDirectory directory_;
  ipc::Channel parent_;
  sys::Process process_;
  ipc::Prepared prepared_;
  uint64_t messages_ = 0;
};

TEST_F(SmtpProgram, CarriesManyMessagesOverOneConnection) {
  std::vector<std::string> contents;
  ScriptedRelay relay([&](RelayTurn& turn) {
    turn.Greet();
    for (int i = 0; i < 3; ++i) {
      turn.TakeEnvelope();
      contents.push_back(turn.Content());
      turn.Say("250 2.0.0 kept as " + std::to_string(i));
    }
    EXPECT_EQ("QUIT", turn.Line());
  });
  Start("");
  const auto channel = ConnectTo(relay);
  std::vector<mail::QueueId> ids;
  ids.reserve(3);
  for (int i = 0; i < 3; ++i) ids.push_back(Deliver(channel, "Subject: x\n\n.dot " + std::to_string(i) + "\n"));
  ASSERT_TRUE(channel.Send(ipc::Finish{}.Encode()));
  const auto connected = Expect<ipc::Connected>(channel);
  EXPECT_EQ("127.0.0.1[127.0.0.1]:" + std::to_string(relay.port()), connected.relay);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ids[static_cast<size_t>(i)], Expect<ipc::Begun>(channel).id);
    const auto verdicts = Expect<ipc::Verdicts>(channel);
    EXPECT_EQ(std::vector<uint32_t>{10}, verdicts.recipients);
    EXPECT_TRUE(verdicts.last);
    EXPECT_EQ("250 2.0.0 kept as " + std::to_string(i), std::get<mail::Delivered>(verdicts.verdict).reply);
  }
  ExpectEnd(channel);
  EXPECT_EQ("exit status 0", Expect<ipc::ConnectionEnded>(parent_).how);
  EXPECT_EQ("Subject: x\r\n\r\n..dot 2\r\n", contents.at(2));
  EXPECT_NE(std::string::npos, Log().find("conn_use=3")) << Log();
}

TEST_F(SmtpProgram, EachRecipientHasItsVerdict) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.Line();
    turn.Say("250 Ok");
    for (const char* reply : {"250 Ok", "550 5.1.1 \x1B[2Jno\xE9", "450 4.2.2 full"}) {
      turn.Line();
      turn.Say(reply);
    }
    turn.Line();
    turn.Say("354 go");
    turn.Content();
    turn.Say("250 2.0.0 Ok");
    turn.Line();
  });
  Start("");
  const auto channel = ConnectTo(relay);
  Deliver(channel, "x\n", 3);
  Expect<ipc::Connected>(channel);
  Expect<ipc::Begun>(channel);
  const auto refused = Expect<ipc::Verdicts>(channel);
  EXPECT_EQ(std::vector<uint32_t>{11}, refused.recipients);
  EXPECT_NE(std::string::npos, std::get<mail::Returned>(refused.verdict).why.find("550 5.1.1 ?[2Jno?"));
  EXPECT_FALSE(refused.last);
  const auto deferred = Expect<ipc::Verdicts>(channel);
  EXPECT_EQ(mail::Fault::kMessage, std::get<mail::Deferred>(deferred.verdict).fault);
  const auto delivered = Expect<ipc::Verdicts>(channel);
  EXPECT_EQ(std::vector<uint32_t>{10}, delivered.recipients);
  EXPECT_TRUE(delivered.last);
}

// S24: no verdict without the reply; what was begun is then in doubt.
TEST_F(SmtpProgram, SilenceAfterTheDotIsNoVerdict) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.TakeEnvelope();
    turn.Content();
  });
  Start("");
  const auto channel = ConnectTo(relay);
  Deliver(channel, "x\n");
  Expect<ipc::Connected>(channel);
  Expect<ipc::Begun>(channel);
  Expect<ipc::ConnectionFailed>(channel);
  ExpectEnd(channel);
}

TEST_F(SmtpProgram, ACutWithinTheContentIsDeferred) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.TakeEnvelope();
    turn.Line();
  });
  Start("");
  const auto channel = ConnectTo(relay);
  std::string content;
  for (int i = 0; i < 1000000; ++i) content += "0123456789\n";
  Deliver(channel, content);
  Expect<ipc::Connected>(channel);
  Expect<ipc::Begun>(channel);
  const auto verdicts = Expect<ipc::Verdicts>(channel);
  EXPECT_EQ(mail::Fault::kPath, std::get<mail::Deferred>(verdicts.verdict).fault);
  EXPECT_TRUE(verdicts.last);
}

TEST_F(SmtpProgram, A250BeforeTheDotIsNotBelieved) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.TakeEnvelope();
    turn.SayBytes("250 2.0.0 kept\r\n");
    while (turn.Line() != "<gone>") {
    }
  });
  Start("");
  const auto channel = ConnectTo(relay);
  std::string content;
  for (int i = 0; i < 1000000; ++i) content += "0123456789\n";
  Deliver(channel, content);
  Expect<ipc::Connected>(channel);
  Expect<ipc::Begun>(channel);
  EXPECT_TRUE(std::holds_alternative<mail::Deferred>(Expect<ipc::Verdicts>(channel).verdict));
}

// The lone dot is not sent when nobody is there to hear what became of the message.
TEST_F(SmtpProgram, NoContentIsEndedWhenTheRunnerIsGone) {
  std::string received;
  {
    ipc::Channel channel;
    ScriptedRelay relay([&](RelayTurn& turn) {
      turn.Greet();
      turn.TakeEnvelope();
      channel.Close();
      received = turn.Content();
    });
    Start("");
    channel = ConnectTo(relay);
    std::string content;
    for (int i = 0; i < 1000000; ++i) content += "0123456789\n";
    Deliver(channel, content);
    EXPECT_EQ("exit status 0", Expect<ipc::ConnectionEnded>(parent_).how);
  }
  EXPECT_TRUE(received.ends_with("<gone>"));
}

TEST_F(SmtpProgram, AnIdleConnectionThatEndsIsNoMessagesTrouble) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.TakeEnvelope();
    turn.Content();
    turn.Say("250 Ok");
    turn.Say("421 4.4.2 idle");
  });
  Start("");
  const auto channel = ConnectTo(relay);
  Deliver(channel, "x\n");
  Expect<ipc::Connected>(channel);
  Expect<ipc::Begun>(channel);
  Expect<ipc::Verdicts>(channel);
  EXPECT_EQ(mail::Fault::kPath, Expect<ipc::ConnectionFailed>(channel).why.fault);
  ExpectEnd(channel);
}

// Of a connection's process, the only one that the parent has.
struct Footprint {
  size_t descriptors = 0;
  size_t kilobytes = 0;
};
Footprint FootprintOfChild(pid_t parent) {
  const std::string task = sys::Cat("/proc/", parent, "/task/", parent, "/children");
  std::string child;
  std::ifstream(task) >> child;
  Footprint found;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/" + child + "/fd"))
    ++found.descriptors;
  size_t whole = 0;
  std::ifstream("/proc/" + child + "/statm") >> whole >> found.kilobytes;
  found.kilobytes *= static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024;
  return found;
}

TEST_F(SmtpProgram, ThousandsOfMessagesCostNoMoreThanAFew) {
  constexpr int kMessages = 3000;
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    for (int i = 0; i < kMessages; ++i) {
      turn.TakeEnvelope();
      turn.Content();
      turn.Say("250 2.0.0 " + std::string(100, 'x'));
    }
    turn.Line();
  });
  Start("");
  const auto channel = ConnectTo(relay);
  Footprint early;
  for (int i = 0; i < kMessages; ++i) {
    Deliver(channel, "Subject: x\n\nbody\n");
    if (i == 0) Expect<ipc::Connected>(channel);
    Expect<ipc::Begun>(channel);
    ASSERT_TRUE(Expect<ipc::Verdicts>(channel).last);
    if (i == 200) early = FootprintOfChild(process_.pid);
  }
  const Footprint late = FootprintOfChild(process_.pid);
  EXPECT_GT(early.descriptors, 0U);
  EXPECT_LE(late.descriptors, early.descriptors + 1);
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what has been freed
  EXPECT_LE(late.kilobytes, early.kilobytes + 512);
#endif
}

// Relays take so many messages a connection and no more. What was given to us ahead was not attempted, which the
// runner must hear: silence would be taken for a message that we died of.
TEST_F(SmtpProgram, WhatAReusedConnectionDoesNotTakeWasNotAttempted) {
  for (const std::string farewell : {"421 4.7.0 no more\r\n", "", "250 2.0.0 once more\r\n"}) {
    ScriptedRelay relay([&](RelayTurn& turn) {
      turn.Greet();
      turn.TakeEnvelope();
      turn.Content();
      turn.SayBytes("250 2.0.0 Ok\r\n" + farewell);
    });
    Start("");
    const auto channel = ConnectTo(relay);
    for (int i = 0; i < 3; ++i) Deliver(channel, "x\n");
    Expect<ipc::Connected>(channel);
    Expect<ipc::Begun>(channel);
    EXPECT_TRUE(std::holds_alternative<mail::Delivered>(Expect<ipc::Verdicts>(channel).verdict));
    EXPECT_EQ(mail::Fault::kPath, Expect<ipc::ConnectionFailed>(channel).why.fault) << farewell;
    ExpectEnd(channel);
    Stop();
  }
}

// Whatever came first, its words are what the sender is told.
TEST_F(SmtpProgram, WhatARelaySaysAmidTheContentIsToldAndReturnsNothing) {
  struct Case {
    std::string words;
    mail::Fault fault;
    std::string status;
  };
  for (const Case& c : {Case{"552 5.3.4 too large", mail::Fault::kMessage, "4.3.4"},
                        Case{"421 4.3.2 going down", mail::Fault::kPath, "4.4.2"}}) {
    ScriptedRelay relay([&](RelayTurn& turn) {
      turn.Greet();
      turn.TakeEnvelope();
      turn.Line();
      turn.Say(c.words);
    });
    Start("");
    const auto channel = ConnectTo(relay);
    std::string content;
    for (int i = 0; i < 1000000; ++i) content += "0123456789\n";
    Deliver(channel, content);
    Expect<ipc::Connected>(channel);
    Expect<ipc::Begun>(channel);
    const auto deferred = std::get<mail::Deferred>(Expect<ipc::Verdicts>(channel).verdict);
    EXPECT_NE(std::string::npos, deferred.why.find(c.words)) << deferred.why;
    EXPECT_EQ(c.fault, deferred.fault) << c.words;
    EXPECT_EQ(c.status, deferred.status.ToString()) << c.words;
    Stop();
  }
}

// S23: without PIPELINING a reply that nobody asked for is seen before the next command leaves.
TEST_F(SmtpProgram, AReplyTooManyBetweenCommandsEndsTheConnection) {
  std::vector<std::string> lines;
  {
    ScriptedRelay relay([&](RelayTurn& turn) {
      turn.Say("220 hi");
      turn.Line();
      turn.Say("250 relay");
      lines.push_back(turn.Line());
      turn.SayBytes("250 2.1.0 Ok\r\n250 2.1.0 Ok\r\n");
      lines.push_back(turn.Line());
    });
    Start("");
    const auto channel = ConnectTo(relay);
    Deliver(channel, "x\n", 2);
    Expect<ipc::Connected>(channel);
    const auto verdicts = Expect<ipc::Verdicts>(channel);
    EXPECT_EQ((std::vector<uint32_t>{10, 11}), verdicts.recipients);
    const auto deferred = std::get<mail::Deferred>(verdicts.verdict);
    EXPECT_NE(std::string::npos, deferred.why.find("more was said than was asked")) << deferred.why;
  }
  EXPECT_EQ((std::vector<std::string>{"MAIL FROM:<alice@example.org>", "<gone>"}), lines);
}

TEST_F(SmtpProgram, FailuresBeforeMailReturnNothing) {
  for (const char* greeting : {"554 5.7.1 go away", "421 busy", "HTTP/1.1 400 Bad Request", ""}) {
    ScriptedRelay relay([&](RelayTurn& turn) {
      if (greeting[0] != '\0') turn.Say(greeting);
    });
    Start("");
    const auto channel = ConnectTo(relay);
    Deliver(channel, "x\n");
    const auto failed = Expect<ipc::ConnectionFailed>(channel);
    EXPECT_EQ(mail::Fault::kPath, failed.why.fault) << greeting;
    EXPECT_EQ(4, failed.why.status.category) << greeting;
    const bool is_reply = isdigit(static_cast<unsigned char>(greeting[0])) != 0;
    EXPECT_EQ(is_reply ? std::vector<std::string>{std::string("In:  ") + greeting} : std::vector<std::string>{},
              failed.transcript);
    Stop();
  }
}

TEST_F(SmtpProgram, NobodyListensIsAPathFault) {
  Start("");
  const auto channel = Connect("[127.0.0.1]:1");
  const auto failed = Expect<ipc::ConnectionFailed>(channel);
  EXPECT_EQ("connect to 127.0.0.1[127.0.0.1]:1: Connection refused", failed.why.why);
  EXPECT_EQ("4.4.1", failed.why.status.ToString());
}

// Letters that make no name of DNS: nobody's server, and no mistake in main.cf.
TEST_F(SmtpProgram, ARecipientsDomainThatIsNoNameReturnsItsMail) {
  std::string domain;
  for (int i = 0; i < 60; ++i) domain += "\xC3\xBC";
  domain += ".example";
  Start("");
  ASSERT_TRUE(parent_.Send(ipc::Prepare{domain, true}.Encode()));
  Expect<ipc::Prepared>(parent_);
  const auto channel = ConnectAgain(1);
  Expect<ipc::Connected>(channel);
  Deliver(channel, "x\n");
  const auto verdicts = Expect<ipc::Verdicts>(channel);
  ASSERT_TRUE(std::holds_alternative<mail::Returned>(verdicts.verdict));
  EXPECT_EQ("5.1.2", std::get<mail::Returned>(verdicts.verdict).status.ToString());
}

// S13: bytes behind the reply to STARTTLS would be taken for the encrypted session's.
TEST_F(SmtpProgram, BytesBehindTheStartTlsReplyEndIt) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Say("220 hi");
    turn.Line();
    turn.SayBytes("250-relay\r\n250 STARTTLS\r\n");
    turn.Line();
    turn.SayBytes("220 go\r\n250-relay\r\n250 AUTH PLAIN\r\n");
    turn.Line();
  });
  Start("smtp_tls_security_level = encrypt\n");
  const auto failed = Expect<ipc::ConnectionFailed>(ConnectTo(relay));
  EXPECT_EQ(mail::Fault::kPath, failed.why.fault);
  EXPECT_NE(std::string::npos, failed.why.why.find("more was said than was asked")) << failed.why.why;
}

// At level may: in clear only after it has waited, and on a connection of its own.
TEST_F(SmtpProgram, WhereTlsFailsMailThatHasWaitedGoesInClear) {
  for (const bool has_waited : {false, true}) {
    std::vector<std::string> contents;
    ScriptedRelay relay([&](RelayTurn& turn) {
      turn.Say("220 hi");
      turn.Line();
      turn.SayBytes("250-relay\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
      if (turn.Line() == "STARTTLS") return turn.Say("454 4.7.0 TLS not available");
      turn.Say("250 Ok");
      for (const char* reply : {"250 Ok", "354 go"}) {
        turn.Line();
        turn.Say(reply);
      }
      contents.push_back(turn.Content());
      turn.Say("250 2.0.0 Ok");
    });
    Start("smtp_tls_security_level = may\nminimal_backoff_time = 300s\n");
    ASSERT_TRUE(parent_.Send(ipc::Prepare{"[127.0.0.1]:" + std::to_string(relay.port())}.Encode()));
    Expect<ipc::Prepared>(parent_);
    auto pair = sys::PacketPair();
    ASSERT_TRUE(pair);
    const ipc::Channel channel(std::move(pair->first));
    Deliver(channel, "x\n", 1, std::chrono::seconds(has_waited ? 300 : 299));
    ASSERT_TRUE(parent_.Send(ipc::Connect{1}.Encode(), pair->second));
    if (has_waited) {
      Expect<ipc::Connected>(channel);
      Expect<ipc::Begun>(channel);
      EXPECT_TRUE(std::holds_alternative<mail::Delivered>(Expect<ipc::Verdicts>(channel).verdict));
    } else {
      EXPECT_EQ(mail::Fault::kPath, Expect<ipc::ConnectionFailed>(channel).why.fault);
    }
    EXPECT_EQ(has_waited ? 1U : 0U, contents.size());
    EXPECT_EQ(has_waited ? 2 : 1, relay.connections());
    Stop();
  }
}

// S14 and S18 in one: TLS stripped, and a password there to lose.
TEST_F(SmtpProgram, PasswordStaysWhereTlsIsStripped) {
  std::vector<std::string> lines;
  ScriptedRelay relay([&](RelayTurn& turn) {
    turn.Say("220 hi");
    lines.push_back(turn.Line());
    turn.SayBytes("250-relay\r\n250 AUTH PLAIN LOGIN\r\n");
    lines.push_back(turn.Line());
  });
  WriteFile("passwd", "[127.0.0.1]:" + std::to_string(relay.port()) + " alice:secret\n");
  Start("smtp_tls_security_level = may\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:" +
        Path("passwd") + "\n");
  const auto channel = ConnectTo(relay);
  EXPECT_EQ("alice", prepared_.account);
  const auto failed = Expect<ipc::ConnectionFailed>(channel);
  EXPECT_EQ(mail::Fault::kAccount, failed.why.fault);
  ExpectEnd(channel);
  EXPECT_EQ("exit status 0", Expect<ipc::ConnectionEnded>(parent_).how);
  EXPECT_EQ((std::vector<std::string>{"EHLO client.example.org", "<gone>"}), lines);
  EXPECT_EQ(std::string::npos, Log().find("secret"));
}

TEST_F(SmtpProgram, LogsInByPlainToARelayOnLoopback) {
  std::vector<std::string> lines;
  ScriptedRelay relay([&](RelayTurn& turn) {
    turn.Say("220 hi");
    turn.Line();
    turn.SayBytes("250-relay\r\n250 AUTH PLAIN LOGIN\r\n");
    lines.push_back(turn.Line());
    turn.Say("235 2.7.0 welcome");
    turn.Line();
  });
  WriteFile("passwd", "127.0.0.1 alice:se:cret\n");
  Start("smtp_sasl_auth_enable = yes\nsmtp_sasl_security_options = noanonymous\nsmtp_sasl_password_maps = hash:" +
        Path("passwd") + "\n");
  EXPECT_EQ("PLAIN", Expect<ipc::Connected>(ConnectTo(relay)).mechanism);
  EXPECT_EQ(std::vector<std::string>{"AUTH PLAIN YWxpY2UAYWxpY2UAc2U6Y3JldA=="}, lines);
}

TEST_F(SmtpProgram, UnreadableCredentialsAreTheAccountsFault) {
  Start("smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/nonexistent/passwd\n");
  ASSERT_TRUE(parent_.Send(ipc::Prepare{"[127.0.0.1]:25"}.Encode()));
  const auto failed = Expect<ipc::PrepareFailed>(parent_);
  EXPECT_EQ(mail::Fault::kAccount, failed.why.fault);
  EXPECT_NE(std::string::npos, failed.why.why.find("/nonexistent/passwd")) << failed.why.why;
}

TEST_F(SmtpProgram, EndsWithItsChannel) {
  Start("");
  parent_.Close();
  const auto status = sys::Reap(process_);
  ASSERT_TRUE(status);
  EXPECT_EQ("exit status 0", sys::Describe(*status));
}

TEST_F(SmtpProgram, AConnectionsEndIsReportedWithItsCause) {
  ScriptedRelay relay([](RelayTurn& turn) {
    turn.Greet();
    turn.Line();
  });
  Start("");
  const auto channel = ConnectTo(relay);
  Expect<ipc::Connected>(channel);
  ASSERT_TRUE(channel.Send("nonsense"));
  Expect<ipc::ConnectionFailed>(channel);
  ExpectEnd(channel);
  EXPECT_EQ(1U, Expect<ipc::ConnectionEnded>(parent_).connection);
}

}  // namespace
}  // namespace outpost::smtp_client
