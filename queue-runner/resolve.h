// Where a recipient's mail goes (RFC 5321 section 5, Postfix's trivial-rewrite): decided when it is due, never when
// it is submitted, so that mending `relayhost` mends what waits. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/queue/queue.h"

namespace outpost::queue_runner {

// What of main.cf decides on routes.
struct RoutingRules {
  std::string relayhost;
  std::string default_transport;  // "smtp", "smtp:next-hop", "error:5.7.1 text", "retry:text"
  std::string discarded{};        // an address whose mail is taken and thrown away: double_bounce_sender
};

// Transports of a Route.
inline constexpr std::string_view kSmtpTransport = "smtp";
inline constexpr std::string_view kErrorTransport = "error";      // returned; the next hop is "5.x.y reason"
inline constexpr std::string_view kRetryTransport = "retry";      // deferred; the next hop is "4.x.y reason"
inline constexpr std::string_view kRefusedTransport = "refused";  // by cleanup, for good; as "error", but kept

inline constexpr std::string_view kDiscardTransport = "discard";  // settled without a word to anybody

// `address` in RFC 5321's external form, completed with a domain by cleanup; one that is malformed gets the route
// ("error", "5.1.3 bad address syntax"). The next hop is that of default_transport, else relayhost, else the
// recipient's domain in lower case.
queue::Route Resolve(std::string_view address, const RoutingRules& rules);

// Whether the next hop of the transport smtp is the recipient's domain: by these rules no relay takes all mail.
bool GoesToRecipientsDomains(const RoutingRules& rules);

// The route that a waiting recipient has today. What cleanup has refused stays refused by any settings.
queue::Route ResolveAgain(const queue::QueuedRecipient& recipient, const RoutingRules& rules);

// The same number for the same rules: tells routes that were decided by others.
int64_t Generation(const RoutingRules& rules);

}  // namespace outpost::queue_runner
