#include "lib/queue/users.h"

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr uint32_t kUser = 1000;
constexpr const char* kWhy = "held: too many";

class QueueUsers : public QueueTest {
 protected:
  Stored PutOf(uint64_t number, uint32_t uid, const std::string& surplus = "") {
    NewMessage message = MakeMessage(number);
    message.uid = uid;
    message.surplus = surplus;
    return Put(message);
  }
  uint64_t InLine(uint32_t uid) { return *queue().CountInLine(uid); }
  size_t Release(uint32_t uid, size_t limit) {
    size_t released = 0;
    Do([&]() -> Result<void> {
      released = *queue().ReleaseSurplus(uid, limit, kStart + seconds(5));
      return {};
    });
    return released;
  }
};

TEST_F(QueueUsers, CountsWhatEachHasInLine) {
  EXPECT_EQ(InLine(kUser), 0U);
  const Stored first = PutOf(1, kUser);
  PutOf(2, kUser);
  PutOf(3, kUser, kWhy);
  PutOf(4, 2000);
  EXPECT_EQ(InLine(kUser), 2U);
  CrashAndReopen();
  EXPECT_EQ(InLine(kUser), 2U);
  Do([&] { return queue().Remove(first.key, kStart); });
  EXPECT_EQ(InLine(kUser), 1U);
  EXPECT_EQ(InLine(2000), 1U);
}

TEST_F(QueueUsers, CountsNoNotices) {
  NewMessage notice = MakeMessage(1);
  notice.uid = kUser;
  notice.origin = Origin::kBounce;
  const Stored stored = Put(notice);
  EXPECT_EQ(InLine(kUser), 0U);
  Do([&] { return queue().Remove(stored.key, kStart); });
  EXPECT_EQ(InLine(kUser), 0U);
}

TEST_F(QueueUsers, CountsNothingOfABatchThatWasRolledBack) {
  PutOf(1, kUser);
  EXPECT_EQ(InLine(kUser), 1U);
  NewMessage message = MakeMessage(2);
  message.uid = kUser;
  ASSERT_TRUE(queue().Begin());
  ASSERT_TRUE(queue().Insert(message, MakeContent("x"), std::vector{kRelay}, 1));
  EXPECT_EQ(InLine(kUser), 2U);
  queue().Rollback();
  EXPECT_EQ(InLine(kUser), 1U);
}

TEST_F(QueueUsers, HoldsSurplusWithItsReasonUntilItIsReleased) {
  const Stored held = PutOf(1, kUser, kWhy);
  const Stored later = PutOf(2, kUser, kWhy);
  EXPECT_THAT(DueAt(kStart + seconds(60)), IsEmpty());
  CrashAndReopen();
  EXPECT_THAT(*queue().Surplus(), ElementsAre(Pair(kUser, 2)));
  const auto listed = queue().List(0, 10, 10);
  ASSERT_TRUE(listed);
  EXPECT_EQ(Summarize(listed->front(), kStart), "hold");
  EXPECT_EQ(listed->front().recipients[0].last_text, kWhy);
  EXPECT_EQ(Release(kUser, 1), 1U);
  const auto due = DueAt(kStart + seconds(60));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].message, held.key) << "the oldest first";
  EXPECT_EQ(Release(kUser, 10), 1U);
  EXPECT_EQ(DueAt(kStart + seconds(60)).back().message, later.key);
  EXPECT_THAT(*queue().Surplus(), IsEmpty());
  EXPECT_EQ(InLine(kUser), 2U);
  const auto trace = queue().Trace(MakeId(1));
  ASSERT_GE(trace->size(), 3U);
  EXPECT_EQ((*trace)[1].kind, "held");
  EXPECT_EQ((*trace)[1].text, kWhy);
  EXPECT_EQ((*trace)[2].kind, "released");
}

TEST_F(QueueUsers, HoldsALargeMessageOnceItIsWhole) {
  NewMessage message = MakeMessage(1);
  message.uid = kUser;
  message.surplus = kWhy;
  Stored stored;
  Do([&]() -> Result<void> {
    auto made = queue().InsertInvisible(message, 3, std::vector{kRelay}, 1);
    if (!made) return made.error();
    stored = *made;
    return {};
  });
  EXPECT_THAT(*queue().Surplus(), IsEmpty());
  Do([&] { return queue().AppendContent(stored.key, "abc"); });
  Do([&] { return queue().Publish(stored.key, kStart); });
  EXPECT_THAT(*queue().Surplus(), ElementsAre(Pair(kUser, 1)));
  EXPECT_THAT(DueAt(kStart + seconds(60)), IsEmpty());
  EXPECT_EQ(Release(kUser, 1), 1U);
  EXPECT_EQ(DueAt(kStart + seconds(60)).size(), 1U);
}

// While it was held nobody could be warned of it.
TEST_F(QueueUsers, MayBeWarnedOfWhatWasHeld) {
  const Stored stored = PutOf(1, kUser, kWhy);
  Do([&] { return queue().MarkWarned(stored.key, Warning::kNotWanted); });
  EXPECT_EQ(Release(kUser, 1), 1U);
  EXPECT_EQ((*queue().Message(stored.key))->warning, Warning::kNotYet);
}

}  // namespace
}  // namespace outpost::queue
