#include "smtp-client/peer.h"

#include "lib/sys/text.h"

namespace outpost::smtp_client {

std::string Peer::ToString() const { return sys::Cat(host, "[", address, "]:", port); }

const char* TlsFacts::Word() const {
  if (!has_certificate) return "Anonymous";
  if (!trusted) return "Untrusted";
  return matched ? "Verified" : "Trusted";
}

}  // namespace outpost::smtp_client
