#include "lib/ipc/delivery.h"

#include <gtest/gtest.h>

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

TEST(IpcDelivery, DeliverComesBackAsItWas) {
  const Deliver sent = SampleDeliver();
  const Deliver got = RoundTrip(sent, ParseToChild);
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.arrival_us, -1);
  EXPECT_EQ(got.activated_us, 2);
  EXPECT_EQ(got.content_bytes, 3U);
  EXPECT_EQ(got.header_bytes, 4U);
  EXPECT_TRUE(got.may_be_duplicate);
  EXPECT_EQ(got.envelope, sent.envelope);
  ASSERT_EQ(got.recipients.size(), 2U);
  EXPECT_EQ(got.recipients[0].recipient, SampleRecipient());
  EXPECT_EQ(got.recipients[1].number, 4294967295U);
  EXPECT_FALSE(got.more);
}

TEST(IpcDelivery, DeliverMoreComesBackAsItWas) {
  const DeliverMore got = RoundTrip(DeliverMore{SampleId(), {{3, SampleRecipient()}}, true}, ParseToChild);
  EXPECT_EQ(got.id, SampleId());
  EXPECT_TRUE(got.more);
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].number, 3U);
}

TEST(IpcDelivery, ParentsMessagesComeBackAsTheyWere) {
  EXPECT_EQ(RoundTrip(Prepare{"[smtp.example.org]:587"}, ParseToParent).next_hop, "[smtp.example.org]:587");
  EXPECT_TRUE(RoundTrip(Prepare{"example.org", true}, ParseToParent).is_recipient_domain);
  EXPECT_EQ(RoundTrip(Connect{12}, ParseToParent).connection, 12U);
  EXPECT_EQ(RoundTrip(Prepared{"user@example.org"}, ParseFromParent).account, "user@example.org");
  const auto failed = RoundTrip(PrepareFailed{{{4, 7, 0}, "no password", mail::Fault::kAccount}}, ParseFromParent);
  EXPECT_EQ(failed.why.status, (mail::EnhancedStatus{4, 7, 0}));
  EXPECT_EQ(failed.why.why, "no password");
  EXPECT_EQ(failed.why.fault, mail::Fault::kAccount);
  const auto ended = RoundTrip(ConnectionEnded{12, "signal 9"}, ParseFromParent);
  EXPECT_EQ(ended.connection, 12U);
  EXPECT_EQ(ended.how, "signal 9");
}

TEST(IpcDelivery, ConnectionsMessagesComeBackAsTheyWere) {
  RoundTrip(Finish{}, ParseToChild);
  const auto connected = RoundTrip(Connected{"a[1.2.3.4]:25", "TLSv1.3", "verified", "PLAIN"}, ParseFromChild);
  EXPECT_EQ(connected.relay, "a[1.2.3.4]:25");
  EXPECT_EQ(connected.tls, "TLSv1.3");
  EXPECT_EQ(connected.certificate, "verified");
  EXPECT_EQ(connected.mechanism, "PLAIN");
  const auto failed = RoundTrip(
      ConnectionFailed{{{4, 4, 1}, "refused", mail::Fault::kPath}, "relay", {"In:  554 no"}}, ParseFromChild);
  EXPECT_EQ(failed.why.why, "refused");
  EXPECT_EQ(failed.relay, "relay");
  EXPECT_EQ(RoundTrip(Begun{SampleId()}, ParseFromChild).id, SampleId());
}

TEST(IpcDelivery, EachVerdictComesBackAsItWas) {
  Verdicts sent{SampleId(), {0, 4294967295}, mail::Delivered{{2, 0, 0}, "250 ok"}, "relay", true};
  Verdicts got = RoundTrip(sent, ParseFromChild);
  EXPECT_EQ(got.recipients, sent.recipients);
  EXPECT_EQ(got.relay, "relay");
  EXPECT_TRUE(got.transcript.empty());
  EXPECT_TRUE(got.last);
  ASSERT_TRUE(std::holds_alternative<mail::Delivered>(got.verdict));
  EXPECT_EQ(std::get<mail::Delivered>(got.verdict).reply, "250 ok");

  for (const auto fault : {mail::Fault::kMessage, mail::Fault::kAccount, mail::Fault::kPath}) {
    sent.verdict = mail::Deferred{{4, 2, 1}, "busy", fault};
    got = RoundTrip(sent, ParseFromChild);
    ASSERT_TRUE(std::holds_alternative<mail::Deferred>(got.verdict));
    EXPECT_EQ(std::get<mail::Deferred>(got.verdict).status, (mail::EnhancedStatus{4, 2, 1}));
    EXPECT_EQ(std::get<mail::Deferred>(got.verdict).why, "busy");
    EXPECT_EQ(std::get<mail::Deferred>(got.verdict).fault, fault);
  }

  sent.verdict = mail::Returned{{5, 1, 1}, "550 no such user"};
  sent.last = false;
  sent.transcript.assign(kTranscriptLines, std::string(200, '"'));
  got = RoundTrip(sent, ParseFromChild);
  EXPECT_EQ(got.transcript, sent.transcript);
  EXPECT_FALSE(got.last);
  ASSERT_TRUE(std::holds_alternative<mail::Returned>(got.verdict));
  EXPECT_EQ(std::get<mail::Returned>(got.verdict).why, "550 no such user");
}

TEST(IpcDelivery, ARelaysWordsCannotSpoilAPacket) {
  const std::string reply = "250 \x1b]0;\x07 \xe9\xff\"\\" + std::string(1, '\0') + std::string(100000, '"');
  const Verdicts got =
      RoundTrip(Verdicts{SampleId(), {0}, mail::Delivered{{2, 0, 0}, reply}, reply, true}, ParseFromChild);
  EXPECT_TRUE(std::get<mail::Delivered>(got.verdict).reply.starts_with("250 ?]0;? ??\"\\?\"\""));
}

struct Spoilt {
  const char* what;
  const char* from;
  const char* to;
};

class IpcSpoiltVerdicts : public testing::TestWithParam<Spoilt> {};

TEST_P(IpcSpoiltVerdicts, AreRefused) {
  std::string bytes =
      Verdicts{SampleId(), {0, 1}, mail::Deferred{{4, 2, 1}, "busy", mail::Fault::kMessage}, "relay", true}
          .Encode();
  const size_t at = bytes.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << bytes;
  bytes.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  EXPECT_FALSE(ParseFromChild(bytes)) << GetParam().what;
}

constexpr Spoilt kSpoilt[] = {
    {"an unknown verdict", "\"deferred\"", "\"preferred\""},
    {"a verdict without its fault", ",\"fault\":\"message\"", ""},
    {"a fault where there is none", "\"deferred\"", "\"delivered\""},
    {"an unknown fault", "\"fault\":\"message\"", "\"fault\":\"mine\""},
    {"a status that is none", "\"4.2.1\"", "\"4.2\""},
    {"a status of another class", "\"4.2.1\"", "\"3.2.1\""},
    {"a recipient's number as text", "[0,1]", "[0,\"1\"]"},
    {"a negative recipient's number", "[0,1]", "[0,-1]"},
    {"a transcript that is none", "\"transcript\":[]", "\"transcript\":[1]"},
    {"too many recipients", "[0,1]", "[0,1,2,3,4,5,6,7,8,9,10]"},
};
INSTANTIATE_TEST_SUITE_P(Each, IpcSpoiltVerdicts, testing::ValuesIn(kSpoilt));

TEST(IpcDelivery, RefusesMessagesOfAnotherDirection) {
  EXPECT_FALSE(ParseToChild(Prepare{"x"}.Encode()));
  EXPECT_FALSE(ParseToParent(Finish{}.Encode()));
  EXPECT_FALSE(ParseFromParent(Begun{SampleId()}.Encode()));
  EXPECT_FALSE(ParseFromChild(Prepared{"x"}.Encode()));
}

}  // namespace
}  // namespace outpost::ipc
