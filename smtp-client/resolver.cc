#include "smtp-client/resolver.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <poll.h>
#include <utility>

#include <ares.h>
#include <ares_nameser.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kMaxAddressesAHost = 50;  // of one A or AAAA answer
constexpr int kQueryTimeoutMs = 3000;
constexpr int kQueryTries = 3;

struct ChannelFreer {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using AresChannel = std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelFreer>;

DnsStatus ToStatus(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return DnsStatus::kFound;
    case ARES_ENOTFOUND:
      return DnsStatus::kNoName;
    case ARES_ENODATA:
      return DnsStatus::kNoRecord;
    case ARES_ESERVFAIL:
      return DnsStatus::kServerFailure;
    case ARES_EREFUSED:
      return DnsStatus::kRefused;
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:  // by us, when the time was over
      return DnsStatus::kTimeout;
    case ARES_ECONNREFUSED:
      return DnsStatus::kUnreachable;
    default:
      return DnsStatus::kNonsense;
  }
}

std::string ToProblem(int status) {
  if (status == ARES_SUCCESS) return "";
  return status == ARES_ECANCELLED ? "timed out" : ares_strerror(status);
}

void OnMailHosts(void* argument, int status, int, unsigned char* bytes, int length) {
  auto& answer = *static_cast<MailHostAnswer*>(argument);
  ares_mx_reply* records = nullptr;
  if (status == ARES_SUCCESS) status = ares_parse_mx_reply(bytes, length, &records);
  for (const auto* record = records; record != nullptr; record = record->next) {
    answer.hosts.push_back({sys::LowerCase(record->host), record->priority});
  }
  if (records != nullptr) ares_free_data(records);
  // An alias of a name without MX is answered by the alias alone.
  if (status == ARES_SUCCESS && answer.hosts.empty()) status = ARES_ENODATA;
  answer.status = ToStatus(status);
  answer.problem = ToProblem(status);
}

// One host's addresses of one family. Each family is a question of its own: to both in one, c-ares gives the
// status of whichever was answered last, which may be "nothing" where the other has failed.
struct FamilyQuestion {
  const MailHost* host = nullptr;
  uint16_t port = 0;
  int family = AF_INET;
  AddressAnswer answer;
};

void OnAddresses(void* argument, int status, int, ares_addrinfo* found) {
  auto& question = *static_cast<FamilyQuestion*>(argument);
  auto& addresses = question.answer.addresses;
  for (const auto* node = found != nullptr ? found->nodes : nullptr;
       node != nullptr && addresses.size() < kMaxAddressesAHost; node = node->ai_next) {
    auto address = ToRelayAddress(node->ai_addr, node->ai_addrlen, question.host->name, question.port);
    if (!address) continue;
    address->preference = question.host->preference;
    addresses.push_back(std::move(*address));
  }
  if (found != nullptr) ares_freeaddrinfo(found);
  if (status == ARES_SUCCESS && addresses.empty()) status = ARES_ENODATA;
  question.answer.status = ToStatus(status);
  question.answer.problem = ToProblem(status);
}

void Merge(AddressAnswer from, AddressAnswer& into) {
  std::ranges::move(from.addresses, std::back_inserter(into.addresses));
  if (from.status < into.status) return;
  into.status = from.status;
  into.problem = std::move(from.problem);
}

}  // namespace

struct Resolver::State {
  AresChannel ares;
  sys::Microseconds deadline;
  sys::FdView channel;

  // Drives the questions that are under way until all are answered; those that the deadline leaves over are
  // cancelled, which answers them. False: the runner is gone.
  bool Drive();
  bool WaitAndProcess();
  bool HasQuestions() const {
    timeval left{};
    return ares_timeout(ares.get(), nullptr, &left) != nullptr;
  }
};

bool Resolver::State::Drive() {
  bool runner_is_there = true;
  while (runner_is_there && HasQuestions() && sys::MonotonicClock() < deadline) {
    runner_is_there = WaitAndProcess();
  }
  ares_cancel(ares.get());
  return runner_is_there;
}

// False: the runner is gone.
bool Resolver::State::WaitAndProcess() {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto wishes = static_cast<unsigned>(ares_getsock(ares.get(), sockets.data(), ARES_GETSOCK_MAXNUM));
  std::array<pollfd, ARES_GETSOCK_MAXNUM + 1> fds{};
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(wishes, i)) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(wishes, i)) events |= POLLOUT;
    if (events != 0) fds[count++] = {sockets[i], events, 0};
  }
  fds[count] = {channel.get(), POLLRDHUP, 0};
  timeval most{1, 0};
  timeval left{};
  const timeval* next = ares_timeout(ares.get(), &most, &left);
  poll(fds.data(), count + 1, static_cast<int>(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
  if (fds[count].revents != 0) return false;
  ares_process_fd(ares.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // time-outs
  for (nfds_t i = 0; i < count; ++i) {
    const bool readable = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    const bool writable = (fds[i].revents & POLLOUT) != 0;
    ares_process_fd(ares.get(), readable ? fds[i].fd : ARES_SOCKET_BAD, writable ? fds[i].fd : ARES_SOCKET_BAD);
  }
  return true;
}

Resolver::Resolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

sys::Result<Resolver> Resolver::Make(sys::Microseconds deadline, sys::FdView channel) {
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.timeout = kQueryTimeoutMs;
  options.tries = kQueryTries;
  ares_channel ares = nullptr;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS;  // no domains
  const int status = ares_init_options(&ares, &options, mask);
  if (status != ARES_SUCCESS) return sys::Error(sys::Cat("prepare the resolver: ", ares_strerror(status)));
  return Resolver(std::make_unique<State>(State{AresChannel(ares), deadline, channel}));
}

std::variant<MailHostAnswer, RunnerGone> Resolver::MailHosts(const std::string& domain) {
  MailHostAnswer answer;
  ares_query(state_->ares.get(), domain.c_str(), ns_c_in, ns_t_mx, OnMailHosts, &answer);
  if (!state_->Drive()) return RunnerGone{};
  return answer;
}

std::variant<std::vector<AddressAnswer>, RunnerGone> Resolver::Addresses(const std::vector<MailHost>& hosts,
                                                                         uint16_t port, AddressFamilies families) {
  std::vector<FamilyQuestion> questions;
  for (const auto& host : hosts) {
    if (families.ipv4) questions.push_back({&host, port, AF_INET, {}});
    if (families.ipv6) questions.push_back({&host, port, AF_INET6, {}});
  }
  for (auto& question : questions) {
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;
    hints.ai_family = question.family;
    ares_getaddrinfo(state_->ares.get(), question.host->name.c_str(), nullptr, &hints, OnAddresses, &question);
  }
  if (!state_->Drive()) return RunnerGone{};
  std::vector<AddressAnswer> answers(hosts.size(), AddressAnswer{DnsStatus::kNoName, {}, ""});
  for (auto& question : questions) {
    Merge(std::move(question.answer), answers[static_cast<size_t>(question.host - hosts.data())]);
  }
  return answers;
}

}  // namespace outpost::smtp_client
