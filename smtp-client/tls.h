// TLS; OpenSSL lives in tls.cc and nowhere else.
//
// TlsContext is made once, in the parent: configuration, trust store and everything else that needs a file is
// loaded there. TlsStream is one connection of it, in the child, which can open no file. Certificates are always
// checked, at every level; what a level makes of the outcome is decided by the session, from TlsFacts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"
#include "smtp-client/peer.h"
#include "smtp-client/stream.h"
#include "smtp-client/tls_policy.h"

namespace outpost::smtp_client {

struct TrustSettings {
  std::string ca_file;  // smtp_tls_CAfile
  std::string ca_path;  // smtp_tls_CApath
  bool system = false;  // the system's store as well (tls_append_default_CA), or alone where neither is named
};

class TlsContext {
 public:
  // Errors are the administrator's to mend: a CA file that cannot be read, protocols that the library refuses.
  static sys::Result<TlsContext> Make(const TlsVersions& versions, const TrustSettings& trust);
  TlsContext(TlsContext&&) noexcept;
  TlsContext& operator=(TlsContext&&) noexcept;
  ~TlsContext();

 private:
  friend class TlsStream;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What a handshake asks for, and whom it takes the peer for.
struct TlsRequest {
  std::string server_name;         // SNI; "" for none
  std::vector<std::string> names;  // as NamesToMatch() gives them
  std::string configured_relay;    // the name or address that main.cf gives the relay
};

class TlsStream : public Stream {
 public:
  // `context` must outlive the stream, `socket` be non-blocking.
  static sys::Result<std::unique_ptr<TlsStream>> Make(const TlsContext& context, sys::FdView socket,
                                                      const TlsRequest& request);
  ~TlsStream() override;

  // One step of the handshake: kDone when it is complete.
  StreamResult Handshake();
  // After it.
  TlsFacts Facts() const;

  StreamResult Read(std::span<char> buffer) override;
  StreamResult Write(std::string_view bytes) override;
  bool has_buffered() const override;
  void Shutdown() override;

 private:
  struct State;
  explicit TlsStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether the PEM certificate `pem` is for `name`: RFC 6125 rules, subjectAltName before the subject's common name,
// wildcards only as the whole leftmost label, ".example.org" for any name below it, addresses against address
// entries alone. Exposed for tests.
bool CertificateIsFor(std::string_view pem, const std::string& name);

}  // namespace outpost::smtp_client
