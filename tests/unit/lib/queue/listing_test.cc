#include "lib/queue/listing.h"

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using QueueListing = QueueTest;

TEST_F(QueueListing, PagesThroughTheWholeQueueInOrder) {
  for (uint64_t number = 1; number <= 25; ++number) Put(number);
  MessageKey after = 0;
  uint64_t seen = 0;
  for (const size_t expected : {10U, 10U, 5U, 0U}) {
    const auto page = queue().List(after, 10, 5);
    ASSERT_EQ(page->size(), expected);
    for (const auto& listed : *page) {
      EXPECT_EQ(listed.message.id, MakeId(++seen));
      after = listed.message.key;
    }
  }
}

TEST_F(QueueListing, StaysInPlaceWhileMessagesGoAndCome) {
  std::vector<Stored> stored;
  for (uint64_t number = 1; number <= 4; ++number) stored.push_back(Put(number));
  EXPECT_EQ(queue().List(0, 2, 1)->back().message.key, stored[1].key);
  Do([&] { return queue().Remove(stored[1].key, kStart); });
  Put(5);
  const auto page = queue().List(stored[1].key, 10, 1);
  ASSERT_EQ(page->size(), 3U);
  EXPECT_EQ((*page)[2].message.id, MakeId(5));
}

TEST_F(QueueListing, ShowsUnfinishedRecipientsUpToALimit) {
  const Stored stored = Put(1, 10);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
  Record(stored.key, MakeOutcome(stored.first_recipient + 9, RecipientState::kDead));
  const auto page = queue().List(0, 10, 3);
  ASSERT_EQ(page->size(), 1U);
  EXPECT_EQ((*page)[0].unfinished, 9U);
  ASSERT_EQ((*page)[0].recipients.size(), 3U);
  EXPECT_EQ((*page)[0].recipients[0].recipient.address, "r1@example.net");
  EXPECT_EQ((*page)[0].message.envelope.sender, "sender@example.com");
}

}  // namespace
}  // namespace outpost::queue
