// A whole pickup, confined in a thread of its own, and the queue runner's end of its channel in the test's hands.
#pragma once

#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/ipc/channel.h"
#include "lib/ipc/intake.h"
#include "lib/spool/paths.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/socket.h"
#include "pickup/confinement.h"
#include "pickup/pickup.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/pickup/samples.h"

namespace outpost::pickup {

struct TakenMessage {
  ipc::Submission submission;  // with all recipients
  std::string content;
};

class PickupTest : public testing::Test {
 protected:
  PickupTest() : paths_(directory_ / "spool") {
    for (const std::string& path : {paths_.Maildrop(), paths_.Corrupt(), paths_.Temporary(), paths_.Public()}) {
      EXPECT_TRUE(sys::MakeDirectories(path, 0700));
    }
  }
  ~PickupTest() override {
    runner_.Close();
    if (thread_.joinable()) thread_.join();
    prctl(PR_SET_DUMPABLE, 1);  // the leak sanitizer's wish
  }

  void Start(bool with_runner = true) {
    auto listener = sys::ListenUnix(paths_.SubmitSocket(), 0666);
    auto pair = sys::PacketPair();
    auto log = sys::Log::OpenTarget(directory_ / "log");
    ASSERT_TRUE(listener && pair && log);
    runner_ = ipc::Channel(std::move(pair->first));
    const timeval patience{10, 0};
    setsockopt(runner_.fd().get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!with_runner) runner_.Close();
    Descriptors descriptors;
    descriptors.maildrop = *sys::OpenDirectory(paths_.Maildrop());
    descriptors.corrupt = *sys::OpenDirectory(paths_.Corrupt());
    descriptors.temporary = *sys::OpenDirectory(paths_.Temporary());
    descriptors.listener = std::move(*listener);
    descriptors.runner = ipc::Channel(std::move(pair->second));
    thread_ = std::thread([this, all = std::move(descriptors), fd = std::move(*log)]() mutable {
      Serve(std::move(all), std::move(fd));
    });
  }
  // Until pickup has ended by itself.
  void Join() { thread_.join(); }

  std::string LogText() const { return sys::ReadFile(directory_ / "log", 1 << 20).value(); }

  // --- as the runner
  ipc::ToRunner NextPacket(sys::UniqueFd* fd = nullptr) {
    auto packet = runner_.Receive();
    if (!packet || !*packet) {
      ADD_FAILURE() << "no packet from pickup";
      return {};
    }
    auto message = ipc::ParseToRunner((*packet)->bytes);
    EXPECT_TRUE(message) << message.error().text();
    if (fd != nullptr) *fd = std::move((*packet)->fd);
    return message ? std::move(*message) : ipc::ToRunner();
  }
  template <typename Message>
  Message Next(sys::UniqueFd* fd = nullptr) {
    auto message = NextPacket(fd);
    EXPECT_TRUE(std::holds_alternative<Message>(message)) << "packet of type " << message.index();
    return std::holds_alternative<Message>(message) ? std::get<Message>(std::move(message)) : Message{};
  }
  TakenMessage NextMessage() {
    TakenMessage taken;
    sys::UniqueFd fd;
    taken.submission = Next<ipc::Submission>(&fd);
    auto content = sys::ReadOnlyFd::Check(std::move(fd), taken.submission.content_bytes);
    EXPECT_TRUE(content) << content.error().text();
    taken.content.resize(taken.submission.content_bytes);
    EXPECT_TRUE(sys::ReadAt(content->view(), taken.content, 0));
    for (bool more = taken.submission.more; more;) {
      auto next = Next<ipc::MoreRecipients>();
      EXPECT_EQ(next.handle, taken.submission.handle);
      more = next.more;
      auto& all = taken.submission.envelope.recipients;
      all.insert(all.end(), next.recipients.begin(), next.recipients.end());
    }
    return taken;
  }
  void Accept(const ipc::Submission& submission) {
    EXPECT_TRUE(runner_.Send(ipc::Accepted{submission.handle, submission.id}.Encode()));
  }
  void Refuse(const ipc::Submission& submission, bool temporary, const std::string& text) {
    EXPECT_TRUE(runner_.Send(ipc::Refused{submission.handle, temporary, text}.Encode()));
  }

  // --- as a caller
  sys::UniqueFd Connect() const {
    auto socket = sys::ConnectUnix(paths_.SubmitSocket(), std::chrono::seconds(10));
    EXPECT_TRUE(socket);
    return std::move(*socket);
  }
  sys::UniqueFd Submit(std::string_view record) const {
    sys::UniqueFd socket = Connect();
    EXPECT_TRUE(sys::SendAll(socket, record, "record"));
    return socket;
  }
  // All that is answered until the end.
  static std::string Answer(const sys::UniqueFd& socket) {
    std::string out;
    char buffer[2000];
    while (true) {
      const auto count = sys::ReadSome(socket, buffer);
      if (!count) return out + "(" + count.error().text() + ")";
      if (*count == 0) return out;
      out.append(buffer, *count);
    }
  }

  // --- in the maildrop
  std::string Leave(const std::string& name, std::string_view bytes, mode_t mode = 0740) const {
    std::string path = paths_.Maildrop() + "/" + name;
    auto fd = sys::OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT_TRUE(fd && sys::WriteAll(*fd, bytes, path));
    EXPECT_EQ(fchmod(fd->get(), mode), 0);
    return path;
  }

  static spool::RecordHead HeadNumber(uint64_t number) {
    spool::RecordHead head = SampleHead();
    head.id =
        mail::QueueId::Make(std::chrono::microseconds(1763688360000000 + static_cast<int64_t>(number)), number);
    return head;
  }

  tests::TemporaryDirectory directory_;
  spool::SpoolPaths paths_;
  conf::PickupSettings settings_ = SampleSettings();
  ipc::Channel runner_;

 private:
  void Serve(Descriptors descriptors, sys::UniqueFd log_fd) const {
    const sys::Log log = sys::Log::ToDescriptor(std::move(log_fd), "outpost", "pickup");
    const auto confined = confine::Confine(ConfinementProfile(paths_));
    auto loop = sys::EventLoop::Make();
    if (!confined || !loop) return log.Error("not confined");
    Pickup pickup(*confined, settings_, log, *loop, std::move(descriptors));
    if (auto started = pickup.Start(); !started) return log.Error(started.error().text());
    (void)loop->Run();
  }
  std::thread thread_;
};

}  // namespace outpost::pickup
