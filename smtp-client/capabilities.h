// What a relay said that it can do, in its last EHLO reply (RFC 1869). Forgotten as a whole after STARTTLS.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp-client/reply.h"

namespace outpost::smtp_client {

struct Capabilities {
  bool pipelining = false;              // RFC 2920
  bool eight_bit_mime = false;          // RFC 6152
  bool smtputf8 = false;                // RFC 6531
  bool dsn = false;                     // RFC 3461
  bool enhanced_status_codes = false;   // RFC 2034
  bool starttls = false;                // RFC 3207
  bool auth = false;                    // AUTH was there, maybe without a mechanism
  std::vector<std::string> mechanisms;  // of AUTH and the old AUTH=, upper case, each once
  uint64_t size_limit = 0;              // SIZE (RFC 1870); 0: none stated
  bool size = false;
};

// Keywords that are not known, or malformed, are passed over.
Capabilities ParseEhlo(const Reply& reply);

}  // namespace outpost::smtp_client
