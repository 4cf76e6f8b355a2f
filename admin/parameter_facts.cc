#include "admin/parameter_facts.h"

#include <algorithm>
#include <array>

#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

// Where a value means something else than in Postfix, or has another default on purpose.
struct Difference {
  std::string_view name;
  std::string_view text;
};
constexpr auto kDifferences = std::to_array<Difference>({
    {"compatibility_level", "unset it is the newest, not 0"},
    {"mydestination", "the default is empty; there it is this host's names: all mail goes to the relay"},
    {"smtp_sasl_password_maps", "a relay found by MX has no password of its own; tables need no postmap"},
    {"smtp_sasl_tls_security_options",
     "the default lets PLAIN and LOGIN be used within TLS; see smtp_sasl_require_known_peer"},
    {"smtp_sasl_require_known_peer", "not Postfix's, which sends passwords to whoever answers"},
    {"syslog_name", "the default is outpost"},
    {"mail_owner", "the default is outpost"},
    {"setgid_group", "the default is outdrop"},
    {"mail_name", "the default is Outpost"},
    {"maximal_queue_lifetime", "time without a network is not counted"},
    {"bounce_queue_lifetime", "time without a network is not counted"},
    {"delay_warning_time", "time without a network is not counted"},
});

std::string DifferenceOf(std::string_view name) {
  const auto found = std::ranges::find(kDifferences, name, &Difference::name);
  return found == kDifferences.end() ? "" : std::string(found->text);
}

void TakeParameter(const conf::Parameter& parameter, ParameterFacts& facts) {
  facts.doc = parameter.doc;
  facts.values = conf::Describe(parameter.values);
  facts.default_value = std::string(parameter.default_value);
  facts.readers = conf::ReaderNames(parameter.readers);
  if (!parameter.IsInEffect()) facts.why_not = conf::WhyNotInEffect(parameter);
}

// A name of the administrator's own, or a slip.
void TakeUnknown(const conf::Configuration& configuration, ParameterFacts& facts) {
  if (configuration.UserDefined().contains(facts.name)) {
    facts.doc = sys::Cat("A name of your own, for other values to use as $", facts.name, ".");
    return;
  }
  const std::string_view nearest = conf::NearestName(facts.name);
  facts.why_not = "unknown parameter, and no value uses it as a name of your own";
  if (!nearest.empty()) facts.why_not += sys::Cat("; did you mean ", nearest, "?");
}

// Those that are set by a process for itself alone are read by no other, so that nobody has checked the value yet.
void JudgeValue(const conf::Configuration& configuration, const conf::Values* values, ParameterFacts& facts) {
  const auto value = configuration.Expanded(facts.name);
  if (!value) {
    facts.wrong = value.error().text();
    return;
  }
  facts.value = *value;
  if (values == nullptr) return;
  if (const auto right = conf::CheckValue(*values, *value); !right) facts.wrong = right.error().text();
}

}  // namespace

bool IsKnownParameter(std::string_view name) {
  return conf::FindParameter(name) != nullptr || conf::FindInapplicable(name) || conf::FindTransportParameter(name);
}

ParameterFacts GatherFacts(const conf::Configuration& configuration, const std::string& name) {
  ParameterFacts facts;
  facts.name = name;
  facts.difference = DifferenceOf(name);
  const conf::Parameter* parameter = conf::FindParameter(name);
  const auto transport = conf::FindTransportParameter(name);
  if (parameter == nullptr && transport) parameter = transport->parameter;
  if (parameter != nullptr) TakeParameter(*parameter, facts);
  if (const auto inapplicable = conf::FindInapplicable(name)) facts.why_not = inapplicable->reason;
  if (!IsKnownParameter(name)) TakeUnknown(configuration, facts);
  if (configuration.IsSet(name)) {
    facts.written = configuration.Unexpanded(name);
    facts.set_at = sys::Cat(configuration.location().MainCf(), ":", configuration.LineOf(name));
  }
  if (conf::FindParameter(name) != nullptr || configuration.IsSet(name)) {
    JudgeValue(configuration, parameter == nullptr ? nullptr : &parameter->values, facts);
  }
  return facts;
}

}  // namespace outpost::admin
