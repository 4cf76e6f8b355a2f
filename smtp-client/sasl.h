// SASL; libsasl2's client side lives in sasl.cc and nowhere else.
//
// LoadSaslPlugins() is called once, in the parent, before anything is confined: plug-ins are shared objects. An
// exchange is made in the child; its secret is wiped with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/sys/error.h"
#include "smtp-client/login.h"
#include "smtp-client/mechanisms.h"
#include "smtp-client/secret.h"

namespace outpost::smtp_client {

sys::Result<void> LoadSaslPlugins();

// Begins an exchange with the first of `candidates` that a plug-in is there for and whose properties fit `options`.
// `relay_host` is the configured relay's name. `credential` must outlive the exchange. The error says which
// mechanisms were tried.
sys::Result<std::unique_ptr<SaslExchange>> BeginSasl(const std::vector<std::string>& candidates,
                                                     const SecurityOptions& options, const std::string& relay_host,
                                                     const Credential& credential);

}  // namespace outpost::smtp_client
