// Questions to DNS, each with a bounded answer; c-ares lives in resolver.cc and nowhere else.
//
// A resolver is made afresh for each connection, so resolv.conf is never stale. Names are asked for as they are: no
// search list, no HOSTALIASES (attack S25); for addresses /etc/hosts is looked at first.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lib/sys/clock.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"
#include "smtp-client/relay_address.h"
#include "smtp-client/runner_line.h"

namespace outpost::smtp_client {

// Of two answers on one thing the greater one holds.
enum class DnsStatus {
  // DNS says for good that there is no such name, or no such record of it.
  kNoName,
  kNoRecord,
  // No answer, or one that tells nothing.
  kServerFailure,
  kRefused,
  kTimeout,
  kUnreachable,
  kNonsense,
  kFound,
};
constexpr bool IsNothing(DnsStatus status) { return status <= DnsStatus::kNoRecord; }
constexpr bool IsUnsure(DnsStatus status) { return !IsNothing(status) && status != DnsStatus::kFound; }

struct MailHost {
  std::string name;  // lower case; whatever DNS said, a name or not
  int preference = 0;
};
struct MailHostAnswer {
  DnsStatus status = DnsStatus::kTimeout;
  std::vector<MailHost> hosts;  // as many as fit into an answer
  std::string problem;          // why not kFound
};
struct AddressAnswer {
  DnsStatus status = DnsStatus::kTimeout;
  std::vector<RelayAddress> addresses;
  std::string problem;
};

struct AddressFamilies {
  bool ipv4 = true;
  bool ipv6 = true;
};

class Resolver {
 public:
  // What is not answered at `deadline` (monotonic) is unsure. Everything ends early when the other end of `channel`
  // closes.
  static sys::Result<Resolver> Make(sys::Microseconds deadline, sys::FdView channel);
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // The MX records of `domain`.
  std::variant<MailHostAnswer, RunnerGone> MailHosts(const std::string& domain);
  // The addresses of each of `hosts`, asked for at once; an answer for each, in their order.
  std::variant<std::vector<AddressAnswer>, RunnerGone> Addresses(const std::vector<MailHost>& hosts, uint16_t port,
                                                                 AddressFamilies families);

 private:
  struct State;
  explicit Resolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace outpost::smtp_client
