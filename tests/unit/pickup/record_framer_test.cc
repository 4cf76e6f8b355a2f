#include "pickup/record_framer.h"

#include <gtest/gtest.h>

#include "lib/spool/record.h"

namespace outpost::pickup {
namespace {

using State = RecordFramer::State;

std::string FirstLine() {
  return std::string(spool::kFirstLinePrefix) + mail::QueueId::Make(std::chrono::microseconds(1), 2).text() + "\n";
}

TEST(RecordFramer, FindsTheEndWhereverTheRecordIsCut) {
  const std::string head = FirstLine() + "token=x\nsize=0000000000000000012\nrecipient=a\n\n";
  const std::string record = head + "A: 1\n\nbody\n\n";
  for (size_t chunk = 1; chunk <= record.size(); ++chunk) {
    RecordFramer framer;
    for (size_t i = 0; i < record.size(); i += chunk) {
      ASSERT_NE(framer.state(), State::kComplete) << chunk;
      framer.Feed(std::string_view(record).substr(i, chunk));
    }
    EXPECT_EQ(framer.state(), State::kComplete) << chunk;
    EXPECT_EQ(framer.head_bytes(), head.size());
    EXPECT_EQ(framer.message_bytes(), 12U);
  }
}

TEST(RecordFramer, IsCompleteWithAnEmptyMessage) {
  RecordFramer framer;
  EXPECT_EQ(framer.Feed(FirstLine() + "size=0\n"), State::kHead);
  EXPECT_EQ(framer.Feed("\n"), State::kComplete);
}

TEST(RecordFramer, BreaksOnWhatIsNoRecord) {
  const std::string first = FirstLine();
  const std::string cases[] = {
      "GET / HTTP/1.0\n",
      "\n",
      first + "\n",
      first + "size=\n\n",
      first + "size=-1\n\n",
      first + "size=1x\n\n",
      first + "size=99999999999999999999999\n\n",
      first + "size=9223372036854775808\n\n",
      first + "size=1\nsize=2\n\n",
      first + "size=1\n\nab",
      first + "x=" + std::string(spool::kMaxAttributeLine, 'a'),
  };
  for (const std::string& text : cases) {
    RecordFramer framer;
    EXPECT_EQ(framer.Feed(text), State::kBroken) << text.substr(0, 100);
    EXPECT_FALSE(framer.why().empty());
    EXPECT_EQ(framer.Feed("more"), State::kBroken);
  }
}

TEST(RecordFramer, BreaksOnAnEndlessHead) {
  RecordFramer framer;
  framer.Feed(FirstLine());
  const std::string block(1024 * 1024, 'a');
  std::string lines;
  while (lines.size() < block.size()) lines += "recipient=someone\n";
  for (int i = 0; i < 16; ++i) framer.Feed(lines);
  EXPECT_EQ(framer.state(), State::kBroken);
}

}  // namespace
}  // namespace outpost::pickup
