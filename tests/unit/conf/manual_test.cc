#include "conf/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/parameters.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;

std::string Escaped(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '_' ? std::string("\\_") : std::string(1, c);
  return out;
}

TEST(Manual, HasEveryParameterWithItsSentence) {
  const std::string source = ManualSource();
  for (const Parameter* parameter : KnownParameters()) {
    EXPECT_NE(source.find("\n*" + Escaped(parameter->name) + "* (default: "), std::string::npos) << parameter->name;
  }
  for (const InapplicableParameter& parameter : InapplicableParameters()) {
    EXPECT_NE(source.find(Escaped(parameter.name)), std::string::npos) << parameter.name;
  }
  EXPECT_THAT(source, HasSubstr("*relayhost* (default: empty)\n\tWhere all mail goes: "));
}

TEST(Manual, SaysWhatIsWaitedFor) {
  const std::string source = ManualSource();
  const size_t routing = source.find("## Routing by recipient and by sender\n");
  ASSERT_NE(routing, std::string::npos);
  EXPECT_LT(routing, source.find("*transport\\_maps*"));
  EXPECT_THAT(source, HasSubstr("Setting it is an error."));
}

}  // namespace
}  // namespace outpost::conf
