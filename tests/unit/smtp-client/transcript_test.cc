#include "smtp-client/transcript.h"

#include <gmock/gmock.h>

#include "lib/ipc/delivery.h"

namespace outpost::smtp_client {
namespace {

using testing::ElementsAre;

Reply MakeReply(int code, std::vector<std::string> lines) {
  Reply reply;
  reply.code = code;
  reply.lines = std::move(lines);
  return reply;
}

TEST(Transcript, ShowsWhatLeftAndWhatCame) {
  Transcript transcript(true);
  transcript.In(Stage::kGreeting, MakeReply(220, {"relay ESMTP"}));
  transcript.Out(Stage::kEhlo, "EHLO host\r\n");
  transcript.In(Stage::kEhlo, MakeReply(250, {"relay", "PIPELINING"}));
  transcript.Out(Stage::kMail, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
  transcript.In(Stage::kMail, MakeReply(501, {}));
  EXPECT_THAT(transcript.lines(),
              ElementsAre("In:  220 relay ESMTP", "Out: EHLO host", "In:  250-relay", "In:  250 PIPELINING",
                          "Out: MAIL FROM:<a@b>", "Out: RCPT TO:<c@d>", "In:  501"));
}

TEST(Transcript, HasNothingOfALoginButItsMechanismAndOutcome) {
  Transcript transcript(true);
  transcript.Out(Stage::kAuth, "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n");
  transcript.In(Stage::kAuth, MakeReply(334, {"VXNlcm5hbWU6"}));
  transcript.Out(Stage::kAuth, "c2VjcmV0\r\n");
  transcript.In(Stage::kAuth, MakeReply(535, {"5.7.8 no"}));
  transcript.Out(Stage::kAuth, "AUTH LOGIN\r\n");
  EXPECT_THAT(transcript.lines(), ElementsAre("Out: AUTH PLAIN (not shown)", "In:  334 (not shown)",
                                              "Out: (not shown)", "In:  535 5.7.8 no", "Out: AUTH LOGIN"));
}

TEST(Transcript, KeepsTheLastLinesAndCutsLongOnes) {
  Transcript transcript(true);
  for (int i = 0; i < 1000; ++i) transcript.Out(Stage::kRcpt, std::to_string(i) + std::string(5000, 'x') + "\r\n");
  const auto lines = transcript.lines();
  ASSERT_EQ(lines.size(), ipc::kTranscriptLines);
  EXPECT_TRUE(lines.back().starts_with("Out: 999x"));
  for (const auto& line : lines) EXPECT_LE(line.size(), Transcript::kMaxLineBytes + 5);
}

TEST(Transcript, ThatIsNotWantedStaysEmpty) {
  Transcript transcript;
  transcript.Out(Stage::kEhlo, "EHLO host\r\n");
  transcript.In(Stage::kEhlo, MakeReply(250, {"relay"}));
  EXPECT_TRUE(transcript.lines().empty());
}

}  // namespace
}  // namespace outpost::smtp_client
