#include "smtp-client/capabilities.h"

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

Capabilities Parse(std::vector<std::string> keywords) {
  Reply reply;
  reply.code = 250;
  reply.lines = {"relay.example.org Hello"};
  reply.lines.insert(reply.lines.end(), keywords.begin(), keywords.end());
  return ParseEhlo(reply);
}

TEST(SmtpCapabilities, KnowsItsKeywordsInAnyCase) {
  const auto found =
      Parse({"pipelining", "8BITMIME", "SmtpUtf8", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "X-UNKNOWN 1 2"});
  EXPECT_TRUE(found.pipelining && found.eight_bit_mime && found.smtputf8 && found.dsn);
  EXPECT_TRUE(found.enhanced_status_codes && found.starttls);
  EXPECT_FALSE(found.auth || found.size);
}

TEST(SmtpCapabilities, TheFirstLineIsAGreeting) {
  Reply reply;
  reply.code = 250;
  reply.lines = {"PIPELINING"};
  EXPECT_FALSE(ParseEhlo(reply).pipelining);
}

TEST(SmtpCapabilities, SizeIsANumberOrNone) {
  EXPECT_EQ(35882577U, Parse({"SIZE 35882577"}).size_limit);
  EXPECT_TRUE(Parse({"SIZE"}).size);
  EXPECT_EQ(0U, Parse({"SIZE"}).size_limit);
  EXPECT_EQ(0U, Parse({"SIZE 99999999999999999999999"}).size_limit);
  EXPECT_EQ(0U, Parse({"SIZE -1"}).size_limit);
}

TEST(SmtpCapabilities, MechanismsOfBothFormsOnce) {
  const auto found = Parse({"AUTH PLAIN login", "AUTH=LOGIN CRAM-MD5", "AUTH\x1B[2J"});
  EXPECT_EQ((std::vector<std::string>{"PLAIN", "LOGIN", "CRAM-MD5"}), found.mechanisms);
}

TEST(SmtpCapabilities, NamesThatAreNoMechanismArePassedOver) {
  const auto found = Parse({"AUTH PLA*IN " + std::string(50, 'X') + " A\"B LOGIN"});
  EXPECT_EQ(std::vector<std::string>{"LOGIN"}, found.mechanisms);
  EXPECT_TRUE(Parse({"AUTH"}).auth);
}

}  // namespace
}  // namespace outpost::smtp_client
