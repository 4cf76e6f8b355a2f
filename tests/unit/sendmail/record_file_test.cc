#include "sendmail/record_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "tests/support/record.h"
#include "tests/support/temporary_directory.h"

namespace outpost::sendmail {
namespace {

using namespace std::string_literals;

using sys::Cat;
using sys::UniqueFd;

spool::RecordHead Head() {
  spool::RecordHead head;
  head.id = mail::QueueId::Make(std::chrono::microseconds(1763688000000000), 7);
  head.token = std::string(spool::kTokenLength, 'a');
  head.sender = "ana";
  head.recipients = {"luis"};
  return head;
}

UniqueFd FileWith(std::string_view bytes) {
  UniqueFd fd(memfd_create("input", MFD_CLOEXEC));
  EXPECT_TRUE(sys::WriteAll(fd, bytes, "input"));
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_SET), 0);
  return fd;
}

class RecordFileTest : public testing::Test {
 protected:
  // The message of the record made of `input`, checked against its head; a failure's code as "exit N".
  std::string Message(std::string_view input, const InputRules& rules = {}) {
    return MessageOf(FileWith(input), rules);
  }
  std::string MessageOf(sys::FdView input, const InputRules& rules = {}) {
    const auto made = MakeRecord(input, temporary_, rules, head_);
    if (const auto* failure = std::get_if<Failure>(&made)) {
      EXPECT_NE(failure->reason, "");
      return Cat("exit ", failure->exit_code);
    }
    const auto& record = std::get<sys::ReadOnlyFd>(made);
    std::string bytes(record.size(), '\0');
    EXPECT_EQ(*sys::ReadAt(record.view(), bytes, 0), record.size());
    const auto end = tests::HeadLength(bytes);
    EXPECT_TRUE(end);
    const auto head = spool::ParseHead(std::string_view(bytes).substr(0, *end));
    EXPECT_TRUE(head) << head.error().text();
    EXPECT_EQ(head->size_bytes, bytes.size() - *end);
    EXPECT_EQ(head->size_bytes, head_.size_bytes);
    EXPECT_EQ(head->arrival, head_.arrival);
    EXPECT_LT(sys::WallClock() - head->arrival, std::chrono::minutes(1));
    return bytes.substr(*end);
  }

  tests::TemporaryDirectory directory_;
  UniqueFd temporary_ = *sys::OpenDirectory(directory_.path());
  spool::RecordHead head_ = Head();
};

TEST_F(RecordFileTest, KeepsTheMessageByteForByte) {
  const std::string messages[] = {
      "",
      "\n",
      "Subject: x",
      "Subject: x\n",
      "Subject: x\n\nbody without a newline",
      "Subject: x\n\n\0\xFF\xC3\r\n\r\rlone\r\n.\r.\n"s,
      std::string(10 << 20, 'x'),
      "Subject: x\n\n" + std::string(10 << 20, 'x') + "\n" + std::string(100000, '.'),
  };
  for (const std::string& message : messages) {
    EXPECT_TRUE(Message(message) == message) << message.substr(0, 40);
    EXPECT_TRUE(Message(message, {.dot_is_text = true}) == message) << message.substr(0, 40);
  }
}

TEST_F(RecordFileTest, EndsAtALoneDotUnlessTold) {
  EXPECT_EQ(Message("a\n.\nb\n"), "a\n");
  EXPECT_EQ(Message("a\r\n.\r\nb\n"), "a\r\n");
  EXPECT_EQ(Message("a\n.\r\nb\n", {.line_endings = content::LineEndings::kNever}), "a\n.\r\nb\n");
  EXPECT_EQ(Message("a\n.\nb\n", {.dot_is_text = true}), "a\n.\nb\n");
  // A dot that continues a line across blocks does not end it.
  const std::string line = std::string(64 * 1024, 'x') + ".\nmore\n";
  EXPECT_TRUE(Message(line) == line);
}

TEST_F(RecordFileTest, LeavesWhatFollowsTheDotToItsOwner) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  const UniqueFd write(ends[1]);
  // The writer never closes: only the dot says that this is all.
  ASSERT_TRUE(sys::WriteAll(write, "a\n.\n", "pipe"));
  EXPECT_EQ(MessageOf(read), "a\n");
}

TEST_F(RecordFileTest, WaitsForANonBlockingInput) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd read(ends[0]);
  std::thread writer([fd = UniqueFd(ends[1])] {
    for (const char* piece : {"Subject: x\n", "\n", "body\n"}) {
      usleep(20000);
      ASSERT_TRUE(sys::WriteAll(fd, piece, "pipe"));
    }
  });
  EXPECT_EQ(MessageOf(read), "Subject: x\n\nbody\n");
  writer.join();
}

TEST_F(RecordFileTest, StopsAtTheSizeLimit) {
  EXPECT_EQ(Message(std::string(100, 'x'), {.message_size_limit = 100}), std::string(100, 'x'));
  EXPECT_EQ(Message(std::string(101, 'x'), {.message_size_limit = 100}), Cat("exit ", EX_UNAVAILABLE));
  EXPECT_EQ(Message(std::string(3 << 20, 'x'), {.message_size_limit = 2 << 20}), Cat("exit ", EX_UNAVAILABLE));
}

TEST_F(RecordFileTest, CannotReadADirectory) { EXPECT_EQ(MessageOf(temporary_), Cat("exit ", EX_DATAERR)); }

TEST_F(RecordFileTest, NeedsARecipientInTheHeaderWhenAskedToFindThem) {
  const std::string no_one = Cat("exit ", EX_DATAERR);
  head_.extract_recipients = true;
  head_.recipients.clear();
  const std::string nowhere[] = {"",
                                 "Subject: x\n\nTo: a@b\n",
                                 "To: \n\n",
                                 "To: undisclosed-recipients:;\n\n",
                                 "To: a@b\nResent-To: \n\n",
                                 "Apparently-To: a@b\n\n",
                                 "no header\nTo: a@b\n"};
  for (const std::string& message : nowhere) EXPECT_EQ(Message(message), no_one) << message;
  const std::string somewhere[] = {"To: a@b\n\n",           "Bcc: a@b",
                                   "cc : a@b\r\n\r\n",      "Subject: x\nTo:\n team: a, b;\n\nbody",
                                   "X: a\0b\nTo: a@b\n\n"s, "From ana Mon Nov 16\nTo: a\n\n"};
  for (const std::string& message : somewhere) EXPECT_EQ(Message(message), message);
  head_.recipients = {"luis"};
  EXPECT_EQ(Message("Subject: x\n\n"), "Subject: x\n\n");
}

TEST_F(RecordFileTest, CountsRecipientsOfBothKinds) {
  head_.extract_recipients = true;
  head_.recipients.assign(mail::kMaxRecipients, "a");
  EXPECT_EQ(Message("To: b\n\n"), Cat("exit ", EX_DATAERR));
}

TEST_F(RecordFileTest, HoldsAThousandRecipients) {
  head_.recipients.assign(1000, "somebody.with.a.long.name@a.long.host.name.example.org");
  EXPECT_EQ(Message("Subject: x\n\nbody\n"), "Subject: x\n\nbody\n");
}

TEST_F(RecordFileTest, RefusesMoreRecipientsThanAHeadHolds) {
  head_.recipients.assign(20000, std::string(900, 'a'));
  EXPECT_EQ(Message(""), Cat("exit ", EX_USAGE));
}

}  // namespace
}  // namespace outpost::sendmail
