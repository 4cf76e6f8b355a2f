// The registry as a whole. What refers to this has all of its tables; sendmail does not.
#include <algorithm>

#include "conf/parameters.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Table = std::span<const Parameter> (*)();
constexpr Table kTables[] = {Parameters, WaitingParameters, LmtpParameters};

}  // namespace

std::vector<const Parameter*> KnownParameters() {
  std::vector<const Parameter*> all;
  for (const Table table : kTables) {
    for (const Parameter& parameter : table()) all.push_back(&parameter);
  }
  std::ranges::sort(all, {}, [](const Parameter* parameter) { return parameter->name; });
  return all;
}

const Parameter* FindParameter(std::string_view name) {
  for (const Table table : kTables) {
    const auto found = std::ranges::lower_bound(table(), name, {}, &Parameter::name);
    if (found != table().end() && found->name == name) return &*found;
  }
  return nullptr;
}

const Parameter* FindWithDefault(std::string_view name) {
  if (const Parameter* parameter = FindParameter(name)) return parameter;
  // smtpd_recipient_limit is a listener's, not that of a transport smtpd.
  const auto of_transport = FindInapplicable(name) ? std::nullopt : FindTransportParameter(name);
  return of_transport ? of_transport->parameter : nullptr;
}

std::string WhyNotInEffect(const Parameter& parameter) {
  const std::string_view name = NameOf(parameter.feature);
  const std::string_view meanwhile = Meanwhile(parameter.feature);
  return name.empty() ? std::string(meanwhile) : sys::Cat("is not in effect, it waits for ", name, ": ", meanwhile);
}

std::string_view ReasonAlone(std::string_view why_not) {
  for (const std::string_view begin : {"is not in effect, it ", "has no effect: "}) {
    if (why_not.starts_with(begin)) return why_not.substr(begin.size());
  }
  return why_not;
}

std::string WhyNoValue(std::string_view name) {
  const auto inapplicable = FindInapplicable(name);
  return sys::Cat(name, " ", inapplicable ? inapplicable->reason : "is not known",
                  "; it is not set, and has no default");
}

std::string ReaderNames(Readers readers) {
  static constexpr std::pair<Readers, std::string_view> kNames[] = {
      {kSendmail, "sendmail"}, {kPickup, "pickup"},        {kRunner, "queue-runner"},
      {kSmtp, "smtp-client"},  {kLocal, "local delivery"}, {kAdmin, "outpost"}};
  std::string text;
  for (const auto& [reader, name] : kNames) {
    if ((readers & reader) != 0) text += sys::Cat(text.empty() ? "" : ", ", name);
  }
  return text;
}

std::string_view NearestName(std::string_view name) {
  name = name.substr(0, 100);
  std::string_view nearest;
  size_t distance = std::max<size_t>(2, name.size() / 5) + 1;
  for (const Table table : kTables) {
    for (const Parameter& parameter : table()) {
      const size_t sizes[] = {name.size(), parameter.name.size()};
      if (std::ranges::max(sizes) - std::ranges::min(sizes) >= distance) continue;  // at least so far away
      const size_t here = EditDistance(name, parameter.name);
      if (here >= distance) continue;
      distance = here;
      nearest = parameter.name;
    }
  }
  return nearest;
}

}  // namespace outpost::conf
