#include "smtp-client/tls.h"

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "smtp-client/conversation.h"
#include "tests/unit/smtp-client/conversation_ends.h"

namespace outpost::smtp_client {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePointer = std::unique_ptr<X509, decltype(&X509_free)>;

// A self-signed certificate; `names` is a subjectAltName value, "" for none.
CertificatePointer MakeCertificate(const KeyPointer& key, const std::string& common_name,
                                   const std::string& names) {
  CertificatePointer certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  if (!names.empty()) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()), X509_EXTENSION_free);
    EXPECT_NE(nullptr, extension);
    X509_add_ext(certificate.get(), extension.get(), -1);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return certificate;
}

std::string Certificate(const std::string& common_name, const std::string& names) {
  const KeyPointer key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const CertificatePointer certificate = MakeCertificate(key, common_name, names);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_X509(bio.get(), certificate.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

// S15: one certificate a case.
TEST(SmtpTls, CertificateNames) {
  struct Case {
    const char* what;
    std::string common_name;
    std::string names;
    std::string wanted;
    bool good;
  };
  const std::vector<Case> cases = {
      {"the name", "x", "DNS:smtp.example.org", "smtp.example.org", true},
      {"another case", "x", "DNS:SMTP.Example.ORG", "smtp.example.org", true},
      {"one of several", "x", "DNS:a.example,DNS:smtp.example.org", "smtp.example.org", true},
      {"another name", "x", "DNS:smtp.example.net", "smtp.example.org", false},
      {"a name below", "x", "DNS:a.smtp.example.org", "smtp.example.org", false},
      {"a longer name", "x", "DNS:smtp.example.org.evil.net", "smtp.example.org", false},
      {"common name without alternatives", "smtp.example.org", "", "smtp.example.org", true},
      {"common name beside alternatives", "smtp.example.org", "DNS:other.example", "smtp.example.org", false},
      {"NUL in the common name", std::string("smtp.example.org\0.evil.net", 26), "", "smtp.example.org", false},
      {"wildcard", "x", "DNS:*.example.org", "smtp.example.org", true},
      {"wildcard for two labels", "x", "DNS:*.example.org", "a.smtp.example.org", false},
      {"wildcard for none", "x", "DNS:*.example.org", "example.org", false},
      {"partial wildcard", "x", "DNS:sm*.example.org", "smtp.example.org", false},
      {"wildcard inside", "x", "DNS:smtp.*.org", "smtp.example.org", false},
      {"wildcard of everything", "x", "DNS:*", "example", false},
      {"wildcard of a top domain", "x", "DNS:*.org", "example.org", false},
      {"any name below", "x", "DNS:mx.example.org", ".example.org", true},
      {"any name below, not itself", "x", "DNS:example.org", ".example.org", false},
      {"address", "x", "IP:192.0.2.1", "192.0.2.1", true},
      {"another address", "x", "IP:192.0.2.2", "192.0.2.1", false},
      {"address as a name", "x", "DNS:192.0.2.1", "192.0.2.1", false},
      {"IPv6 address", "x", "IP:2001:db8::1", "2001:db8::1", true},
      {"name where an address is wanted", "192.0.2.1", "", "192.0.2.1", false},
      {"mail address", "x", "email:smtp.example.org", "smtp.example.org", false},
      {"IDN", "x", "DNS:xn--bcher-kva.example", "xn--bcher-kva.example", true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(c.good, CertificateIsFor(Certificate(c.common_name, c.names), c.wanted)) << c.what;
  }
}

TEST(SmtpTls, AMissingCaFileIsNamed) {
  const auto context =
      TlsContext::Make(TlsVersions{}, {.ca_file = "/nonexistent/ca.pem", .ca_path = "", .system = false});
  ASSERT_FALSE(context);
  EXPECT_NE(std::string::npos, context.error().text().find("/nonexistent/ca.pem"));
  EXPECT_NE(std::string::npos, context.error().text().find("smtp_tls_CAfile"));
}

TEST(SmtpTls, AMissingCaDirectoryIsNamed) {
  const auto context = TlsContext::Make(TlsVersions{}, {.ca_file = "", .ca_path = "/nonexistent", .system = false});
  ASSERT_FALSE(context);
  EXPECT_NE(std::string::npos, context.error().text().find("/nonexistent"));
}

TEST(SmtpTls, NothingIsTrustedByMistake) {
  EXPECT_TRUE(TlsContext::Make(TlsVersions{}, TrustSettings{})) << "an empty store is a store";
}

// A conversation over TLS 1.3 with a server of the test's own, both ends on one socket pair with small buffers.
class SmtpTlsStream : public ConversationEnds {
 protected:
  void SetUp() override {
    ConversationEnds::SetUp();
    if (HasFatalFailure()) return;
    MakeServer();
    auto made = TlsContext::Make(TlsVersions{}, TrustSettings{});
    ASSERT_TRUE(made);
    context_.emplace(std::move(*made));
    auto stream = TlsStream::Make(*context_, socket_, {"", {}, "relay.example.org"});
    ASSERT_TRUE(stream);
    bool ours = false;
    for (bool theirs = false; !ours || !theirs;) {
      ours = (*stream)->Handshake().kind == StreamResult::Kind::kDone;
      theirs = SSL_do_handshake(ssl_.get()) == 1;
    }
    conversation_.emplace(socket_, channel_);
    conversation_->Use(std::move(*stream));
  }

  void MakeServer() {
    const KeyPointer key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const CertificatePointer certificate = MakeCertificate(key, "relay.example.org", "");
    server_.reset(SSL_CTX_new(TLS_server_method()));
    ASSERT_EQ(1, SSL_CTX_use_certificate(server_.get(), certificate.get()));
    ASSERT_EQ(1, SSL_CTX_use_PrivateKey(server_.get(), key.get()));
    ssl_.reset(SSL_new(server_.get()));
    ASSERT_EQ(1, SSL_set_fd(ssl_.get(), relay_.get()));
    SSL_set_accept_state(ssl_.get());
  }

  // Sends key updates, and nothing else, until `seconds` are over. False: it could not once.
  bool SendKeyUpdates(int kind, std::chrono::seconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    bool any = false;
    while (std::chrono::steady_clock::now() < end) {
      pollfd fd{relay_.get(), POLLOUT, 0};
      if (poll(&fd, 1, 10) <= 0) continue;
      if (SSL_get_key_update_type(ssl_.get()) == SSL_KEY_UPDATE_NONE && SSL_key_update(ssl_.get(), kind) != 1)
        break;
      any = SSL_do_handshake(ssl_.get()) == 1 || any;
    }
    return any;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> server_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  std::optional<TlsContext> context_;
  std::optional<Conversation> conversation_;
};

std::chrono::microseconds ThreadTime() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1000);
}

TEST_F(SmtpTlsStream, RepliesComeThrough) {
  const std::string_view said = "250 a\r\n250 b\r\n";
  ASSERT_EQ(static_cast<int>(said.size()), SSL_write(ssl_.get(), said.data(), static_cast<int>(said.size())));
  for (const char* text : {"250 a", "250 b"}) {
    const auto received = conversation_->Receive(std::chrono::seconds(5));
    ASSERT_TRUE(std::holds_alternative<Reply>(received));
    EXPECT_EQ(text, std::get<Reply>(received).ToString());
  }
  EXPECT_FALSE(conversation_->HasUnread());
}

// Records that are no reply keep a reader busy within the library for as long as they come.
TEST_F(SmtpTlsStream, KeyUpdatesWithoutEndDoNotMoveTheLimit) {
  std::thread relay([this] { EXPECT_TRUE(SendKeyUpdates(SSL_KEY_UPDATE_NOT_REQUESTED, std::chrono::seconds(4))); });
  const auto start = std::chrono::steady_clock::now();
  const auto received = conversation_->Receive(std::chrono::seconds(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  ASSERT_TRUE(std::holds_alternative<Interruption>(received));
  EXPECT_EQ(Interruption::Kind::kTimeout, std::get<Interruption>(received).kind);
  relay.join();
}

// Each of these wants an answer. A relay that reads none of them blocks us: then we wait, and do not spin.
TEST_F(SmtpTlsStream, KeyUpdatesWhoseAnswersAreNotReadCostNoProcessor) {
  std::thread relay([this] { EXPECT_TRUE(SendKeyUpdates(SSL_KEY_UPDATE_REQUESTED, std::chrono::seconds(3))); });
  const auto before = ThreadTime();
  const auto received = conversation_->Receive(std::chrono::seconds(3));
  EXPECT_LT(ThreadTime() - before, std::chrono::milliseconds(1000));
  EXPECT_TRUE(std::holds_alternative<Interruption>(received));
  relay.join();
}

}  // namespace
}  // namespace outpost::smtp_client
