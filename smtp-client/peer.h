// The relay that a connection leads to, and what TLS has shown of it. Values only.
#pragma once

#include <cstdint>
#include <string>

namespace outpost::smtp_client {

struct Peer {
  std::string host;     // the name whose address this is; the address itself where there is no name
  std::string address;  // numeric
  uint16_t port = 0;
  bool loopback = false;  // the address is this machine's own by definition
  // "smtp.example.org[192.0.2.1]:587"
  std::string ToString() const;
};

// What is wrong with a certificate.
enum class CertificateProblem {
  kNone,
  kMissing,
  kExpired,
  kNotYetValid,
  kUnknownIssuer,
  kInvalid,    // anything else in its chain
  kWrongName,  // trusted, and for somebody else
};

struct TlsFacts {
  std::string cipher;  // "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
  bool has_certificate = false;
  bool trusted = false;              // the chain leads to a certificate that we trust, and is in date
  bool matched = false;              // and it is for a name that the security level asks for
  bool is_configured_relay = false;  // and it is for the relay that main.cf names: DNS had no part in it
  std::string problem;               // why not trusted or not matched; "" when both
  CertificateProblem certificate_problem = CertificateProblem::kNone;  // why not matched

  // "Verified", "Trusted", "Untrusted" or "Anonymous", as Postfix logs it.
  const char* Word() const;
};

}  // namespace outpost::smtp_client
