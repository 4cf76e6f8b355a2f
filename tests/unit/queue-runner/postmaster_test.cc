#include "queue-runner/postmaster.h"

#include <gmock/gmock.h>

#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

using conf::NoticeClass;
using testing::HasSubstr;
using testing::Not;

class PostmasterTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    policy_.myorigin = "example.org";
    policy_.notices.notify_classes = {NoticeClass::kResource};
    policy_.notices.error_notice_recipient = "admin@example.org";
    policy_.notices.double_bounce_sender = "double-bounce@example.org";
    postmaster_.emplace(*context_, [this](const queue::Route& route) { routes_.push_back(route); });
  }

  void Round() {
    postmaster_->Contribute();
    ASSERT_TRUE(batch_->Commit());
  }
  std::string Content(const queue::Listed& listed) {
    return *queue_->ContentHead(listed.message.key, queue::kContentChunk);
  }

  std::vector<queue::Route> routes_;
  std::optional<Postmaster> postmaster_;
};

TEST_F(PostmasterTest, SendsANoticeFromAnAddressToWhichNothingIsReturned) {
  postmaster_->Tell(
      {NoticeClass::kResource, "disk full", {"There is no space left.", "Make room."}, "In: 421 x\n"});
  Round();
  const auto listed = *queue_->List(0, 10, 10);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].message.envelope.sender, "double-bounce@example.org");
  EXPECT_EQ(listed[0].message.origin, queue::Origin::kBounce);
  EXPECT_EQ(listed[0].recipients.at(0).recipient.address, "admin@example.org");
  const std::string content = Content(listed[0]);
  EXPECT_THAT(content, HasSubstr("\nFrom: MAILER-DAEMON@example.org (Mail Delivery System)\n"));
  EXPECT_THAT(content, HasSubstr("\nSubject: Outpost: disk full\n"));
  EXPECT_THAT(content, HasSubstr("\nAuto-Submitted: auto-generated\n"));
  EXPECT_THAT(content, HasSubstr("\n\nThere is no space left.\n\nMake room.\n"));
  EXPECT_THAT(content, HasSubstr("\n  In: 421 x\n"));
  ASSERT_EQ(routes_.size(), 1U);
  EXPECT_EQ(routes_[0].next_hop, "relay.one");
}

TEST_F(PostmasterTest, TellsNothingOfAClassThatIsNotNamed) {
  postmaster_->Tell({NoticeClass::kSoftware, "a program died", {"It died."}, ""});
  Round();
  EXPECT_TRUE(queue_->List(0, 10, 10)->empty());
}

TEST_F(PostmasterTest, WritesNoHeaderLineThatOthersChose) {
  postmaster_->Tell(
      {NoticeClass::kResource, "a\nBcc: b@example.net \xc3\xbc", {"x\n\nFrom here\x1b[2J"}, "a\x1b\nb"});
  Round();
  const auto listed = *queue_->List(0, 10, 10);
  ASSERT_EQ(listed.size(), 1U);
  const std::string content = Content(listed[0]);
  EXPECT_THAT(content, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(content, Not(HasSubstr("\x1b")));
  EXPECT_EQ(content.find("\n\n") + 1, listed[0].message.header_bytes);
}

TEST(AdministratorMail, HoldsWhatItHasRoomForAndSaysHowMuchIsLeftOut) {
  WaitingNotices::Mail mail;
  mail.recipient = "admin@example.org";
  std::string transcript;
  while (transcript.size() < kMaxTranscript) transcript += "In: 250 ok\n";
  for (int i = 0; i < 100; ++i) {
    mail.notices.push_back({{NoticeClass::kResource, "s", {"p"}, transcript}});
  }
  const AdministratorMail text = FormatAdministratorMail(mail, Policy{});
  EXPECT_LT(text.body.size(), queue::kContentChunk - 8192);
  EXPECT_THAT(text.body, HasSubstr("There was no room for "));
}

}  // namespace
}  // namespace outpost::queue_runner
