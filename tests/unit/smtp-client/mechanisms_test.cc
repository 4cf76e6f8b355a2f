#include "smtp-client/mechanisms.h"

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

using Names = std::vector<std::string>;

SaslPolicy Defaults() {
  SaslPolicy policy;
  policy.plain_options = ParseSecurityOptions({"noplaintext", "noanonymous"}).value();
  policy.tls_options = ParseSecurityOptions({"noanonymous"}).value();
  return policy;
}

constexpr PeerStanding kPlainUnknown{false, false};
constexpr PeerStanding kPlainLoopback{false, true};
constexpr PeerStanding kTlsUnknown{true, false};
constexpr PeerStanding kTlsKnown{true, true};

TEST(SmtpMechanisms, ProofsBeforePlainText) {
  const auto choice =
      ChooseMechanisms({"LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}, Defaults(), kTlsKnown);
  EXPECT_EQ((Names{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}), choice.candidates);
}

// S15, S18: a secret in the clear goes to a peer that is known, and to no other.
TEST(SmtpMechanisms, PlainTextGoesToAKnownPeerAlone) {
  const Names offered{"PLAIN", "LOGIN", "XOAUTH2"};
  EXPECT_EQ(3U, ChooseMechanisms(offered, Defaults(), kTlsKnown).candidates.size());
  for (const auto& peer : {kTlsUnknown, kPlainUnknown}) {
    const auto choice = ChooseMechanisms(offered, Defaults(), peer);
    EXPECT_TRUE(choice.candidates.empty());
    EXPECT_TRUE(choice.options.noplaintext);
  }
  EXPECT_TRUE(ChooseMechanisms(offered, Defaults(), kTlsUnknown).withheld_from_unknown_peer);
}

TEST(SmtpMechanisms, ProofsMayGoToAnUnknownPeerWherePlainTextIsExcluded) {
  SaslPolicy policy = Defaults();
  EXPECT_EQ(Names{"CRAM-MD5"}, ChooseMechanisms({"PLAIN", "CRAM-MD5"}, policy, kTlsUnknown).candidates);
  policy.plain_options.noplaintext = false;
  const auto choice = ChooseMechanisms({"PLAIN", "CRAM-MD5"}, policy, kTlsUnknown);
  EXPECT_TRUE(choice.candidates.empty());
  EXPECT_TRUE(choice.withheld_from_unknown_peer);
}

TEST(SmtpMechanisms, OneKnobRelaxesTheRule) {
  SaslPolicy policy = Defaults();
  policy.require_known_peer = false;
  EXPECT_EQ(Names{"PLAIN"}, ChooseMechanisms({"PLAIN"}, policy, kTlsUnknown).candidates);
  EXPECT_TRUE(ChooseMechanisms({"PLAIN"}, policy, kPlainUnknown).candidates.empty())
      << "noplaintext holds without TLS";
}

TEST(SmtpMechanisms, LoopbackIsKnownButOptionsHold) {
  SaslPolicy policy = Defaults();
  EXPECT_TRUE(ChooseMechanisms({"PLAIN"}, policy, kPlainLoopback).candidates.empty());
  policy.plain_options.noplaintext = false;
  EXPECT_EQ(Names{"PLAIN"}, ChooseMechanisms({"PLAIN"}, policy, kPlainLoopback).candidates);
}

TEST(SmtpMechanisms, WhatNeedsMoreThanAPasswordIsNeverChosen) {
  EXPECT_TRUE(ChooseMechanisms({"ANONYMOUS", "EXTERNAL", "NTLM", "GSSAPI", "SCRAM-SHA-256-PLUS", "GS2-KRB5"},
                               Defaults(), kTlsKnown)
                  .candidates.empty());
}

TEST(SmtpMechanisms, FilterDecidesByItsFirstItem) {
  SaslPolicy policy = Defaults();
  policy.filter = {"plain", "login"};
  EXPECT_EQ((Names{"PLAIN", "LOGIN"}),
            ChooseMechanisms({"LOGIN", "PLAIN", "CRAM-MD5"}, policy, kTlsKnown).candidates);
  policy.filter = {"!cram-md5", "static:rest"};
  EXPECT_EQ(Names{"PLAIN"}, ChooseMechanisms({"PLAIN", "CRAM-MD5"}, policy, kTlsKnown).candidates);
  policy.filter = {"!cram-md5"};
  EXPECT_TRUE(ChooseMechanisms({"PLAIN", "CRAM-MD5"}, policy, kTlsKnown).candidates.empty()) << "named by none";
}

TEST(SmtpMechanisms, UnknownOptionIsNamed) {
  const auto options = ParseSecurityOptions({"noanonymous", "noplaintxt"});
  ASSERT_FALSE(options);
  EXPECT_NE(std::string::npos, options.error().text().find("noplaintxt"));
}

}  // namespace
}  // namespace outpost::smtp_client
