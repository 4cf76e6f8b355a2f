// What parameters that are not in effect wait for, or why they never will be.
#pragma once

#include <string_view>

namespace outpost::conf {

enum class Feature {
  kNone,  // in effect
  // To come.
  kLocalDelivery,
  kVirtualDelivery,
  kLmtp,
  kTransports,
  kAddressMaps,
  kRouting,
  kContentChecks,
  kContentFilter,
  kContent,
  kMime,
  kAddressSyntax,
  kSmtpUtf8,
  kTlsPolicy,
  kCiphers,
  kOpenSsl,
  kFingerprints,
  kTrustAnchors,
  kDane,
  kClientCertificates,
  kTlsReports,
  kRequireTls,
  kSaslOptions,
  kSenderAuth,
  kSourceAddress,
  kServerQuirks,
  kDeadlines,
  kDnsOptions,
  kSrv,
  kPorts,
  kUsers,
  kSubmitters,
  kVerp,
  kMoreNotices,
  kStatusFilters,
  kFlush,
  kLogging,
  kLogRotation,
  kEnvironment,
  kInstances,
  kTableServers,
  kFunction,
  // Done otherwise.
  kOtherValues,
  kOtherUse,
  kListener,
  kSlots,
  kRefill,
  kReuse,
  kSessions,
  kGreeting,
  kSaslSoftBounce,
  kMayIsDefault,
  kAddresses,
  kDnsSupport,
  kHostLookup,
};

// What is waited for, in plain words: "local delivery". "" for what is in effect or done otherwise.
std::string_view NameOf(Feature feature);
// What holds today: "all mail leaves by SMTP".
std::string_view Meanwhile(Feature feature);

}  // namespace outpost::conf
