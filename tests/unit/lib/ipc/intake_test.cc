#include "lib/ipc/intake.h"

#include <gtest/gtest.h>

#include "lib/ipc/channel.h"
#include "tests/unit/lib/ipc/samples.h"

namespace outpost::ipc {
namespace {

template <typename Message, typename Variant>
Message RoundTrip(const Message& message, sys::Result<Variant> (*parse)(std::string_view)) {
  auto parsed = parse(message.Encode());
  EXPECT_TRUE(parsed) << parsed.error().text();
  if (!parsed || !std::holds_alternative<Message>(*parsed)) return Message{};
  return std::get<Message>(*parsed);
}

TEST(IpcIntake, SubmissionComesBackAsItWas) {
  const Submission sent = SampleSubmission();
  const Submission got = RoundTrip(sent, ParseToRunner);
  EXPECT_EQ(got.handle, sent.handle);
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.uid, sent.uid);
  EXPECT_EQ(got.token, sent.token);
  EXPECT_EQ(got.record_bytes, sent.record_bytes);
  EXPECT_EQ(got.digest, sent.digest);
  EXPECT_EQ(got.arrival_us, sent.arrival_us);
  EXPECT_EQ(got.content_bytes, sent.content_bytes);
  EXPECT_EQ(got.header_bytes, sent.header_bytes);
  EXPECT_EQ(got.message_id, sent.message_id);
  EXPECT_EQ(got.envelope, sent.envelope);
  EXPECT_EQ(got.refused, sent.refused);
  EXPECT_EQ(got.refusal.status, sent.refusal.status);
  EXPECT_EQ(got.refusal.why, sent.refusal.why);
  EXPECT_EQ(got.more, sent.more);
}

TEST(IpcIntake, OtherMessagesComeBackAsTheyWere) {
  const MoreRecipients more = RoundTrip(MoreRecipients{9, {SampleRecipient()}, true}, ParseToRunner);
  EXPECT_EQ(more.handle, 9U);
  EXPECT_TRUE(more.more);
  ASSERT_EQ(more.recipients.size(), 1U);
  EXPECT_EQ(more.recipients[0], SampleRecipient());
  EXPECT_EQ(RoundTrip(Scanned{UINT64_MAX}, ParseToRunner).left, UINT64_MAX);
  const Accepted accepted = RoundTrip(Accepted{3, SampleId()}, ParseToPickup);
  EXPECT_EQ(accepted.handle, 3U);
  EXPECT_EQ(accepted.id, SampleId());
  const Refused refused = RoundTrip(Refused{4, false, "no space"}, ParseToPickup);
  EXPECT_EQ(refused.handle, 4U);
  EXPECT_FALSE(refused.temporary);
  EXPECT_EQ(refused.text, "no space");
  RoundTrip(Scan{}, ParseToPickup);
}

TEST(IpcIntake, RefusesWhatIsNotOneWholeMessage) {
  const std::string whole = SampleSubmission().Encode();
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ParseToRunner(std::string_view(whole).substr(0, length))) << length;
  }
  EXPECT_FALSE(ParseToRunner(whole + whole));
  EXPECT_FALSE(ParseToRunner(whole + "x"));
  EXPECT_FALSE(ParseToPickup(whole)) << "a message of the other direction";
}

struct Spoilt {
  const char* what;
  const char* from;  // in the encoded sample
  const char* to;
};

class IpcSpoiltSubmission : public testing::TestWithParam<Spoilt> {};

TEST_P(IpcSpoiltSubmission, IsRefused) {
  std::string bytes = SampleSubmission().Encode();
  const size_t at = bytes.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << bytes;
  bytes.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  const auto parsed = ParseToRunner(bytes);
  ASSERT_FALSE(parsed) << GetParam().what;
  EXPECT_EQ(parsed.error().code(), EBADMSG);
  EXPECT_TRUE(parsed.error().text().starts_with("packet from pickup: ")) << parsed.error().text();
}

constexpr Spoilt kSpoilt[] = {
    {"an unknown type", "\"submission\"", "\"remission\""},
    {"no type", "\"type\":\"submission\",", ""},
    {"a type that is not a text", "\"submission\"", "5"},
    {"a missing member", "\"uid\":1000,", ""},
    {"a missing last member", ",\"recipients\":[", ",\"recipient\":["},
    {"an extra member", "\"uid\":1000,", "\"uid\":1000,\"gid\":1000,"},
    {"a repeated member", "\"uid\":1000,", "\"uid\":1000,\"uid\":0,"},
    {"a member after the last", "]}", "],\"x\":1}"},
    {"a number as text", "\"handle\":7", "\"handle\":\"7\""},
    {"a negative number", "\"handle\":7", "\"handle\":-7"},
    {"a fraction", "\"handle\":7", "\"handle\":7.5"},
    {"a number beyond 64 bits", "\"handle\":7", "\"handle\":18446744073709551616"},
    {"a number beyond 32 bits", "\"uid\":1000", "\"uid\":4294967296"},
    {"a signed number beyond its range", "\"arrival_us\":1763688360000000", "\"arrival_us\":9223372036854775808"},
    {"a truth as number", "\"refused\":true", "\"refused\":1"},
    {"null", "\"refused\":true", "\"refused\":null"},
    {"an id that is none", "\"id\":\"", "\"id\":\"a"},
    {"a token of a wrong length", "\"token\":\"00", "\"token\":\"0"},
    {"a token that is not hexadecimal", "\"token\":\"00", "\"token\":\"0g"},
    {"a line end in a text", "jürgen@", "a\\nb@"},
    {"a NUL in a text", "jürgen@", "a\\u0000b@"},
    {"a C1 control in a text", "jürgen@", "a\\u009bb@"},
    {"a bare control character", "jürgen@", "a\x01@"},
    {"broken UTF-8", "jürgen@", "j\xfcrgen@"},
    {"a lone surrogate", "jürgen@", "\\ud800@"},
    {"an unknown word", "\"headers\"", "\"footers\""},
    {"a NOTIFY that is none", "SUCCESS,FAILURE", "SUCCESS,SUCCES"},
    {"a recipient with an extra member", "{\"address\":", "{\"number\":1,\"address\":"},
    {"a recipient that is a text", "\"recipients\":[", "\"recipients\":[\"a@b\","},
    {"a list that is an object", "\"recipients\":[", "\"recipients\":{},\"x\":["},
    {"too deep", "\"handle\":7", "\"handle\":[[[[[7]]]]]"},
};
INSTANTIATE_TEST_SUITE_P(Each, IpcSpoiltSubmission, testing::ValuesIn(kSpoilt));

TEST(IpcIntake, RefusesOverlongTextsAndLists) {
  Submission message = SampleSubmission();
  message.envelope.sender = std::string(mail::kMaxAddress, 'a');
  EXPECT_TRUE(ParseToRunner(message.Encode()));
  message.envelope.sender += 'a';
  EXPECT_FALSE(ParseToRunner(message.Encode()));
  message = SampleSubmission();
  message.envelope.recipients[1].orcpt = std::string(mail::kMaxOriginalRecipient + 1, 'a');
  EXPECT_FALSE(ParseToRunner(message.Encode()));
  message = SampleSubmission();
  message.envelope.recipients.resize(kRecipientsAPacket);
  EXPECT_TRUE(ParseToRunner(message.Encode()));
  message.envelope.recipients.resize(kRecipientsAPacket + 1);
  EXPECT_FALSE(ParseToRunner(message.Encode()));
}

TEST(IpcIntake, RefusesMoreThanAPacket) {
  std::string bytes = SampleSubmission().Encode();
  bytes.append(kMaxPacket - bytes.size(), ' ');
  EXPECT_TRUE(ParseToRunner(bytes));
  bytes += ' ';
  EXPECT_FALSE(ParseToRunner(bytes));
}

TEST(IpcIntake, TheLongestMessageFitsIntoAPacket) {
  Submission message = SampleSubmission();
  mail::Recipient longest;
  longest.address = longest.original = std::string(mail::kMaxAddress, '"');
  longest.orcpt = std::string(mail::kMaxOriginalRecipient, '\\');
  longest.notify = {.never = false, .success = true, .failure = true, .delay = true};
  message.envelope.sender = longest.address;
  message.envelope.envelope_id = std::string(mail::kMaxEnvelopeId, '"');
  message.envelope.recipients.assign(kRecipientsAPacket, longest);
  message.message_id = message.refusal.why = std::string(5000, '"');
  message.handle = message.record_bytes = message.content_bytes = message.header_bytes = UINT64_MAX;
  EXPECT_LE(message.Encode().size(), kMaxPacket);
  EXPECT_TRUE(ParseToRunner(message.Encode()));
}

TEST(IpcIntake, WordsForPeopleAreMadePrintableAndCut) {
  const Refused got = RoundTrip(Refused{1, true, "bad\x1b[2J\xff\n" + std::string(5000, 'x')}, ParseToPickup);
  EXPECT_TRUE(got.text.starts_with("bad?[2J??xx")) << got.text;
  EXPECT_EQ(got.text.size(), 2000U);
}

}  // namespace
}  // namespace outpost::ipc
