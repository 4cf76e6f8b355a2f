#include "smtp-client/relay.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kMaxMailHosts = 50;  // whose addresses are looked for

Trouble TroubleOf(DnsStatus status) {
  switch (status) {
    case DnsStatus::kNoName:
      return Trouble::kDnsNoName;
    case DnsStatus::kNoRecord:
      return Trouble::kDnsNoRecord;
    case DnsStatus::kServerFailure:
      return Trouble::kDnsServerFailure;
    case DnsStatus::kRefused:
      return Trouble::kDnsRefused;
    case DnsStatus::kTimeout:
      return Trouble::kDnsTimeout;
    case DnsStatus::kUnreachable:
      return Trouble::kDnsUnreachable;
    case DnsStatus::kNonsense:
    case DnsStatus::kFound:
      break;
  }
  return Trouble::kDnsNonsense;
}

// In Postfix's words.
mail::Verdict NotFound(std::string_view name, std::string_view type, Trouble trouble, std::string_view problem,
                       const ResolvePolicy& policy) {
  return Decide(
      Judge(policy.party, trouble),
      sys::Cat("Host or domain name not found. Name service error for name=", name, " type=", type, ": ", problem));
}

bool IsNullMx(const std::vector<MailHost>& hosts) {
  return hosts.size() == 1 && (hosts.front().name.empty() || hosts.front().name == ".");
}

}  // namespace

std::variant<std::vector<MailHost>, mail::Verdict> ChooseMailHosts(const std::string& domain, MailHostAnswer answer,
                                                                   const ResolvePolicy& policy) {
  // Without MX the domain's own address serves; whether there is such a name is seen when that is asked for.
  if (IsNothing(answer.status)) return std::vector<MailHost>{{domain, 0}};
  if (IsUnsure(answer.status)) return NotFound(domain, "MX", TroubleOf(answer.status), answer.problem, policy);
  if (IsNullMx(answer.hosts)) {
    return Decide(Judge(policy.party, Trouble::kDnsNullMx),
                  sys::Cat("Domain ", domain, " does not accept mail (nullMX)"));
  }
  std::erase_if(answer.hosts, [](const auto& host) { return !IsHostName(host.name); });
  if (answer.hosts.empty())
    return NotFound(domain, "MX", Trouble::kDnsNoHostNamed, "no record names a host", policy);
  std::ranges::stable_sort(answer.hosts, {}, &MailHost::preference);
  if (answer.hosts.size() > kMaxMailHosts) answer.hosts.resize(kMaxMailHosts);
  return std::move(answer.hosts);
}

Resolution ChooseAddresses(const std::vector<MailHost>& hosts, std::vector<AddressAnswer> answers,
                           const ResolvePolicy& policy, unsigned random) {
  std::vector<RelayAddress> found;
  for (auto& answer : answers) std::ranges::move(answer.addresses, std::back_inserter(found));
  if (!found.empty()) return OrderAddresses(std::move(found), policy.order, random);
  // Nothing is for good while one of them is not known.
  auto shown = std::ranges::find_if(answers, IsUnsure, &AddressAnswer::status);
  if (shown == answers.end()) shown = answers.begin();
  const auto& host = hosts[static_cast<size_t>(shown - answers.begin())];
  return NotFound(host.name, "A", TroubleOf(shown->status), shown->problem, policy);
}

Resolution ResolveRelay(const NextHop& next_hop, const ResolvePolicy& policy, sys::FdView channel) {
  if (next_hop.is_address) {
    if (auto address = NumericAddress(next_hop.host, next_hop.port)) return std::vector{std::move(*address)};
  }
  auto resolver = Resolver::Make(sys::MonotonicClock() + policy.limit, channel);
  if (!resolver) return Decide(Judge(policy.party, Trouble::kCannotResolve), resolver.error().text());
  std::vector<MailHost> hosts{{next_hop.host, 0}};
  if (next_hop.lookup_mx && policy.mx_lookups) {
    auto answer = resolver->MailHosts(next_hop.host);
    if (std::holds_alternative<RunnerGone>(answer)) return RunnerGone{};
    auto chosen = ChooseMailHosts(next_hop.host, std::move(std::get<MailHostAnswer>(answer)), policy);
    if (auto* verdict = std::get_if<mail::Verdict>(&chosen)) return std::move(*verdict);
    hosts = std::move(std::get<std::vector<MailHost>>(chosen));
  }
  auto answers = resolver->Addresses(hosts, next_hop.port, policy.families);
  if (std::holds_alternative<RunnerGone>(answers)) return RunnerGone{};
  return ChooseAddresses(hosts, std::move(std::get<std::vector<AddressAnswer>>(answers)), policy,
                         std::random_device{}());
}

}  // namespace outpost::smtp_client
