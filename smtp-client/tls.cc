#include "smtp-client/tls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <type_traits>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using ContextPointer = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslPointer = std::unique_ptr<SSL, Freer<SSL_free>>;
using CertificatePointer = std::unique_ptr<X509, Freer<X509_free>>;
using DirectoryPointer = std::unique_ptr<DIR, Freer<closedir>>;

constexpr int kMaxChainDepth = 9;

// The library's newest complaint, and none left behind.
std::string LibraryError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  return sys::Cat("TLS library error ", code);
}

int NumberOf(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls10:
      return TLS1_VERSION;
    case TlsVersion::kTls11:
      return TLS1_1_VERSION;
    case TlsVersion::kTls12:
      return TLS1_2_VERSION;
    case TlsVersion::kTls13:
      return TLS1_3_VERSION;
  }
  return TLS1_2_VERSION;
}

sys::Result<void> LoadFile(X509_STORE* store, const std::string& path) {
  errno = 0;
  if (X509_STORE_load_file(store, path.c_str()) == 1) return {};
  const int code = errno;
  const std::string reason = LibraryError();
  if (code != 0) return sys::Error::FromErrno(sys::Cat("read CA certificates ", path), code);
  return sys::Error(sys::Cat("read CA certificates ", path, ": ", reason));
}

// Every certificate of a hashed directory, now: the child could not look one up by its hash.
sys::Result<void> LoadDirectory(X509_STORE* store, const std::string& path) {
  const DirectoryPointer directory(opendir(path.c_str()));
  if (!directory) return sys::Error::FromErrno(sys::Cat("open CA directory ", path));
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    const size_t dot = name.rfind('.');
    const bool hashed = dot == 8 && sys::ParseDecimal(name.substr(dot + 1)).has_value();
    if (hashed) X509_STORE_load_file(store, sys::Cat(path, "/", name).c_str());
  }
  ERR_clear_error();
  return {};
}

// The bundle where the system has one, else its directory.
sys::Result<void> LoadSystemTrust(X509_STORE* store) {
  for (const char* bundle : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                             "/etc/ssl/ca-bundle.pem", X509_get_default_cert_file()}) {
    if (LoadFile(store, bundle)) return {};
  }
  if (LoadDirectory(store, X509_get_default_cert_dir())) return {};
  return sys::Error(
      "the system has no CA certificates: install ca-certificates, or set smtp_tls_CAfile in main.cf");
}

sys::Result<void> LoadTrust(SSL_CTX* context, const TrustSettings& trust) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  if (!trust.ca_file.empty()) {
    if (auto loaded = LoadFile(store, trust.ca_file); !loaded) return loaded.error().Within("smtp_tls_CAfile");
  }
  if (!trust.ca_path.empty()) {
    if (auto loaded = LoadDirectory(store, trust.ca_path); !loaded) return loaded.error().Within("smtp_tls_CApath");
  }
  if (trust.system) return LoadSystemTrust(store);
  return {};
}

CertificateProblem ProblemOf(long verified) {
  switch (verified) {
    case X509_V_OK:
      return CertificateProblem::kNone;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertificateProblem::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateProblem::kNotYetValid;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return CertificateProblem::kUnknownIssuer;
    default:
      return CertificateProblem::kInvalid;
  }
}

bool Matches(X509* certificate, const std::string& name) {
  if (IsAddress(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return X509_check_host(certificate, name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

}  // namespace

struct TlsContext::State {
  ContextPointer context;
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

sys::Result<TlsContext> TlsContext::Make(const TlsVersions& versions, const TrustSettings& trust) {
  ContextPointer context(SSL_CTX_new(TLS_client_method()));
  if (!context) return sys::Error(sys::Cat("prepare TLS: ", LibraryError()));
  if (SSL_CTX_set_min_proto_version(context.get(), NumberOf(versions.lowest)) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), NumberOf(versions.highest)) != 1) {
    return sys::Error(sys::Cat("set TLS protocols: ", LibraryError()));
  }
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A relay that sends nothing but tickets and key updates must not hold a read within the library: each ends it.
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // The chain is checked all the same; the handshake goes on whatever it is worth, and Facts() says that.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_verify_depth(context.get(), kMaxChainDepth);
  if (auto loaded = LoadTrust(context.get(), trust); !loaded) return loaded.error();
  return TlsContext(std::make_unique<State>(State{std::move(context)}));
}

struct TlsStream::State {
  SslPointer ssl;
  TlsRequest request;
};

TlsStream::TlsStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsStream::~TlsStream() = default;

sys::Result<std::unique_ptr<TlsStream>> TlsStream::Make(const TlsContext& context, sys::FdView socket,
                                                        const TlsRequest& request) {
  SslPointer ssl(SSL_new(context.state_->context.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket.get()) != 1) return sys::Error(sys::Cat("begin TLS: ", LibraryError()));
  const std::string& name = request.server_name;
  if (!name.empty() && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) != 1)
    return sys::Error(sys::Cat("begin TLS: ", LibraryError()));
  SSL_set_connect_state(ssl.get());
  return std::unique_ptr<TlsStream>(new TlsStream(std::make_unique<State>(State{std::move(ssl), request})));
}

namespace {

// What `returned` of one call means, the call's complaints in the queue.
StreamResult Interpret(SSL* ssl, int returned, int code) {
  switch (SSL_get_error(ssl, returned)) {
    case SSL_ERROR_NONE:
      return {StreamResult::Kind::kDone, 0, {}};
    case SSL_ERROR_WANT_READ:
      return {StreamResult::Kind::kWantRead, 0, {}};
    case SSL_ERROR_WANT_WRITE:
      return {StreamResult::Kind::kWantWrite, 0, {}};
    case SSL_ERROR_ZERO_RETURN:
      return {StreamResult::Kind::kClosed, 0, {}};
    case SSL_ERROR_SYSCALL:
      if (code == 0 || code == ECONNRESET || code == EPIPE) return {StreamResult::Kind::kClosed, 0, {}};
      return {StreamResult::Kind::kFailed, 0, strerror(code)};
    default:
      return {StreamResult::Kind::kFailed, 0, LibraryError()};
  }
}

}  // namespace

StreamResult TlsStream::Handshake() {
  ERR_clear_error();
  errno = 0;
  const int done = SSL_do_handshake(state_->ssl.get());
  return Interpret(state_->ssl.get(), done, errno);
}

StreamResult TlsStream::Read(std::span<char> buffer) {
  ERR_clear_error();
  errno = 0;
  size_t got = 0;
  const int done = SSL_read_ex(state_->ssl.get(), buffer.data(), buffer.size(), &got);
  StreamResult result = Interpret(state_->ssl.get(), done, errno);
  result.bytes = got;
  return result;
}

StreamResult TlsStream::Write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  size_t sent = 0;
  const int done = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &sent);
  StreamResult result = Interpret(state_->ssl.get(), done, errno);
  result.bytes = sent;
  return result;
}

bool TlsStream::has_buffered() const { return SSL_pending(state_->ssl.get()) > 0; }

void TlsStream::Shutdown() {
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

TlsFacts TlsStream::Facts() const {
  SSL* ssl = state_->ssl.get();
  TlsFacts facts;
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  int algorithm_bits = 0;
  const int used_bits = SSL_CIPHER_get_bits(cipher, &algorithm_bits);
  facts.cipher = sys::Cat(SSL_get_version(ssl), " with cipher ", SSL_CIPHER_get_name(cipher), " (", used_bits, "/",
                          algorithm_bits, " bits)");
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) {
    facts.problem = "the server has no certificate";
    facts.certificate_problem = CertificateProblem::kMissing;
    return facts;
  }
  facts.has_certificate = true;
  const long verified = SSL_get_verify_result(ssl);
  facts.trusted = verified == X509_V_OK;
  if (!facts.trusted) {
    facts.problem = X509_verify_cert_error_string(verified);
    facts.certificate_problem = ProblemOf(verified);
    return facts;
  }
  const auto& names = state_->request.names;
  facts.matched = std::ranges::any_of(names, [&](const auto& name) { return Matches(certificate, name); });
  facts.is_configured_relay = Matches(certificate, state_->request.configured_relay);
  if (!facts.matched) facts.certificate_problem = CertificateProblem::kWrongName;
  if (!facts.matched || !facts.is_configured_relay)
    facts.problem = sys::Cat("the certificate is not for ", state_->request.configured_relay);
  return facts;
}

bool CertificateIsFor(std::string_view pem, const std::string& name) {
  const std::unique_ptr<BIO, Freer<BIO_free_all>> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const CertificatePointer certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  return certificate && Matches(certificate.get(), name);
}

}  // namespace outpost::smtp_client
