#include "queue-runner/resolve.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

const RoutingRules kRelay = {"[smtp.example.org]:587", "smtp"};
const RoutingRules kDirect = {"", "smtp"};
const queue::Route kBadSyntax = {"error", "5.1.3 bad address syntax"};

TEST(Resolve, SendsEverythingToTheRelayhost) {
  EXPECT_EQ(Resolve("a@example.com", kRelay), (queue::Route{"smtp", "[smtp.example.org]:587"}));
}

TEST(Resolve, TakesTheDomainInLowerCaseWithoutRelayhost) {
  EXPECT_EQ(Resolve("A@Example.COM", kDirect), (queue::Route{"smtp", "example.com"}));
  EXPECT_EQ(Resolve("a@[192.0.2.1]", kDirect), (queue::Route{"smtp", "[192.0.2.1]"}));
}

TEST(Resolve, LetsTheTransportsNextHopWin) {
  EXPECT_EQ(Resolve("a@example.com", {"relay.example", "smtp:[other.example]"}),
            (queue::Route{"smtp", "[other.example]"}));
}

TEST(Resolve, TellsRelaysFromRecipientsDomains) {
  EXPECT_TRUE(GoesToRecipientsDomains(kDirect));
  EXPECT_FALSE(GoesToRecipientsDomains(kRelay));
  EXPECT_FALSE(GoesToRecipientsDomains({"", "smtp:[other.example]"}));
}

TEST(Resolve, ReturnsOrDefersByTheTransportsOfThatName) {
  const struct {
    const char* transport;
    queue::Route route;
  } kCases[] = {
      {"error:5.7.1 not from here", {"error", "5.7.1 not from here"}},
      {"error:closed", {"error", "5.0.0 closed"}},
      {"error:4.7.1 odd", {"error", "5.0.0 4.7.1 odd"}},
      {"retry:4.7.0 later", {"retry", "4.7.0 later"}},
      {"retry:", {"retry", "4.0.0"}},
      {"uucp:host", {"retry", "4.3.5 mail transport unavailable: uucp"}},
      {"", {"retry", "4.3.5 mail transport unavailable: "}},
  };
  for (const auto& one : kCases)
    EXPECT_EQ(Resolve("a@example.com", {"", one.transport}), one.route) << one.transport;
}

TEST(Resolve, TellsGoodAddressesFromBadOnes) {
  const struct {
    const char* address;
    bool good;
  } kCases[] = {
      {"a@example.com", true},
      {"a+b.c@x", true},
      {"a..b@example.com", true},
      {"\"a b\"@example.com", true},
      {"\"a@b\"@example.com", true},
      {"\"a\\\"b\"@example.com", true},
      {"j\xc3\xbcrgen@example.com", true},
      {"a@m\xc3\xbcller.example", true},
      {"a@under_score.example", true},
      {"a@[IPv6:2001:db8::1]", true},
      {"", false},
      {"a", false},
      {"@example.com", false},
      {"a@", false},
      {"a b@example.com", false},
      {"a@b@example.com", false},
      {"<a>@example.com", false},
      {"a@example.com.", false},
      {"a@.example.com", false},
      {"a@example..com", false},
      {"a@-example.com", false},
      {"a@exam ple.com", false},
      {"a@192.0.2.1", false},
      {"a@[]", false},
      {"a@[1.2.3.4", false},
      {"a@[x y]", false},
      {"\"a@example.com", false},
      {"\"a\"b@example.com", false},
      {"\"a\\\"@example.com", false},
  };
  for (const auto& one : kCases) {
    const auto route = Resolve(one.address, kRelay);
    EXPECT_EQ(route != kBadSyntax, one.good) << one.address;
  }
  EXPECT_EQ(Resolve("a@" + std::string(64, 'x') + ".example", kRelay), kBadSyntax);
  EXPECT_EQ(Resolve("a@" + std::string(256, 'x'), kRelay), kBadSyntax);
}

TEST(Resolve, RoutesWhatWaitsByTodaysRules) {
  queue::QueuedRecipient recipient;
  recipient.recipient.address = "a@example.com";
  recipient.route = {"smtp", "yesterday.example"};
  EXPECT_EQ(ResolveAgain(recipient, kRelay), (queue::Route{"smtp", "[smtp.example.org]:587"}));
}

TEST(Resolve, NeverRoutesAgainWhatCleanupRefused) {
  queue::QueuedRecipient recipient;
  recipient.recipient.address = "a@example.com";
  recipient.route = {"refused", "5.3.4 too large"};
  EXPECT_EQ(ResolveAgain(recipient, kRelay), recipient.route);
}

TEST(Generation, TellsRulesApart) {
  EXPECT_EQ(Generation(kRelay), Generation(kRelay));
  EXPECT_NE(Generation(kRelay), Generation(kDirect));
  EXPECT_NE(Generation({"ab", "c"}), Generation({"a", "bc"}));
  EXPECT_GE(Generation(kRelay), 0);
}

}  // namespace
}  // namespace outpost::queue_runner
