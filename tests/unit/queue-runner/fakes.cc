#include "tests/unit/queue-runner/fakes.h"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <set>
#include <signal.h>
#include <sstream>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "lib/ipc/descriptors.h"
#include "lib/ipc/intake.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

std::string directory;

void AppendLine(const char* file, const std::string& line) {
  const int fd = open((directory + file).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  const std::string bytes = line + "\n";
  if (write(fd, bytes.data(), bytes.size()) < 0) _exit(70);
  close(fd);
}

// Modes: "deliver" (also when there is no mode), "return" (5.1.1 to all), "defer" (4.2.0), "account", "path", "dns" and
// "certificate" (the connection fails), "login-at-mail" (530 to each message), "sender" (a@example.org may not send),
// "unprepared" (Prepare fails by an account fault), "begin-and-die", "die", "hang", "cut" (the
// connection is lost amid the first message), "one" (it ends after the first message). Lies: "nonsense", "stranger" (a
// verdict on a message that it has not), "stranger-recipient", "twice" (a second verdict), "nobody" (verdicts on no
// recipient), "begin-twice", "connect-twice". Stopped: "deaf" (the parent forks for nobody any more), "deaf-pickup" (a
// pickup that begins then, which answers no scan).
std::string Mode() {
  std::ifstream file(directory + kModeFile);
  std::string mode = "deliver";
  file >> mode;
  return mode;
}

// --- pickup

class FakePickup {
 public:
  int Play() {
    if (Mode() == "deaf-pickup") is_deaf_ = true;
    if (!is_deaf_) Scan();
    while (true) {
      auto packet = channel_.Receive();
      if (!packet || !packet->has_value()) return 0;
      const auto message = ipc::ParseToPickup((*packet)->bytes);
      if (!message) return 70;
      if (const auto* accepted = std::get_if<ipc::Accepted>(&*message)) {
        AppendLine(kAnswersFile, "accepted " + accepted->id.text());
      } else if (const auto* refused = std::get_if<ipc::Refused>(&*message)) {
        AppendLine(kAnswersFile, "refused " + refused->text);
      } else if (!is_deaf_) {
        Scan();
      }
    }
  }

 private:
  void Scan() {
    std::ifstream file(directory + kInjectFile);
    std::string line;
    for (size_t number = 0; std::getline(file, line); ++number) {
      if (number >= sent_) Submit(line);
    }
    (void)channel_.Send(ipc::Scanned{}.Encode());
  }

  static std::chrono::seconds SecondsAhead() {
    int64_t seconds = 0;
    std::ifstream(directory + kAheadFile) >> seconds;
    return std::chrono::seconds(seconds);
  }

  void Submit(const std::string& line) {
    ++sent_;
    std::istringstream words(line);
    std::string id, sender, recipients, token;
    size_t bytes = 0;
    words >> id >> sender >> recipients >> bytes >> token;
    ipc::Submission submission;
    submission.handle = sent_;
    submission.id = *mail::QueueId::Parse(id);
    submission.uid = 1234;
    submission.token = token;
    if (token.size() != 32) {  // one of its own, from the id
      submission.token.clear();
      for (const char c : id.substr(id.size() - 16)) {
        submission.token += "0123456789abcdef"[static_cast<unsigned char>(c) / 16];
        submission.token += "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
      }
    }
    submission.digest = std::string(32, 'a');
    submission.record_bytes = bytes;
    submission.arrival_us = (sys::WallClock() + SecondsAhead()).count();
    submission.envelope.sender = sender == "<>" ? "" : sender;
    std::string content = "Subject: test\n\n";
    submission.header_bytes = 14;
    while (content.size() < bytes) content += "text\n";
    submission.content_bytes = content.size();
    if (token == "refused") {
      submission.refused = true;
      submission.refusal = {{5, 3, 4}, "message too large"};
    }
    std::vector<std::string> all;
    std::istringstream list(recipients);
    for (std::string one; std::getline(list, one, ',');) all.push_back(one);
    const auto slice = [&](size_t from) {
      std::vector<mail::Recipient> out;
      for (size_t i = from; i < std::min(all.size(), from + ipc::kRecipientsAPacket); ++i) {
        out.push_back({all[i], {}, {}, {}});
      }
      return out;
    };
    submission.envelope.recipients = slice(0);
    size_t given = submission.envelope.recipients.size();
    submission.more = given < all.size();
    const auto fd = sys::SealedCopy(content);
    (void)channel_.Send(submission.Encode(), fd->view());
    while (given < all.size()) {
      ipc::MoreRecipients more{submission.handle, slice(given), false};
      given += more.recipients.size();
      more.more = given < all.size();
      (void)channel_.Send(more.Encode());
    }
  }

  ipc::Channel channel_{sys::UniqueFd(ipc::kChannelFd)};
  size_t sent_ = 0;
  bool is_deaf_ = false;
};

// --- outpost-smtp

const mail::Deferred kLost{{4, 4, 2}, "lost connection while sending MAIL FROM", mail::Fault::kPath};

class FakeConnection {
 public:
  FakeConnection(ipc::Channel channel, std::string next_hop)
      : channel_(std::move(channel)), next_hop_(std::move(next_hop)) {}

  int Play() {
    AppendLine(kConnectionsFile, next_hop_);
    const std::string mode = Mode();
    if (mode == "account") return Fail({{4, 7, 8}, "login refused", mail::Fault::kAccount});
    if (mode == "dns") return Fail({{4, 4, 3}, "Name service error for name=relay.one", mail::Fault::kPath});
    if (mode == "certificate")
      return Fail({{4, 7, 5}, "Server certificate not trusted: certificate has expired", mail::Fault::kAccount});
    if (mode == "path") return Fail({{4, 4, 1}, "connection refused", mail::Fault::kPath});
    if (mode == "die") return 1;
    (void)channel_.Send(ipc::Connected{"relay.test[127.0.0.1]:25", "", "", ""}.Encode());
    ipc::Deliver deliver;
    sys::UniqueFd content;
    while (true) {
      auto packet = channel_.Receive();
      if (!packet || !packet->has_value()) return 0;
      auto message = ipc::ParseToChild((*packet)->bytes);
      if (!message) return 70;
      if (std::holds_alternative<ipc::Finish>(*message)) return 0;
      bool more = false;
      if (auto* first = std::get_if<ipc::Deliver>(&*message)) {
        deliver = std::move(*first);
        content = std::move((*packet)->fd);
        more = deliver.more;
      } else {
        auto& next = std::get<ipc::DeliverMore>(*message);
        deliver.recipients.insert(deliver.recipients.end(), next.recipients.begin(), next.recipients.end());
        more = next.more;
      }
      if (!more) Deliver(deliver, content);
    }
  }

 private:
  int Fail(const mail::Deferred& why) {
    (void)channel_.Send(ipc::ConnectionFailed{why, ""}.Encode());
    return 0;
  }

  void Deliver(const ipc::Deliver& deliver, const sys::UniqueFd& fd) {
    const std::string mode = Mode();
    if (mode == "hang") pause();
    const auto content = sys::ReadOnlyFd::Check(sys::UniqueFd(dup(fd.get())), deliver.content_bytes);
    if (!content) _exit(71);
    if (mode == "cut") {
      SendVerdicts(deliver, kLost);
      _exit(Fail(kLost));
    }
    (void)channel_.Send(ipc::Begun{deliver.id}.Encode());
    if (mode == "begin-and-die") _exit(1);
    if (Lie(mode, deliver)) _exit(0);
    mail::Verdict verdict = mail::Delivered{{2, 0, 0}, "250 ok"};
    if (mode == "return") verdict = mail::Returned{{5, 1, 1}, "550 no such user"};
    if (mode == "login-at-mail") verdict = mail::Deferred{{4, 7, 0}, "530 login first", mail::Fault::kAccount};
    if (mode == "sender" && deliver.envelope.sender == "a@example.org")
      verdict = mail::Deferred{{4, 7, 60}, "553 not owned by user", mail::Fault::kSender};
    if (mode == "defer") verdict = mail::Deferred{{4, 2, 0}, "450 later", mail::Fault::kMessage};
    const bool refused =
        mode == "login-at-mail" || (mode == "sender" && deliver.envelope.sender == "a@example.org");
    for (const auto& one : deliver.recipients) {
      AppendLine(refused ? kRefusedFile : kDeliveredFile,
                 Cat(deliver.id.text(), " <", deliver.envelope.sender, "> ", one.recipient.address, " ", next_hop_,
                     deliver.may_be_duplicate ? " duplicate" : ""));
    }
    std::string bytes(content->size(), '\0');
    (void)sys::ReadAt(content->view(), bytes, 0);
    std::ofstream(directory + kNoticeFile) << bytes;
    SendVerdicts(deliver, verdict);
    if (mode == "one") _exit(Fail(kLost));
  }

  // Whether `mode` is one, which is then told.
  bool Lie(const std::string& mode, const ipc::Deliver& deliver) {
    ipc::Verdicts verdicts{
        deliver.id, {deliver.recipients[0].number}, mail::Delivered{{2, 0, 0}, "250 ok"}, "r", false};
    if (mode == "nonsense") return channel_.Send("nonsense").has_value();
    if (mode == "begin-twice") return channel_.Send(ipc::Begun{deliver.id}.Encode()).has_value();
    if (mode == "connect-twice") return channel_.Send(ipc::Connected{"r", "", "", ""}.Encode()).has_value();
    if (mode == "stranger") verdicts.id = mail::QueueId::Make(std::chrono::seconds(99), 99);
    if (mode == "stranger-recipient") verdicts.recipients = {4711};
    if (mode == "nobody") verdicts.recipients.clear();
    if (mode == "twice") (void)channel_.Send(verdicts.Encode());
    const bool lie = mode == "stranger" || mode == "stranger-recipient" || mode == "nobody" || mode == "twice";
    return lie && channel_.Send(verdicts.Encode()).has_value();
  }

  void SendVerdicts(const ipc::Deliver& deliver, const mail::Verdict& verdict) {
    ipc::Verdicts verdicts;
    verdicts.id = deliver.id;
    verdicts.verdict = verdict;
    verdicts.relay = "relay.test[127.0.0.1]:25";
    for (size_t i = 0; i < deliver.recipients.size(); ++i) {
      verdicts.recipients.push_back(deliver.recipients[i].number);
      verdicts.last = i + 1 == deliver.recipients.size();
      if (!verdicts.last && verdicts.recipients.size() < ipc::kRecipientsAPacket) continue;
      (void)channel_.Send(verdicts.Encode());
      verdicts.recipients.clear();
    }
  }

  ipc::Channel channel_;
  std::string next_hop_;
};

void HoldAgentsLock() {
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(ipc::kAgentsLockFd, F_SETLKW, &lock) != 0) _exit(72);
}

int PlaySmtp() {
  signal(SIGCHLD, SIG_IGN);
  HoldAgentsLock();
  const ipc::Channel channel{sys::UniqueFd(ipc::kChannelFd)};
  std::string next_hop;
  std::vector<sys::UniqueFd> unheard;
  while (true) {
    auto packet = channel.Receive();
    if (!packet || !packet->has_value()) return 0;
    const auto message = ipc::ParseToParent((*packet)->bytes);
    if (!message) return 70;
    if (const auto* prepare = std::get_if<ipc::Prepare>(&*message)) {
      next_hop = prepare->next_hop;
      if (Mode() == "unprepared") {
        (void)channel.Send(ipc::PrepareFailed{{{4, 7, 0}, "no password", mail::Fault::kAccount}}.Encode());
        return 0;
      }
      (void)channel.Send(ipc::Prepared{"user"}.Encode());
      continue;
    }
    if (!unheard.empty() || Mode() == "deaf") {
      unheard.push_back(std::move((*packet)->fd));
      continue;
    }
    if (fork() == 0) {
      close(ipc::kChannelFd);
      HoldAgentsLock();
      _exit(FakeConnection(ipc::Channel(std::move((*packet)->fd)), next_hop).Play());
    }
  }
}

}  // namespace

void PlayIfAsked() {
  std::ifstream file("/proc/self/cmdline");
  std::vector<std::string> argv;
  for (std::string word; std::getline(file, word, '\0');) argv.push_back(word);
  if (argv.size() != 3 || argv[1] != "-C") return;
  directory = argv[2];
  if (argv[0].ends_with("/outpost-pickup")) _exit(FakePickup().Play());
  if (argv[0].ends_with("/outpost-smtp")) _exit(PlaySmtp());
}

}  // namespace outpost::queue_runner
