#include "pickup/pickup.h"

#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <gtest/gtest.h>

#include "lib/sys/text.h"
#include "tests/unit/pickup/fake_runner.h"

namespace outpost::pickup {
namespace {

bool IsQuiet(sys::FdView socket) {
  pollfd waiting{socket.get(), POLLIN, 0};
  return poll(&waiting, 1, 50) == 0;
}

TEST_F(PickupTest, AnswersOnlyAfterTheRunnerHasTheMessage) {
  Start();
  EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
  const spool::RecordHead head = SampleHead();
  const auto caller = Submit(SampleRecord(head, "To: x\n\nbody\n"));
  const TakenMessage taken = NextMessage();
  EXPECT_EQ(taken.submission.id, head.id);
  EXPECT_EQ(taken.submission.uid, getuid());
  EXPECT_EQ(taken.submission.token, head.token);
  EXPECT_EQ(taken.submission.record_bytes, 12U);
  EXPECT_EQ(taken.submission.arrival_us, head.arrival.count());
  EXPECT_EQ(taken.submission.envelope.sender, "root@origin.example");
  ASSERT_EQ(taken.submission.envelope.recipients.size(), 1U);
  EXPECT_EQ(taken.submission.envelope.recipients[0].address, "x@y.example");
  EXPECT_TRUE(taken.content.ends_with("\n\nbody\n"));
  EXPECT_EQ(taken.content.substr(taken.submission.header_bytes), "\nbody\n");
  EXPECT_TRUE(IsQuiet(caller));
  Accept(taken.submission);
  EXPECT_EQ(Answer(caller), "queued " + head.id.text() + "\n");
  EXPECT_NE(LogText().find("outpost/pickup["), std::string::npos);
  EXPECT_NE(LogText().find(head.id.text() + ": uid=" + std::to_string(getuid()) + " from=<root>"),
            std::string::npos);
  EXPECT_NE(LogText().find("outpost/cleanup["), std::string::npos);
  EXPECT_NE(LogText().find(head.id.text() + ": message-id=<" + head.id.text() + "@host.example>"),
            std::string::npos);
}

TEST_F(PickupTest, PassesTheRunnersRefusalOn) {
  Start();
  Next<ipc::Scanned>();
  auto caller = Submit(SampleRecord(HeadNumber(1), "\n"));
  Refuse(NextMessage().submission, true, "no space");
  EXPECT_EQ(Answer(caller), "later no space\n");
  caller = Submit(SampleRecord(HeadNumber(2), "\n"));
  Refuse(NextMessage().submission, false, "never");
  EXPECT_EQ(Answer(caller), "refused 69 never\n");
}

TEST_F(PickupTest, RefusesWhatIsNoRecordAndGoesOn) {
  settings_.message_size_limit = 1000;
  Start();
  Next<ipc::Scanned>();
  EXPECT_TRUE(Answer(Submit("GET / HTTP/1.0\r\n\r\n")).starts_with("refused 65 "));
  EXPECT_TRUE(Answer(Submit(SampleRecord(SampleHead(), "x") + "y")).starts_with("refused 65 "));
  spool::RecordHead head = SampleHead();
  std::string record = SampleRecord(head, "x");
  record.replace(record.find("token="), 6, "nekot=");
  EXPECT_TRUE(Answer(Submit(record)).starts_with("refused 65 "));
  head.recipients.clear();
  head.extract_recipients = true;
  EXPECT_TRUE(Answer(Submit(SampleRecord(head, "Subject: x\n\n"))).starts_with("refused 65 "));
  head.size_bytes = 1001;
  EXPECT_TRUE(Answer(Submit(spool::FormatHead(head))).starts_with("refused 69 ")) << "before its bytes have come";
  const auto caller = Submit(SampleRecord(SampleHead(), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
}

TEST_F(PickupTest, TakesNothingThatLeavesTooLittleOfTheDisk) {
  settings_.queue_minfree = uint64_t{1} << 60;
  const std::string path = Leave(HeadNumber(1).id.text(), SampleRecord(HeadNumber(1), "\n"));
  Start();
  EXPECT_EQ(Next<ipc::Scanned>().left, 1U);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(Answer(Submit(SampleRecord(SampleHead(), "\n"))), sys::Cat("later ", kNoRoom, "\n"));
}

TEST_F(PickupTest, TakesNothingThatIsLargerThanTheDisk) {
  Start();
  Next<ipc::Scanned>();
  for (const uint64_t size : {uint64_t{1} << 49, uint64_t{1} << 62, uint64_t{9223372036854775807}}) {
    spool::RecordHead head = SampleHead();
    head.size_bytes = size;
    EXPECT_EQ(Answer(Submit(spool::FormatHead(head))), sys::Cat("later ", kNoRoom, "\n"));
  }
}

TEST_F(PickupTest, LetsSlowAndSilentCallersCostNobodyElseAnything) {
  settings_.submit_timeout = std::chrono::seconds(1);
  Start();
  Next<ipc::Scanned>();
  const std::string record = SampleRecord(SampleHead(), std::string(1000, 'x'));
  const auto silent = Connect();
  std::vector<sys::UniqueFd> slow;
  for (size_t bytes = 1; bytes < 20; ++bytes) slow.push_back(Submit(record.substr(0, bytes * 20)));
  const auto gone = Submit(record.substr(0, 500));
  shutdown(gone.get(), SHUT_WR);
  EXPECT_EQ(Answer(gone), "");
  const auto caller = Submit(SampleRecord(HeadNumber(1), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
  EXPECT_EQ(Answer(silent), "") << "closed when its time is up";
  for (const auto& socket : slow) EXPECT_NE(Answer(socket).substr(0, 6), "queued");
}

TEST_F(PickupTest, BoundsTheConnectionsOfOneUser) {
  settings_.submit_connection_limit = 2;
  Start();
  Next<ipc::Scanned>();
  const std::string record = SampleRecord(SampleHead(), "\n");
  const auto first = Submit(record.substr(0, 10));
  auto second = Submit(record.substr(0, 10));
  EXPECT_EQ(Answer(Connect()), "");
  EXPECT_EQ(Answer(Connect()), "");
  const std::string log = LogText();
  EXPECT_NE(log.find("submit_connection_limit"), std::string::npos);
  EXPECT_EQ(log.find("submit_connection_limit"), log.rfind("submit_connection_limit")) << "said once";
  ASSERT_TRUE(sys::SendAll(second, record.substr(10), "rest"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(second).starts_with("queued "));
  const auto third = Submit(record);
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(third).starts_with("queued ")) << "there is room again";
}

TEST_F(PickupTest, TakesManyCallersAtOnce) {
  settings_.submit_connection_limit = 1000;
  Start();
  Next<ipc::Scanned>();
  constexpr uint64_t kCallers = 400;  // more than it takes at once
  std::vector<sys::UniqueFd> callers;
  for (uint64_t i = 0; i < kCallers; ++i) callers.push_back(Submit(SampleRecord(HeadNumber(i), "\nbody\n")));
  std::vector<ipc::Submission> held;
  for (uint64_t i = 0; i < 250; ++i) held.push_back(NextMessage().submission);
  for (const auto& submission : held) Accept(submission);
  for (uint64_t i = 250; i < kCallers; ++i) Accept(NextMessage().submission);
  for (uint64_t i = 0; i < kCallers; ++i) EXPECT_EQ(Answer(callers[i]), "queued " + HeadNumber(i).id.text() + "\n");
}

TEST_F(PickupTest, BringsThousandsOfRecipientsInOrder) {
  Start();
  Next<ipc::Scanned>();
  spool::RecordHead head = SampleHead();
  head.recipients.clear();
  for (int i = 0; i < 5000; ++i) head.recipients.push_back("user" + std::to_string(i) + "@x.example");
  const auto caller = Submit(SampleRecord(head, "\n"));
  const TakenMessage taken = NextMessage();
  ASSERT_EQ(taken.submission.envelope.recipients.size(), 5000U);
  for (size_t i = 0; i < 5000; ++i) EXPECT_EQ(taken.submission.envelope.recipients[i].address, head.recipients[i]);
  Accept(taken.submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
}

std::string LongLine(char letter) {
  std::string line;
  line.resize(10'000'000, letter);
  return line + "\n";
}

TEST_F(PickupTest, TakesALargeMessageWhileSmallOnesPass) {
  Start();
  Next<ipc::Scanned>();
  const std::string body = LongLine('x') + LongLine('y');
  const std::string record = SampleRecord(HeadNumber(1), "Subject: x\n\n" + body);
  const auto large = Connect();
  ASSERT_TRUE(sys::SendAll(large, std::string_view(record).substr(0, 15'000'000), "first part"));
  const auto small = Submit(SampleRecord(HeadNumber(2), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(small).starts_with("queued "));
  ASSERT_TRUE(sys::SendAll(large, std::string_view(record).substr(15'000'000), "the rest"));
  const TakenMessage taken = NextMessage();
  EXPECT_TRUE(taken.content.substr(taken.submission.header_bytes + 1) == body);
  Accept(taken.submission);
  EXPECT_TRUE(Answer(large).starts_with("queued "));
  EXPECT_TRUE(std::filesystem::is_empty(paths_.Temporary()));
}

// Each may be addresses alone, which are in memory until the runner has them.
TEST_F(PickupTest, DealsWithSoManyLargeRecordsAtOnce) {
  Start();
  Next<ipc::Scanned>();
  constexpr uint64_t kRecords = 8;
  constexpr uint64_t kAtOnce = 6;  // of 10 MB each
  std::vector<sys::UniqueFd> callers;
  for (uint64_t i = 0; i < kRecords; ++i) {
    callers.push_back(Submit(SampleRecord(HeadNumber(i), "\n" + LongLine('x'))));
  }
  std::vector<ipc::Submission> at_work;
  for (uint64_t i = 0; i < kAtOnce; ++i) at_work.push_back(NextMessage().submission);
  EXPECT_TRUE(IsQuiet(runner_.fd())) << "the others wait";
  const auto small = Submit(SampleRecord(HeadNumber(100), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(small).starts_with("queued "));
  for (uint64_t i = kAtOnce; i < kRecords; ++i) {
    Accept(at_work[i - kAtOnce]);
    at_work.push_back(NextMessage().submission);
  }
  for (uint64_t i = kRecords - kAtOnce; i < kRecords; ++i) Accept(at_work[i]);
  for (const auto& caller : callers) EXPECT_TRUE(Answer(caller).starts_with("queued "));
}

TEST_F(PickupTest, KnowsASubmissionThatComesAgainByItsDigest) {
  Start();
  Next<ipc::Scanned>();
  spool::RecordHead head = SampleHead();
  const auto digest = [&](std::string_view message) {
    const auto caller = Submit(SampleRecord(head, message));
    const auto submission = NextMessage().submission;
    Accept(submission);
    Answer(caller);
    return submission.digest;
  };
  const std::string first = digest("a\n");
  EXPECT_EQ(digest("a\n"), first);
  EXPECT_NE(digest("b\n"), first);
  head.id = HeadNumber(9).id;
  head.arrival += std::chrono::seconds(1);
  EXPECT_EQ(digest("a\n"), first);
  head.recipients.emplace_back("other@x");
  EXPECT_NE(digest("a\n"), first);
}

TEST_F(PickupTest, UnlinksAMaildropFileOnlyAfterTheRunnersCommit) {
  const spool::RecordHead head = SampleHead();
  const std::string path = Leave(head.id.text(), SampleRecord(head, "Subject: x\n\nbody\n"));
  Start();
  const TakenMessage taken = NextMessage();
  EXPECT_EQ(taken.submission.uid, getuid());
  EXPECT_EQ(taken.content.substr(taken.submission.header_bytes), "\nbody\n");
  EXPECT_TRUE(std::filesystem::exists(path));
  Accept(taken.submission);
  EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PickupTest, DrainsAFullMaildrop) {
  for (uint64_t i = 0; i < 300; ++i) Leave(HeadNumber(i).id.text(), SampleRecord(HeadNumber(i), "\n"));
  Start();
  size_t taken = 0;
  while (true) {
    auto packet = NextPacket();
    if (auto* submission = std::get_if<ipc::Submission>(&packet)) {
      ++taken;
      Accept(*submission);
    } else {
      ASSERT_TRUE(std::holds_alternative<ipc::Scanned>(packet));
      break;
    }
  }
  EXPECT_EQ(taken, 300U);
  EXPECT_TRUE(std::filesystem::is_empty(paths_.Maildrop()));
}

TEST_F(PickupTest, LeavesAFileThatTheRunnerCannotTakeYet) {
  const spool::RecordHead head = SampleHead();
  const std::string path = Leave(head.id.text(), SampleRecord(head, "\n"));
  Start();
  Refuse(NextMessage().submission, true, "no space");
  EXPECT_EQ(Next<ipc::Scanned>().left, 1U);
  EXPECT_TRUE(std::filesystem::exists(path));
  ASSERT_TRUE(runner_.Send(ipc::Scan{}.Encode()));
  Accept(NextMessage().submission);
  EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
}

TEST_F(PickupTest, SeesAFileThatAppearsDuringAScan) {
  Leave(HeadNumber(1).id.text(), SampleRecord(HeadNumber(1), "\n"));
  Start();
  const auto first = NextMessage().submission;
  Leave(HeadNumber(2).id.text(), SampleRecord(HeadNumber(2), "\n"));
  ASSERT_TRUE(runner_.Send(ipc::Scan{}.Encode()));
  Accept(first);
  const auto second = NextMessage().submission;
  EXPECT_EQ(second.id, HeadNumber(2).id);
  Accept(second);
  Next<ipc::Scanned>();
}

// Attack S6: nothing in the maildrop is followed, waited for, or believed.
TEST_F(PickupTest, SetsAsideWhatIsNoSubmission) {
  const std::string record = SampleRecord(SampleHead(), "\n");
  const std::string secret = directory_.Write("secret", record);
  Leave(HeadNumber(1).id.text(), "outpost-record 1 nonsense\n\n");
  Leave(HeadNumber(2).id.text(), record);  // another file's id
  Leave("name with\nnewline", record);
  Leave(HeadNumber(3).id.text(), "");
  const std::string linked = Leave(HeadNumber(4).id.text(), SampleRecord(HeadNumber(4), "\n"));
  ASSERT_EQ(link(linked.c_str(), (directory_ / "other name").c_str()), 0);
  ASSERT_EQ(symlink(secret.c_str(), paths_.MaildropFile(HeadNumber(5).id).c_str()), 0);
  ASSERT_EQ(mkfifo(paths_.MaildropFile(HeadNumber(6).id).c_str(), 0740), 0);
  Leave(HeadNumber(7).id.text(), SampleRecord(HeadNumber(7), "\n"), 0742);
  ASSERT_TRUE(sys::MakeDirectories(paths_.MaildropFile(HeadNumber(8).id), 0700));
  const std::string incomplete = Leave(HeadNumber(9).id.text(), record.substr(0, 30), 0640);
  Start();
  EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
  EXPECT_TRUE(std::filesystem::exists(incomplete));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(paths_.Corrupt()), {}), 7);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(paths_.Maildrop()), {}), 1)
      << "the incomplete file; the FIFO and the link held nothing";
  EXPECT_TRUE(std::filesystem::exists(secret));
  EXPECT_EQ(LogText().find("name with\nnewline"), std::string::npos);
}

TEST_F(PickupTest, TellsOnceOfWhatItCanNeitherTakeNorMove) {
  const std::string name = SampleHead().id.text();
  Leave(name, "garbage");
  for (int i = 0; i <= 100; ++i) {
    directory_.Write(sys::Cat("spool/corrupt/", name, i == 0 ? "" : sys::Cat(".", i)), "taken");
  }
  Start();
  for (int scan = 0; scan < 3; ++scan) {
    EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
    ASSERT_TRUE(runner_.Send(ipc::Scan{}.Encode()));
  }
  Next<ipc::Scanned>();
  const std::string log = LogText();
  EXPECT_NE(log.find(name), std::string::npos);
  EXPECT_EQ(log.find(name), log.rfind(name));
}

TEST_F(PickupTest, TellsInOneLineHowManyFilesAreLeft) {
  for (uint64_t i = 0; i < 5; ++i) Leave(HeadNumber(i).id.text(), SampleRecord(HeadNumber(i), "\n"));
  Start();
  for (uint64_t i = 0; i < 5; ++i) Refuse(NextMessage().submission, true, "no space");
  EXPECT_EQ(Next<ipc::Scanned>().left, 5U);
  const std::string log = LogText();
  EXPECT_NE(log.find("another try: 5; maildrop file "), std::string::npos);
  EXPECT_EQ(log.find("no space"), log.rfind("no space"));
}

// Attack S9: somebody's thousands of files of junk.
TEST_F(PickupTest, AnswersSubmittersWhileTheMaildropIsFullOfJunk) {
  constexpr int kFiles = 5000;
  for (int i = 0; i < kFiles; ++i) Leave(sys::Cat("junk", i), "");
  Start();
  const auto caller = Submit(SampleRecord(SampleHead(), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
  EXPECT_FALSE(std::filesystem::is_empty(paths_.Maildrop())) << "it was not kept waiting for the end of the junk";
  EXPECT_EQ(Next<ipc::Scanned>().left, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(paths_.Maildrop()));
}

TEST_F(PickupTest, SetsAsideASecondFileOfTheSameName) {
  const std::string name = SampleHead().id.text();
  directory_.Write("spool/corrupt/" + name, "the first");
  Leave(name, "garbage");
  Start();
  Next<ipc::Scanned>();
  EXPECT_EQ(sys::ReadFile(paths_.Corrupt() + "/" + name, 100).value(), "the first");
  EXPECT_EQ(sys::ReadFile(paths_.Corrupt() + "/" + name + ".1", 100).value(), "garbage");
}

TEST_F(PickupTest, ReturnsFromTheMaildropWhatNobodyIsLeftToBeTold) {
  settings_.message_size_limit = 100;
  const spool::RecordHead head = SampleHead();
  Leave(head.id.text(), SampleRecord(head, "Subject: large\n\n" + std::string(1000, 'x')));
  Start();
  const TakenMessage taken = NextMessage();
  EXPECT_TRUE(taken.submission.refused);
  EXPECT_EQ(taken.submission.refusal.status, (mail::EnhancedStatus{5, 3, 4}));
  EXPECT_FALSE(taken.submission.refusal.why.empty());
  EXPECT_EQ(taken.content.size(), taken.submission.header_bytes + 1);
  EXPECT_NE(taken.content.find("\nSubject: large\n"), std::string::npos);
  EXPECT_EQ(taken.submission.envelope.recipients.size(), 1U);
}

TEST_F(PickupTest, EndsWithItsRunner) {
  Start();
  Next<ipc::Scanned>();
  const auto caller = Submit(SampleRecord(SampleHead(), "\n"));
  NextMessage();
  runner_.Close();
  Join();
  EXPECT_EQ(Answer(caller), "") << "no answer: the caller asks again";
}

// Found by tests/crash/faults: it stayed, with the listener, and took submissions that nobody was to answer.
TEST_F(PickupTest, EndsWithARunnerThatDiedBeforeTheFirstWord) {
  settings_.max_idle = std::chrono::hours(1);
  Start(false);
  Join();
}

TEST_F(PickupTest, EndsWhenTheRunnerTalksNonsense) {
  Start();
  Next<ipc::Scanned>();
  ASSERT_TRUE(runner_.Send("{\"type\":\"nonsense\"}"));
  Join();
}

TEST_F(PickupTest, OutlivesAnAnswerToNothing) {
  Start();
  Next<ipc::Scanned>();
  ASSERT_TRUE(runner_.Send(ipc::Accepted{77, SampleHead().id}.Encode()));
  const auto caller = Submit(SampleRecord(SampleHead(), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
}

TEST_F(PickupTest, OutlivesACallerThatDoesNotWait) {
  signal(SIGPIPE, SIG_IGN);  // as main does
  Start();
  Next<ipc::Scanned>();
  Submit(SampleRecord(HeadNumber(1), "\n")).reset();
  Accept(NextMessage().submission);
  const auto caller = Submit(SampleRecord(HeadNumber(2), "\n"));
  Accept(NextMessage().submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued "));
}

TEST_F(PickupTest, EndsAfterATimeWithoutWork) {
  settings_.max_idle = std::chrono::seconds(1);
  Start();
  Next<ipc::Scanned>();
  const auto caller = Submit(SampleRecord(SampleHead(), "\n"));
  const auto submission = NextMessage().submission;
  std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  Accept(submission);
  EXPECT_TRUE(Answer(caller).starts_with("queued ")) << "waiting for the runner is work";
  Join();
}

}  // namespace
}  // namespace outpost::pickup
