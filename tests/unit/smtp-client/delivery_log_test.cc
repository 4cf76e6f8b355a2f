#include "smtp-client/delivery_log.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

TEST(SmtpDeliveryLog, SecondsWithTwoDigitsThatMeanSomething) {
  for (const auto& [microseconds, text] : std::vector<std::pair<int64_t, std::string>>{{0, "0"},
                                                                                       {-5, "0"},
                                                                                       {4000, "0"},
                                                                                       {10000, "0.01"},
                                                                                       {123456, "0.12"},
                                                                                       {500000, "0.5"},
                                                                                       {999000, "1"},
                                                                                       {1234567, "1.2"},
                                                                                       {2000000, "2"},
                                                                                       {9960000, "10"},
                                                                                       {12345678, "12"},
                                                                                       {86400000000, "86400"}}) {
    EXPECT_EQ(text, FormatSeconds(Microseconds(microseconds))) << microseconds;
  }
}

DeliveryTimes Times() {
  return {Microseconds(1000000), Microseconds(1050000), Microseconds(1060000), Microseconds(1300000),
          Microseconds(2500000)};
}

mail::Recipient To(std::string address, std::string original) {
  return {std::move(address), std::move(original), {}, ""};
}

TEST(SmtpDeliveryLog, PostfixsLine) {
  const auto id = mail::QueueId();
  EXPECT_EQ(
      "00000000000000000: to=<b@example.org>, orig_to=<root>, relay=relay[192.0.2.1]:25, delay=1.5, "
      "delays=0.05/0.01/0.24/1.2, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
      FormatDelivery(id, To("b@example.org", "root"), "relay[192.0.2.1]:25", 1, Times(),
                     mail::Delivered{{2, 0, 0}, "250 2.0.0 Ok"}));
  EXPECT_EQ(
      "00000000000000000: to=<b@example.org>, relay=none, conn_use=3, delay=1.5, delays=0.05/0.01/0.24/1.2, "
      "dsn=4.4.1, status=deferred (connect: refused)",
      FormatDelivery(id, To("b@example.org", "b@example.org"), "none", 3, Times(),
                     mail::Deferred{{4, 4, 1}, "connect: refused", mail::Fault::kPath}));
  EXPECT_TRUE(FormatDelivery(id, To("b@example.org", ""), "r", 1, Times(), mail::Returned{{5, 1, 1}, "no"})
                  .ends_with("dsn=5.1.1, status=bounced (no)"));
}

}  // namespace
}  // namespace outpost::smtp_client
