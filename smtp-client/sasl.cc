#include "smtp-client/sasl.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include <sasl/sasl.h>
#include <sasl/saslutil.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

struct ConnectionFreer {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using ConnectionPointer = std::unique_ptr<sasl_conn_t, ConnectionFreer>;

// libsasl2 wants the password as a length and the bytes behind it.
struct SecretFreer {
  void operator()(sasl_secret_t* secret) const {
    explicit_bzero(secret->data, secret->len);
    free(secret);
  }
};
using SecretPointer = std::unique_ptr<sasl_secret_t, SecretFreer>;

SecretPointer CopyPassword(std::string_view password) {
  SecretPointer secret(static_cast<sasl_secret_t*>(malloc(sizeof(sasl_secret_t) + password.size() + 1)));
  if (!secret) return nullptr;
  secret->len = password.size();
  memcpy(secret->data, password.data(), password.size());
  secret->data[password.size()] = 0;
  return secret;
}

// libsasl2's own log goes nowhere: it may hold what was tried.
int IgnoreLog(void*, int, const char*) { return SASL_OK; }

template <typename Function>
int (*AsCallback(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));  // as the library's interface is
}

unsigned Flags(const SecurityOptions& options) {
  unsigned flags = 0;
  if (options.noplaintext) flags |= SASL_SEC_NOPLAINTEXT;
  if (options.noactive) flags |= SASL_SEC_NOACTIVE;
  if (options.nodictionary) flags |= SASL_SEC_NODICTIONARY;
  if (options.noanonymous) flags |= SASL_SEC_NOANONYMOUS;
  if (options.mutual_auth) flags |= SASL_SEC_MUTUAL_AUTH;
  if (options.forward_secrecy) flags |= SASL_SEC_FORWARD_SECRECY;
  return flags;
}

sys::Result<std::string> Encode(const char* bytes, unsigned length) {
  const unsigned room = (length + 2) / 3 * 4 + 1;
  std::string text(room, '\0');
  unsigned written = 0;
  if (sasl_encode64(bytes, length, text.data(), room, &written) != SASL_OK)
    return sys::Error("cannot encode a SASL response");
  text.resize(written);
  return text;
}

class CyrusExchange : public SaslExchange {
 public:
  static sys::Result<std::unique_ptr<CyrusExchange>> Make(const SecurityOptions& options,
                                                          const std::string& relay_host,
                                                          const Credential& credential);
  // False when no plug-in does `mechanism` within the options.
  bool Begin(const std::string& mechanism);

  const std::string& mechanism() const override { return mechanism_; }
  std::optional<std::string> TakeInitialResponse() override { return std::exchange(initial_, std::nullopt); }
  sys::Result<std::string> Answer(std::string_view challenge) override;
  bool complete() const override { return complete_; }
  ~CyrusExchange() override {
    if (initial_) Wipe(*initial_);
  }

 private:
  explicit CyrusExchange(const Credential& credential)
      : user_(credential.user), password_(CopyPassword(credential.password.reveal())) {}
  static int GiveUser(void* self, int id, const char** result, unsigned* length);
  static int GivePassword(sasl_conn_t*, void* self, int id, sasl_secret_t** secret);

  std::string user_;
  SecretPointer password_;
  sasl_callback_t callbacks_[4] = {};
  ConnectionPointer connection_;  // refers to all above
  std::string mechanism_;
  std::optional<std::string> initial_;
  bool complete_ = false;
};

int CyrusExchange::GiveUser(void* self, int, const char** result, unsigned* length) {
  const auto* exchange = static_cast<CyrusExchange*>(self);
  *result = exchange->user_.c_str();
  if (length != nullptr) *length = static_cast<unsigned>(exchange->user_.size());
  return SASL_OK;
}

int CyrusExchange::GivePassword(sasl_conn_t*, void* self, int, sasl_secret_t** secret) {
  *secret = static_cast<CyrusExchange*>(self)->password_.get();
  return *secret != nullptr ? SASL_OK : SASL_NOMEM;
}

sys::Result<std::unique_ptr<CyrusExchange>> CyrusExchange::Make(const SecurityOptions& options,
                                                                const std::string& relay_host,
                                                                const Credential& credential) {
  std::unique_ptr<CyrusExchange> exchange(new CyrusExchange(credential));
  exchange->callbacks_[0] = {SASL_CB_USER, AsCallback(GiveUser), exchange.get()};
  exchange->callbacks_[1] = {SASL_CB_AUTHNAME, AsCallback(GiveUser), exchange.get()};
  exchange->callbacks_[2] = {SASL_CB_PASS, AsCallback(GivePassword), exchange.get()};
  exchange->callbacks_[3] = {SASL_CB_LIST_END, nullptr, nullptr};
  sasl_conn_t* connection = nullptr;
  if (sasl_client_new("smtp", relay_host.c_str(), nullptr, nullptr, exchange->callbacks_, 0, &connection) !=
      SASL_OK)
    return sys::Error("cannot begin SASL authentication");
  exchange->connection_.reset(connection);
  sasl_security_properties_t properties{};  // no layer of its own: TLS is the layer
  properties.security_flags = Flags(options);
  if (sasl_setprop(connection, SASL_SEC_PROPS, &properties) != SASL_OK)
    return sys::Error("cannot set SASL security options");
  return exchange;
}

bool CyrusExchange::Begin(const std::string& mechanism) {
  const char* response = nullptr;
  unsigned length = 0;
  const char* chosen = nullptr;
  const int outcome = sasl_client_start(connection_.get(), mechanism.c_str(), nullptr, &response, &length, &chosen);
  if (outcome != SASL_OK && outcome != SASL_CONTINUE) return false;
  mechanism_ = mechanism;
  complete_ = outcome == SASL_OK;
  if (response == nullptr) return true;
  auto encoded = Encode(response, length);
  if (!encoded) return false;
  initial_ = std::move(*encoded);
  return true;
}

sys::Result<std::string> CyrusExchange::Answer(std::string_view challenge) {
  std::string decoded(challenge.size() + 1, '\0');
  unsigned length = 0;
  const int valid = sasl_decode64(challenge.data(), static_cast<unsigned>(challenge.size()), decoded.data(),
                                  static_cast<unsigned>(decoded.size()), &length);
  if (valid != SASL_OK) return sys::Error("the challenge is not base64");
  if (complete_) return sys::Error("a challenge after the last one");
  const char* response = nullptr;
  unsigned response_length = 0;
  const int outcome =
      sasl_client_step(connection_.get(), decoded.data(), length, nullptr, &response, &response_length);
  if (outcome != SASL_OK && outcome != SASL_CONTINUE)
    return sys::Error(sys::Printable(sasl_errdetail(connection_.get()), 200));
  complete_ = outcome == SASL_OK;
  return Encode(response, response == nullptr ? 0 : response_length);
}

}  // namespace

sys::Result<void> LoadSaslPlugins() {
  static const sasl_callback_t kCallbacks[] = {{SASL_CB_LOG, AsCallback(IgnoreLog), nullptr},
                                               {SASL_CB_LIST_END, nullptr, nullptr}};
  if (sasl_client_init(kCallbacks) != SASL_OK) return sys::Error("cannot load SASL plug-ins");
  return {};
}

sys::Result<std::unique_ptr<SaslExchange>> BeginSasl(const std::vector<std::string>& candidates,
                                                     const SecurityOptions& options, const std::string& relay_host,
                                                     const Credential& credential) {
  std::string tried;
  for (const auto& mechanism : candidates) {
    auto exchange = CyrusExchange::Make(options, relay_host, credential);
    if (!exchange) return exchange.error();
    if ((*exchange)->Begin(mechanism)) return std::unique_ptr<SaslExchange>(std::move(*exchange));
    tried += sys::Cat(tried.empty() ? "" : ", ", mechanism);
  }
  return sys::Error(sys::Cat("no SASL plug-in for ", tried, " (package libsasl2-modules)"));
}

}  // namespace outpost::smtp_client
