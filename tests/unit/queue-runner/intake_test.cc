#include "queue-runner/intake.h"

#include <filesystem>
#include <signal.h>
#include <sys/resource.h>

#include <gmock/gmock.h>

#include "lib/sys/text.h"
#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// While it lives, no file can be longer than the queue's log is now: no commit can be stored.
class FullDisk {
 public:
  explicit FullDisk(const spool::SpoolPaths& paths) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = std::filesystem::file_size(paths.QueueDatabase() + "-wal");
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

class IntakeTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    limits_.emplace(*context_, [] {});
    intake_.emplace(*context_, *limits_,
                    Intake::Listener{[this](const ipc::ToPickup& answer) { OnAnswer(answer); },
                                     [this](const queue::Route& route) { due_.push_back(route.next_hop); }});
  }

  void OnAnswer(const ipc::ToPickup& answer) {
    if (const auto* accepted = std::get_if<ipc::Accepted>(&answer)) {
      answers_.push_back(sys::Cat(accepted->handle, " accepted ", accepted->id.text()));
    } else if (const auto* refused = std::get_if<ipc::Refused>(&answer)) {
      answers_.push_back(sys::Cat(refused->handle, refused->temporary ? " later" : " refused"));
    }
  }

  static std::string Id(uint64_t number) { return mail::QueueId::Make(std::chrono::seconds(number), 7).text(); }

  // The same token, size and digest each time: one submission that comes again, its content `bytes` long.
  void Submit(uint64_t number, size_t bytes, const std::string& token = std::string(32, 'a'),
              size_t recipients = 1) {
    ipc::Submission submission;
    submission.handle = number;
    submission.id = *mail::QueueId::Parse(Id(number));
    submission.token = token;
    submission.record_bytes = 77;
    submission.digest = std::string(32, 'd');
    submission.arrival_us = sys::WallClock().count();
    submission.content_bytes = bytes;
    submission.envelope.sender = "a@example.org";
    submission.envelope.recipients.assign(recipients, {"b@example.net", {}, {}, {}});
    auto content = sys::SealedCopy(std::string(bytes, 'x'));
    ASSERT_TRUE(content);
    ASSERT_TRUE(intake_->Take(std::move(submission), sys::UniqueFd(dup(content->view().get()))));
  }

  std::vector<FreshMessage> Apply() {
    intake_->Contribute();
    batch_->Apply();
    return intake_->TakeFresh();
  }
  void Round() {
    Apply();
    batch_->Commit();
  }

  std::optional<UserLimits> limits_;
  std::optional<Intake> intake_;
  std::vector<std::string> answers_;
  std::vector<std::string> due_;
};

TEST_F(IntakeTest, AnswersOnlyAfterTheCommit) {
  Submit(1, 100);
  EXPECT_THAT(Apply(), SizeIs(1));
  EXPECT_THAT(answers_, IsEmpty());
  batch_->Commit();
  EXPECT_THAT(answers_, ElementsAre("1 accepted " + Id(1)));
}

TEST_F(IntakeTest, HoldsWhatIsBeyondALimitOfItsUserAndTellsOfItOnce) {
  std::vector<std::string> told;
  context_->tell_administrator = [&](const AdministratorNotice& notice) { told.push_back(notice.subject); };
  policy_.rate = {.limit = 1, .unit = std::chrono::hours(1)};
  for (uint64_t number = 1; number <= 3; ++number) Submit(number, 100, std::string(32, "abcd"[number]));
  EXPECT_THAT(Apply(), SizeIs(1)) << "the others are not handed on";
  batch_->Commit();
  EXPECT_THAT(answers_, SizeIs(3)) << "all are accepted";
  EXPECT_THAT(*queue_->Surplus(), ElementsAre(testing::Pair(0, 2)));
  EXPECT_THAT(told, ElementsAre("mail of uid 0 is held"));
  EXPECT_THAT(limits_->StatusLines(10), ElementsAre(testing::HasSubstr("uid 0: 2 messages are held")));
  limits_->Contribute();
  batch_->Commit();
  EXPECT_EQ(queue_->Surplus()->at(0), 2U) << "nothing leaves before its time";
  policy_.rate = {};
  limits_->Contribute();
  batch_->Commit();
  EXPECT_THAT(*queue_->Surplus(), IsEmpty());
  EXPECT_EQ(queue_->Due({"smtp", "relay.one"}, queue::Lane::kLight, sys::WallClock(), 10)->size(), 3U);
}

TEST_F(IntakeTest, HoldsWhatIsBeyondItsUsersShareUntilThereIsRoom) {
  policy_.queue_share_limit = 2;
  for (uint64_t number = 1; number <= 3; ++number) Submit(number, 100, std::string(32, "abcd"[number]));
  Round();
  EXPECT_EQ(queue_->Surplus()->at(0), 1U);
  limits_->Contribute();
  batch_->Commit();
  EXPECT_EQ(queue_->Surplus()->at(0), 1U);
  const auto due = queue_->Due({"smtp", "relay.one"}, queue::Lane::kLight, sys::WallClock(), 10);
  batch_->Add({[&] { return queue_->Remove(due->front().message, sys::WallClock()); }, [] {}, [](const auto&) {}});
  batch_->Commit();
  limits_->Contribute();
  batch_->Commit();
  EXPECT_THAT(*queue_->Surplus(), IsEmpty());
}

TEST_F(IntakeTest, LeavesToTheQueueWhatIsLargeOrForVeryMany) {
  Submit(1, Intake::kFreshBytes, std::string(32, 'a'), Intake::kFreshRecipients);
  EXPECT_THAT(Apply(), SizeIs(1));
  batch_->Commit();
  EXPECT_THAT(due_, IsEmpty());
  Submit(2, Intake::kFreshBytes + 1, std::string(32, 'b'));
  Submit(3, 100, std::string(32, 'c'), Intake::kFreshRecipients + 1);
  EXPECT_THAT(Apply(), IsEmpty());
  EXPECT_THAT(due_, IsEmpty());
  batch_->Commit();
  EXPECT_THAT(due_, ElementsAre("relay.one", "relay.one"));
}

TEST_F(IntakeTest, RefusesForNowAloneWhatComesAgainWhileItIsBeingStored) {
  Submit(1, 3 * queue::kContentChunk);
  Round();
  Round();
  ASSERT_THAT(answers_, IsEmpty());
  Submit(2, 100);
  Submit(3, 100, std::string(32, 'b'));
  Round();
  EXPECT_THAT(answers_, ElementsAre("2 later", "3 accepted " + Id(3)));
  EXPECT_FALSE(batch_->in_trouble());
  for (int i = 0; i < 5; ++i) Round();
  Submit(4, 100);
  Round();
  EXPECT_THAT(answers_,
              ElementsAre("2 later", "3 accepted " + Id(3), "1 accepted " + Id(1), "4 accepted " + Id(1)));
}

TEST_F(IntakeTest, HandsOnNothingOfACommitThatFailed) {
  Submit(1, 100);
  Round();
  Submit(2, 100, std::string(32, 'b'));
  Submit(3, 100, std::string(32, 'c'));
  {
    EXPECT_THAT(Apply(), SizeIs(2));
    const FullDisk full(paths_);
    EXPECT_FALSE(batch_->Commit());
  }
  EXPECT_THAT(answers_, ElementsAre("1 accepted " + Id(1), "2 later", "3 later"));
  EXPECT_THAT(Apply(), IsEmpty()) << "they are not in the queue";
  EXPECT_TRUE(batch_->Commit());
  EXPECT_EQ(queue_->Count()->messages, 1U);
}

TEST_F(IntakeTest, KeepsNothingOfALargeMessageThatTheDiskCouldNotTake) {
  Submit(1, 3 * queue::kContentChunk);
  Round();
  Round();
  {
    const FullDisk full(paths_);
    Round();
  }
  EXPECT_THAT(answers_, ElementsAre("1 later"));
  batch_->TryAgain();
  Round();
  Submit(2, 100);
  Round();
  EXPECT_THAT(answers_, ElementsAre("1 later", "2 accepted " + Id(2)));
  EXPECT_EQ(queue_->Count()->messages, 1U);
}

}  // namespace
}  // namespace outpost::queue_runner
