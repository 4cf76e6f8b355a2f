#include "conf/next_hop.h"

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

TEST(NextHop, ReadsEveryForm) {
  struct Case {
    std::string_view text;
    std::string_view host;
    bool bracketed;
    bool is_address;
    int port;  // 0: none
  };
  const Case cases[] = {
      {"example.org", "example.org", false, false, 0},
      {"example.org:587", "example.org", false, false, 587},
      {"example.org:submission", "example.org", false, false, 587},
      {"[smtp.example.org]", "smtp.example.org", true, false, 0},
      {"[smtp.example.org]:465", "smtp.example.org", true, false, 465},
      {"[192.0.2.1]:25", "192.0.2.1", true, true, 25},
      {"[2001:db8::1]:25", "2001:db8::1", true, true, 25},
      {"[IPv6:2001:db8::1]", "2001:db8::1", true, true, 0},
  };
  for (const Case& c : cases) {
    const sys::Result<NextHop> hop = ParseNextHop(c.text);
    ASSERT_TRUE(hop) << c.text << ": " << hop.error().text();
    EXPECT_EQ(hop->host, c.host);
    EXPECT_EQ(hop->bracketed, c.bracketed) << c.text;
    EXPECT_EQ(hop->is_address, c.is_address) << c.text;
    EXPECT_EQ(hop->port.value_or(0), c.port) << c.text;
  }
}

TEST(NextHop, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "[smtp.example.org", "[]:25", "smtp.example.org:", "smtp.example.org:0", "smtp.example.org:65536",
        "[a]25", "a b", "192.0.2.1", "192.0.2.1:25", "smtp://a", "a:http", "[a]:-1", "user@example.org"}) {
    EXPECT_FALSE(ParseNextHop(text)) << text;
  }
}

}  // namespace
}  // namespace outpost::conf
