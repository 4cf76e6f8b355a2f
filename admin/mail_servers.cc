#include "admin/mail_servers.h"

#include <algorithm>
#include <arpa/nameser.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Answer = conf::MailServers::Answer;
using ResolverState = std::remove_pointer_t<res_state>;

constexpr int kSeconds = 2;  // for each name server
constexpr int kNameServers = 2;

bool SystemKnows(const std::string& name) {
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, nullptr, &found) != 0) return false;
  freeaddrinfo(found);
  return true;
}

conf::MailServers Malformed() { return {Answer::kCouldNotAsk, {}, "the answer is malformed"}; }

conf::MailServers ReadAnswer(std::span<const unsigned char> bytes) {
  constexpr uint16_t kPreference = 2;  // bytes before the name
  ns_msg message;
  if (ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) != 0) return Malformed();
  conf::MailServers servers{Answer::kNone, {}, ""};
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) return Malformed();
    if (ns_rr_type(record) != ns_t_mx || ns_rr_rdlen(record) <= kPreference) continue;
    char name[NS_MAXDNAME];
    const unsigned char* const written = ns_rr_rdata(record) + kPreference;
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), written, name, sizeof name) < 0) continue;
    const bool null = name[0] == '\0' || std::string_view(name) == ".";
    servers.answer = null ? Answer::kNoMail : Answer::kSome;
    if (!null) servers.names.push_back(sys::Printable(name));
  }
  return servers;
}

conf::MailServers WithoutAnswer(int why, const std::string& name) {
  switch (why) {
    case NO_DATA:
      return {Answer::kNone, {}, ""};
    case HOST_NOT_FOUND:
      return {SystemKnows(name) ? Answer::kNone : Answer::kNoSuchName, {}, ""};
    default:
      return {Answer::kCouldNotAsk, {}, "no name server answered"};
  }
}

}  // namespace

conf::MailServers AskForMailServers(const std::string& name) {
  struct Closer {
    void operator()(res_state state) const { res_nclose(state); }
  };
  ResolverState state{};
  if (res_ninit(&state) != 0) return {Answer::kCouldNotAsk, {}, "/etc/resolv.conf cannot be read"};
  const std::unique_ptr<ResolverState, Closer> closing(&state);
  state.retrans = kSeconds;
  state.retry = 1;
  state.nscount = std::min(state.nscount, kNameServers);
  std::vector<unsigned char> bytes(NS_MAXMSG);
  const int size = res_nquery(&state, name.c_str(), ns_c_in, ns_t_mx, bytes.data(), static_cast<int>(bytes.size()));
  if (size < 0) return WithoutAnswer(state.res_h_errno, name);
  return ReadAnswer(std::span(bytes).first(std::min(static_cast<size_t>(size), bytes.size())));
}

}  // namespace outpost::admin
