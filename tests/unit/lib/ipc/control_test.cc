#include "lib/ipc/control.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/ipc/samples.h"

namespace outpost::ipc {
namespace {

template <typename Line>
Line RoundTrip(const Line& line) {
  const std::string bytes = line.Encode();
  EXPECT_EQ(bytes.find('\n'), bytes.size() - 1);
  EXPECT_LE(bytes.size(), kMaxControlLine);
  auto parsed = ParseResponse(bytes);
  EXPECT_TRUE(parsed) << parsed.error().text();
  if (!parsed || !std::holds_alternative<Line>(*parsed)) return Line{};
  return std::get<Line>(*parsed);
}

TEST(IpcControl, EachRequestComesBackAsItWas) {
  using Verb = Request::Verb;
  for (const Verb verb : {Verb::kStatus, Verb::kList, Verb::kFlush, Verb::kReload, Verb::kStop, Verb::kTrace}) {
    const std::string id = verb == Verb::kTrace ? SampleId().text() : "";
    const auto parsed = ParseRequest(Request{verb, id, ""}.Encode());
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_EQ(parsed->verb, verb);
    EXPECT_EQ(parsed->id, id);
  }
  const auto by_id = ParseRequest(Request{Verb::kFlush, SampleId().text(), ""}.Encode());
  ASSERT_TRUE(by_id) << by_id.error().text();
  EXPECT_EQ(by_id->id, SampleId().text());
  for (const char* domain : {"example.org", "EXAMPLE.org", "[192.0.2.1]", "b\u00fccher.example"}) {
    const auto by_domain = ParseRequest(Request{Verb::kFlush, "", domain}.Encode());
    ASSERT_TRUE(by_domain) << by_domain.error().text();
    EXPECT_EQ(by_domain->domain, domain);
  }
}

TEST(IpcControl, RefusesWhatIsNotARequest) {
  for (const char* line : {
           "",
           "\n",
           "status",
           "[]",
           "{}",
           "5",
           R"({"type":"request"})",
           R"({"type":"request","verb":"status"})",
           R"({"type":"request","verb":"status","id":""})",
           R"({"type":"request","verb":"explode","id":"","domain":""})",
           R"({"type":"request","verb":"status","id":"x","domain":""})",
           R"({"type":"request","verb":"trace","id":"","domain":""})",
           R"({"type":"request","verb":"trace","id":"not an id at all","domain":""})",
           R"({"type":"request","verb":"trace","id":"../../../etc/passw","domain":""})",
           R"({"type":"request","verb":"flush","id":"not an id at all","domain":""})",
           R"({"type":"request","verb":"flush","id":"","domain":"not a domain"})",
           R"({"type":"request","verb":"flush","id":"","domain":"a@example.org"})",
           R"({"type":"request","verb":"stop","id":"","domain":"example.org"})",
           R"({"type":"request","verb":0,"id":"","domain":""})",
           R"({"type":"status","verb":"status","id":"","domain":""})",
           R"({"type":"request","verb":"status","id":"","domain":"","root":true})",
       }) {
    EXPECT_FALSE(ParseRequest(line)) << line;
  }
  const std::string id = SampleId().text();
  EXPECT_FALSE(ParseRequest(Request{Request::Verb::kStop, id, ""}.Encode()));
  EXPECT_FALSE(ParseRequest(Request{Request::Verb::kFlush, id, "example.org"}.Encode()));
}

TEST(IpcControl, EachAnswerComesBackAsItWas) {
  const auto status =
      RoundTrip(StatusLine{1, 2, "/etc/outpost", "/var/spool/outpost", 3, 4, "full", 5, {"a: down", "b"}});
  EXPECT_EQ(status.pid, 1U);
  EXPECT_EQ(status.started_us, 2);
  EXPECT_EQ(status.config_directory, "/etc/outpost");
  EXPECT_EQ(status.queue_directory, "/var/spool/outpost");
  EXPECT_EQ(status.offline_since_us, 5);
  EXPECT_EQ(status.messages, 3U);
  EXPECT_EQ(status.dead_letters, 4U);
  EXPECT_EQ(status.trouble, "full");
  EXPECT_EQ(status.destinations, (std::vector<std::string>{"a: down", "b"}));

  const auto listed =
      RoundTrip(ListedMessage{SampleId().text(), "s@x", 1, 2, 3, "deferred", {{"r@x", "queued", "busy", 4}}, 5});
  EXPECT_EQ(listed.id, SampleId().text());
  EXPECT_EQ(listed.sender, "s@x");
  EXPECT_EQ(listed.size, 1U);
  EXPECT_EQ(listed.arrival_us, 2);
  EXPECT_EQ(listed.uid, 3U);
  EXPECT_EQ(listed.state, "deferred");
  ASSERT_EQ(listed.recipients.size(), 1U);
  EXPECT_EQ(listed.recipients[0].address, "r@x");
  EXPECT_EQ(listed.recipients[0].state, "queued");
  EXPECT_EQ(listed.recipients[0].reason, "busy");
  EXPECT_EQ(listed.recipients[0].next_attempt_us, 4);
  EXPECT_EQ(listed.recipients_total, 5U);

  const auto trace = RoundTrip(TraceLine{1, 2, 3, "sent", "r@x", "250 ok", "relay"});
  EXPECT_EQ(trace.first_us, 1);
  EXPECT_EQ(trace.last_us, 2);
  EXPECT_EQ(trace.count, 3U);
  EXPECT_EQ(trace.kind, "sent");
  EXPECT_EQ(trace.recipient, "r@x");
  EXPECT_EQ(trace.text, "250 ok");
  EXPECT_EQ(trace.relay, "relay");

  const auto done = RoundTrip(Done{"not yours", 77});
  EXPECT_EQ(done.error, "not yours");
  EXPECT_EQ(done.exit_code, 77);
}

TEST(IpcControl, ALineStaysWithinItsBoundWhateverIsListed) {
  ListedMessage listed{SampleId().text(), std::string(1000, '"'), 1, 2, 3, "deferred", {}, 50};
  listed.recipients.assign(kListedRecipients, {std::string(1000, '"'), "queued", std::string(9000, '"'), 1});
  const auto got = RoundTrip(listed);
  EXPECT_GT(got.recipients.size(), 5U);
  EXPECT_LT(got.recipients.size(), kListedRecipients);
  EXPECT_EQ(got.recipients_total, 50U);

  StatusLine status;
  status.destinations.assign(900, std::string(2000, 'x'));
  EXPECT_GT(RoundTrip(status).destinations.size(), 20U);
}

}  // namespace
}  // namespace outpost::ipc
