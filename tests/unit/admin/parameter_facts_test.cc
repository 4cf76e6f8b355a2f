#include "admin/parameter_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::admin {
namespace {

using testing::HasSubstr;

TEST(ParameterFacts, AnUnknownNameIsOnesOwnWhereAValueUsesIt) {
  const conf::Configuration configuration =
      conf::Configuration::Parse({}, "main.cf", "relay_host = a\nmy_relay = b\nrelayhost = $my_relay\n");
  const ParameterFacts slip = GatherFacts(configuration, "relay_host");
  EXPECT_THAT(slip.why_not, HasSubstr("unknown parameter"));
  EXPECT_THAT(slip.why_not, HasSubstr("did you mean relayhost?"));
  const ParameterFacts own = GatherFacts(configuration, "my_relay");
  EXPECT_EQ(own.why_not, "");
  EXPECT_EQ(own.doc, "A name of your own, for other values to use as $my_relay.");
  EXPECT_EQ(own.value, "b");
}

TEST(ParameterFacts, SayWhyAParameterIsNotInEffect) {
  const conf::Configuration configuration = conf::Configuration::Parse({}, "main.cf", "");
  EXPECT_EQ(GatherFacts(configuration, "relayhost").why_not, "");
  EXPECT_THAT(GatherFacts(configuration, "smtpd_banner").why_not, HasSubstr("listens"));
  EXPECT_THAT(GatherFacts(configuration, "alias_maps").why_not, HasSubstr("local delivery"));
}

}  // namespace
}  // namespace outpost::admin
