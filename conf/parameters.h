// The registry: every parameter that we know, one line each.
//
//   parameters.cc               what is in effect: some process reads it (conf/settings.h; a test holds the two together)
//   waiting_parameters.cc,      what is known and not in effect: what it waits for, and what is said when it is set
//   lmtp_parameters.cc
//   transport_parameters.cc     what may be set for each transport by name: TRANSPORT_destination_concurrency_limit
//   inapplicable_parameters.cc  Postfix's parameters of what this mailer does not have
//
// From it come outpost conf, outpost.cf(5), the checks of values and the hint at the nearest name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/features.h"
#include "conf/values.h"

namespace outpost::conf {

// Who reads a parameter, as a set.
using Readers = unsigned;
constexpr Readers kSendmail = 1;
constexpr Readers kPickup = 2;
constexpr Readers kRunner = 4;
constexpr Readers kSmtp = 8;
constexpr Readers kLocal = 16;  // local delivery
constexpr Readers kAdmin = 32;
constexpr Readers kEverybody = kSendmail | kPickup | kRunner | kSmtp;

// What happens when a parameter is set that is not in effect.
enum class Effect {
  kAccepted,  // nothing that this host does depends on it: accepted without a word
  kWarned,    // its administrator may expect something that does not happen: a warning
  kRefused,   // without it mail could leave otherwise than configured: an error
};

struct Parameter {
  std::string_view name;
  Values values;
  std::string_view default_value;  // unexpanded; of computed values a description
  Readers readers;                 // of what is not in effect: who will read it
  std::string_view doc;            // sentences
  Feature feature = Feature::kNone;
  Effect effect = Effect::kAccepted;

  bool IsInEffect() const { return feature == Feature::kNone; }
};

// What is in effect, in order of name.
std::span<const Parameter> Parameters();
// Nothing for a name that is not in effect. sendmail, which needs no more, has no other part of the registry.
const Parameter* FindInEffect(std::string_view name);

// All that is known, in effect or not, in order of name.
std::vector<const Parameter*> KnownParameters();
// Nothing for a name that we do not know.
const Parameter* FindParameter(std::string_view name);

// Their parts that are not in effect, each in order of name.
std::span<const Parameter> WaitingParameters();
std::span<const Parameter> LmtpParameters();

// What may be set for each transport: NAME is "transport" and the end of what main.cf writes after the transport's name.
std::span<const Parameter> TransportParameters();
struct TransportParameter {
  std::string_view transport;
  const Parameter* parameter;
};
// "slow_destination_rate_delay" -> slow, transport_destination_rate_delay. For every transport, smtp included, of which
// most are in effect under their whole name. Nothing where no transport's name comes before.
std::optional<TransportParameter> FindTransportParameter(std::string_view name);

// What has a default: what FindParameter() knows, and what may be set for each transport.
const Parameter* FindWithDefault(std::string_view name);

// Postfix's parameters of what is no part of this mailer, such as a listener. Their defaults are not known.
struct InapplicableParameter {
  std::string_view name;
  std::string_view reason;  // completes "NAME ..."
};
// In order of name.
std::vector<InapplicableParameter> InapplicableParameters();
std::optional<InapplicableParameter> FindInapplicable(std::string_view name);

// What is said of a name that FindInapplicable() knows and main.cf does not set.
std::string WhyNoValue(std::string_view name);

// What is said of a parameter that is not in effect: "is not in effect, it waits for local delivery: mail is not ...".
std::string WhyNotInEffect(const Parameter& parameter);
// Of that, and of an inapplicable one's reason, the reason alone: for where it is plain that there is no effect.
std::string_view ReasonAlone(std::string_view why_not);

// "pickup, queue-runner"
std::string ReaderNames(Readers readers);

// The known name nearest to `name`, "" when none is near.
std::string_view NearestName(std::string_view name);

}  // namespace outpost::conf
