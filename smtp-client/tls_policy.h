// What main.cf asks of TLS, in the words of the library's edge: protocol versions, and which names a certificate
// may bear. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "lib/sys/error.h"
#include "smtp-client/next_hop.h"

namespace outpost::smtp_client {

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

// One version or more without a gap (a gap cannot be had from TLS's own negotiation).
struct TlsVersions {
  TlsVersion lowest = TlsVersion::kTls10;
  TlsVersion highest = TlsVersion::kTls13;
};

// Postfix's language: ">=TLSv1.2", "<=TLSv1.2", "!TLSv1, !TLSv1.1", "TLSv1.2 TLSv1.3". SSLv2 and SSLv3 are words
// that change nothing: they are never spoken. An error names what cannot be read, or a list that leaves nothing.
sys::Result<TlsVersions> ParseTlsProtocols(std::string_view text);

// The names that a certificate must bear one of, each a host name, an address, or ".example.org" for any name below
// it. `match` holds the words of smtp_tls_verify_cert_match and smtp_tls_secure_cert_match: nexthop, dot-nexthop,
// hostname, or names. `host` is the name whose address was connected to.
std::vector<std::string> NamesToMatch(const std::vector<std::string>& match, const NextHop& next_hop,
                                      std::string_view host);

// The name to ask for in the handshake (SNI); "" for none. smtp_tls_servername may be a name, "hostname" or
// "nexthop"; where it is empty the relay's own name is asked for. Addresses are never sent (RFC 6066 section 3).
std::string ServerName(const std::string& smtp_tls_servername, const NextHop& next_hop, std::string_view host);

}  // namespace outpost::smtp_client
