#include "smtp-client/tls.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace outpost::smtp_client {
namespace {

// A self-signed certificate; `names` is a subjectAltName value, "" for none.
std::string Certificate(const std::string& common_name, const std::string& names) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
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

}  // namespace
}  // namespace outpost::smtp_client
