#include "admin/queue_view.h"

#include <sysexits.h>

#include <gmock/gmock.h>

#include "admin/control_client.h"
#include "tests/unit/admin/mailer.h"

namespace outpost::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using QueueViewTest = MailerTest;

constexpr std::string_view kId = "05BCDFGHJKLMNPQRS";

std::string DoneLine(const std::string& error = "", int exit_code = EX_OK) {
  return ipc::Done{error, exit_code}.Encode();
}

ipc::ListedMessage Listed(std::string_view id) {
  ipc::ListedMessage message;
  message.id = id;
  message.sender = "a@example.org";
  message.state = "deferred";
  return message;
}

TEST_F(QueueViewTest, PassesOnEachMessageOfTheRunner) {
  Environment environment = MakeConfigured();
  const std::string other(kId.rbegin(), kId.rend());
  Answer(Listed(kId).Encode() + Listed(kId).Encode() + DoneLine());
  std::vector<std::string> ids;
  const int status =
      ForEachMessage(environment, [&](const ipc::ListedMessage& message) { ids.push_back(message.id); });
  EXPECT_EQ(status, EX_OK);
  EXPECT_THAT(ids, ElementsAre(kId, kId));
  server_.join();
  EXPECT_THAT(asked_, HasSubstr("list"));
}

TEST_F(QueueViewTest, EndsWithTheRunnersExitStatus) {
  Environment environment = MakeConfigured();
  Answer(DoneLine("not yours", EX_NOPERM));
  EXPECT_EQ(ForEachMessage(environment, [](const ipc::ListedMessage&) {}), EX_NOPERM);
}

TEST_F(QueueViewTest, AnAnswerCutShortIsAnError) {
  Environment environment = MakeConfigured();
  Answer(Listed(kId).Encode());
  EXPECT_EQ(ForEachMessage(environment, [](const ipc::ListedMessage&) {}), EX_UNAVAILABLE);
}

TEST_F(QueueViewTest, AMailerThatDiesBeforeItsFirstWordIsNotRunning) {
  const Environment environment = MakeConfigured();
  auto listener = sys::ListenUnix(directory_ + "/spool/public/control", 0600);
  ASSERT_TRUE(listener);
  server_ = std::thread([&] {
    while (!sys::Accept(*listener)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });  // closed with the question unread
  const auto asked =
      AskRunner(environment.paths, {ipc::Request::Verb::kStatus, "", ""}, [](const ipc::Response&) {});
  ASSERT_TRUE(asked) << asked.error().text();
  EXPECT_FALSE(asked->has_value());
}

TEST_F(QueueViewTest, AnAnswerThatIsNoneIsAnError) {
  Environment environment = MakeConfigured();
  Answer("{\"type\":\"surprise\"}\n" + DoneLine());
  EXPECT_EQ(ForEachMessage(environment, [](const ipc::ListedMessage&) {}), EX_UNAVAILABLE);
}

TEST_F(QueueViewTest, AsksForOneMessageByItsId) {
  Environment environment = MakeConfigured();
  ipc::TraceLine line;
  line.kind = "submitted";
  Answer(line.Encode() + DoneLine());
  const auto id = mail::QueueId::Make(std::chrono::microseconds(1700000000000000), 7);
  std::vector<std::string> kinds;
  EXPECT_EQ(ForEachEvent(environment, id.text(), [&](const ipc::TraceLine& event) { kinds.push_back(event.kind); }),
            EX_OK);
  EXPECT_THAT(kinds, ElementsAre("submitted"));
  server_.join();
  EXPECT_THAT(asked_, HasSubstr(id.text()));
}

TEST_F(QueueViewTest, RefusesWhatIsNoIdWithoutAsking) {
  Environment environment = MakeConfigured();
  EXPECT_EQ(ForEachEvent(environment, "../../etc", [](const ipc::TraceLine&) {}), EX_DATAERR);
}

}  // namespace
}  // namespace outpost::admin
