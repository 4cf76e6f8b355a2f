#include "lib/mail/explanation.h"

#include <string>

#include <gtest/gtest.h>

namespace outpost::mail {
namespace {

// Somebody reads it amid other sentences.
void CheckSentence(std::string_view text) {
  ASSERT_FALSE(text.empty());
  EXPECT_TRUE(text.ends_with('.')) << text;
  EXPECT_EQ(text.find('\n'), std::string_view::npos);
}

TEST(Explanation, EveryKnownTextIsMetByItsExample) {
  for (const auto& known : KnownTexts()) {
    const std::string reason = std::string("host relay[192.0.2.1]:587 said: ") + std::string(known.example);
    // Whatever the status has become: it is the words that count.
    for (const EnhancedStatus status : {EnhancedStatus{4, 7, 8}, EnhancedStatus{5, 0, 0}}) {
      EXPECT_EQ(Explain(status, reason).sentence, known.explanation.sentence) << known.example;
      EXPECT_EQ(Explain(status, reason).remedy, known.explanation.remedy) << known.example;
    }
    EXPECT_FALSE(known.who.empty());
    CheckSentence(known.explanation.sentence);
    if (!known.explanation.remedy.empty()) CheckSentence(known.explanation.remedy);
  }
}

TEST(Explanation, EveryKnownStatusIsMetWhateverItsCategory) {
  for (const auto& known : KnownStatuses()) {
    for (const int category : {4, 5}) {
      const auto found = Explain({category, known.subject, known.detail}, "550 so it is");
      EXPECT_EQ(found.sentence, known.explanation.sentence);
      EXPECT_EQ(found.remedy, known.explanation.remedy);
    }
    CheckSentence(known.explanation.sentence);
    if (!known.explanation.remedy.empty()) CheckSentence(known.explanation.remedy);
  }
}

TEST(Explanation, SaysSomethingOfWhatItDoesNotKnow) {
  CheckSentence(Explain({5, 9, 9}, "no").sentence);
  CheckSentence(Explain({4, 9, 9}, "no").sentence);
  EXPECT_NE(Explain({5, 9, 9}, "no").sentence, Explain({4, 9, 9}, "no").sentence);
}

// Whoever writes the mail chooses its addresses.
TEST(Explanation, WordsWithinAnAddressCountForNothing) {
  EXPECT_EQ(Explain({5, 1, 1}, "550 5.1.1 <greylist@example.org>: unknown").sentence, "There is no such mailbox.");
}

}  // namespace
}  // namespace outpost::mail
