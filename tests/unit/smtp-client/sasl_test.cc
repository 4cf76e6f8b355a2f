// The library and its plug-ins, against relays that this test plays.
#include "smtp-client/sasl.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

std::string ToBase64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::string FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  size_t size = static_cast<size_t>(std::max(length, 0));
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --size;
  bytes.resize(size);
  return bytes;
}

class SmtpSasl : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(LoadSaslPlugins()); }
  std::unique_ptr<SaslExchange> Begin(const std::vector<std::string>& candidates, SecurityOptions options = {}) {
    auto exchange = BeginSasl(candidates, options, "relay.example.org", credential_);
    EXPECT_TRUE(exchange) << exchange.error().text();
    return exchange ? std::move(*exchange) : nullptr;
  }
  Credential credential_{"tim", Secret("tanstaaftanstaaf")};
};

TEST_F(SmtpSasl, PlainSpeaksFirst) {
  const auto exchange = Begin({"PLAIN"});
  ASSERT_NE(nullptr, exchange);
  EXPECT_EQ(ToBase64(std::string_view("tim\0tim\0tanstaaftanstaaf", 24)), exchange->TakeInitialResponse());
  EXPECT_FALSE(exchange->TakeInitialResponse());
  EXPECT_TRUE(exchange->complete());
}

TEST_F(SmtpSasl, LoginAnswersTwoQuestions) {
  const auto exchange = Begin({"LOGIN"});
  ASSERT_NE(nullptr, exchange);
  EXPECT_FALSE(exchange->TakeInitialResponse());
  EXPECT_EQ(ToBase64("tim"), exchange->Answer("VXNlcm5hbWU6").value());
  EXPECT_EQ(ToBase64("tanstaaftanstaaf"), exchange->Answer("UGFzc3dvcmQ6").value());
  EXPECT_TRUE(exchange->complete());
}

TEST_F(SmtpSasl, CramMd5) {  // the example of RFC 2195
  const auto exchange = Begin({"CRAM-MD5"});
  ASSERT_NE(nullptr, exchange);
  const auto answer = exchange->Answer(ToBase64("<1896.697170952@postoffice.reston.mci.net>"));
  ASSERT_TRUE(answer);
  EXPECT_EQ("tim b913a602c7eda7a495b4e6e7334d3890", FromBase64(*answer));
}

TEST_F(SmtpSasl, BadBase64IsRefused) {
  const auto exchange = Begin({"CRAM-MD5"});
  ASSERT_NE(nullptr, exchange);
  EXPECT_FALSE(exchange->Answer("!!!"));
}

TEST_F(SmtpSasl, OptionsRuleOutWhatRevealsTheSecret) {
  SecurityOptions options;
  options.noplaintext = true;
  EXPECT_EQ("CRAM-MD5", Begin({"PLAIN", "LOGIN", "CRAM-MD5"}, options)->mechanism());
  const auto none = BeginSasl({"PLAIN", "LOGIN"}, options, "relay.example.org", credential_);
  ASSERT_FALSE(none);
  EXPECT_NE(std::string::npos, none.error().text().find("PLAIN, LOGIN"));
}

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return {reinterpret_cast<char*>(digest), size};
}

// What a relay that knows the password says last (RFC 5802 section 3).
std::string ServerSignature(std::string_view password, std::string_view salt, int rounds,
                            const std::string& messages) {
  unsigned char salted[32];
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()), rounds,
                    EVP_sha256(), sizeof salted, salted);
  const std::string key = Hmac({reinterpret_cast<char*>(salted), sizeof salted}, "Server Key");
  return Hmac(key, messages);
}

struct ScramEnd {
  bool believed = false;
  bool complete = false;
};

ScramEnd PlayScram(SaslExchange& exchange, std::string_view relays_password) {
  const std::string first = FromBase64(exchange.TakeInitialResponse().value_or(""));
  const std::string bare = first.substr(first.find("n="));
  const std::string nonce = bare.substr(bare.find("r=") + 2) + "relay";
  const std::string challenge = sys::Cat("r=", nonce, ",s=", ToBase64("salt"), ",i=4096");
  const auto answer = exchange.Answer(ToBase64(challenge));
  EXPECT_TRUE(answer) << answer.error().text();
  EXPECT_FALSE(exchange.complete()) << "the relay has proved nothing yet";
  const std::string last = FromBase64(answer.value());
  const std::string messages = sys::Cat(bare, ",", challenge, ",", last.substr(0, last.rfind(",p=")));
  const std::string proof = ToBase64(ServerSignature(relays_password, "salt", 4096, messages));
  const auto end = exchange.Answer(ToBase64("v=" + proof));
  return {end.has_value(), exchange.complete()};
}

// S17: the relay's own proof is checked.
TEST_F(SmtpSasl, ScramBelievesARelayThatKnowsThePasswordAlone) {
  auto exchange = Begin({"SCRAM-SHA-256"});
  ASSERT_NE(nullptr, exchange);
  const ScramEnd good = PlayScram(*exchange, "tanstaaftanstaaf");
  EXPECT_TRUE(good.believed && good.complete);
  exchange = Begin({"SCRAM-SHA-256"});
  const ScramEnd bad = PlayScram(*exchange, "guess");
  EXPECT_FALSE(bad.believed || bad.complete);
}

}  // namespace
}  // namespace outpost::smtp_client
