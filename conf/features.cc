#include "conf/features.h"

#include <algorithm>
#include <array>

namespace outpost::conf {
namespace {

using enum Feature;

struct Text {
  Feature feature;
  std::string_view name;
  std::string_view meanwhile;
};

constexpr std::string_view kAllToTheRelay = "mail is not delivered on this host, all of it goes to the relay";
constexpr std::string_view kAsSubmitted = "messages are sent as they were submitted";
constexpr std::string_view kTrustedAsNow =
    "servers are known by certificates that the system or smtp_tls_CAfile trusts, and by their name";

// clang-format off
constexpr auto kTexts = std::to_array<Text>({
    {kLocalDelivery, "local delivery", kAllToTheRelay},
    {kVirtualDelivery, "delivery to virtual mailboxes", kAllToTheRelay},
    {kLmtp, "an LMTP client", "mail leaves by SMTP alone"},
    {kTransports, "transports other than smtp", "all mail leaves by the transport smtp, with its parameters"},
    {kAddressMaps, "canonical, virtual and other address maps", "mail would leave with other addresses than you expect"},
    {kRouting, "routing by recipient and by sender", "mail would take another way than you expect"},
    {kContentChecks, "header and body checks", "mail would leave unchecked"},
    {kContentFilter, "content filters", "mail would leave unfiltered"},
    {kContent, "more of what cleanup may do", kAsSubmitted},
    {kMime, "MIME processing", kAsSubmitted},
    {kAddressSyntax, "the older forms of addresses", "such addresses are passed on as they are"},
    {kSmtpUtf8, "more of SMTPUTF8", "it is used where an address is not ASCII and the relay offers it"},
    {kTlsPolicy, "TLS policy by destination", "mail could leave with less protection than you expect; use smtp_tls_security_level"},
    {kCiphers, "a choice of ciphers", "the system's OpenSSL policy decides about ciphers"},
    {kOpenSsl, "options of OpenSSL", "the system's OpenSSL configuration holds"},
    {kFingerprints, "servers known by fingerprint", kTrustedAsNow},
    {kTrustAnchors, "trust anchors of its own", kTrustedAsNow},
    {kDane, "DANE", kTrustedAsNow},
    {kClientCertificates, "client certificates", "no client certificate is sent"},
    {kTlsReports, "TLS reports", "none are made"},
    {kRequireTls, "REQUIRETLS", "smtp_tls_security_level alone decides about TLS"},
    {kSaslOptions, "more options of SASL", "logins follow smtp_sasl_security_options and smtp_sasl_tls_security_options alone"},
    {kSenderAuth, "passwords by sender", "all mail would log in with the relay's one password"},
    {kSourceAddress, "a choice of source address", "connections would come from another address than you expect"},
    {kServerQuirks, "workarounds for single servers", "all servers are spoken to alike"},
    {kDeadlines, "time limits of whole requests", "time limits are those of single replies and of pauses"},
    {kDnsOptions, "options of DNS look-ups", "names are looked up as they are, and all that DNS answers counts"},
    {kSrv, "SRV records", "mail would take another way than you expect"},
    {kPorts, "names of ports of its own", "smtp, smtps, submission, submissions and numbers are known"},
    {kUsers, "authorization of users by name", "users see their own mail; root and mail_owner see all and may flush"},
    {kSubmitters, "rules about who may submit", "mail would be taken that you exclude"},
    {kVerp, "VERP", "mail of one sender has one sender address"},
    {kMoreNotices, "more options of notices", "notices refer to the message in their text and by its Message-Id alone"},
    {kStatusFilters, "filters of delivery status", "what a server says decides"},
    {kFlush, "flushing by destination", "a flush sends all that waits"},
    {kLogging, "options of logging", "the log is as detailed for all, facility mail"},
    {kLogRotation, "rotation of its own log file", "the system's logrotate may do it"},
    {kEnvironment, "a choice of environment", "the mailer's programs keep the little that they need"},
    {kInstances, "a manager of several mailers", "each mailer is started by itself, with -C DIR"},
    {kTableServers, "tables that a server answers", "there are no such tables"},
    {kFunction, "names of domains beyond ASCII in values", "${domain_to_ascii{name}} takes ASCII alone"},
    {kOtherValues, "", "has no effect: it serves as $name in other values alone"},
    {kOtherUse, "", "has no effect: there is nothing here that it is for"},
    {kListener, "", "has no effect: nothing here listens on the network"},
    {kSlots, "", "has no effect: messages with many recipients or large content have a share of the connections, not slots"},
    {kRefill, "", "has no effect: recipients are read from the queue as connections can take them; see qmgr_message_recipient_limit"},
    {kReuse, "", "has no effect: connections are kept as long as mail waits for them"},
    {kSessions, "", "has no effect: connections are kept instead of sessions"},
    {kGreeting, "", "has no effect: a relay that greets with 5xx returns no mail, whatever this says"},
    {kSaslSoftBounce, "", "has no effect: a refused login returns no mail, whatever this says"},
    {kMayIsDefault, "", "has no effect: smtp_tls_security_level is may unless set"},
    {kAddresses, "", "has no effect: addresses of both kinds are tried in turn"},
    {kDnsSupport, "", "has no effect: see disable_dns_lookups"},
    {kHostLookup, "", "has no effect: use disable_dns_lookups to look hosts up as the system does"},
});
// clang-format on

const Text& TextOf(Feature feature) {
  static constexpr Text kNothing{};
  const auto found = std::ranges::find(kTexts, feature, &Text::feature);
  return found == kTexts.end() ? kNothing : *found;
}

}  // namespace

std::string_view NameOf(Feature feature) { return TextOf(feature).name; }

std::string_view Meanwhile(Feature feature) { return TextOf(feature).meanwhile; }

}  // namespace outpost::conf
