#include "admin/mail_servers.h"

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <resolv.h>
#include <span>
#include <type_traits>

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

// A message of DNS (RFC 1035, section 4), read from the front.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> message) : message_(message) {}

  bool SkipName() {
    const int length = ok_ ? dn_skipname(message_.data() + at_, End()) : -1;
    return Skip(length < 0 ? message_.size() : static_cast<size_t>(length));
  }
  bool Skip(size_t bytes) {
    ok_ = ok_ && bytes <= message_.size() - at_;
    if (ok_) at_ += bytes;
    return ok_;
  }
  unsigned Number() {  // of 16 bits
    const size_t from = at_;
    return Skip(2) ? static_cast<unsigned>(message_[from] << 8 | message_[from + 1]) : 0U;
  }
  // The name that begins here.
  std::optional<std::string> Name() const {
    char name[NS_MAXDNAME];
    if (!ok_ || dn_expand(message_.data(), End(), message_.data() + at_, name, sizeof name) < 0)
      return std::nullopt;
    return std::string(name);
  }
  bool ok() const { return ok_; }

 private:
  const unsigned char* End() const { return message_.data() + message_.size(); }
  std::span<const unsigned char> message_;
  size_t at_ = 0;
  bool ok_ = true;
};

conf::MailServers ReadAnswer(std::span<const unsigned char> message) {
  constexpr size_t kIdAndFlags = 4;
  constexpr size_t kTypeAndClass = 4;
  constexpr size_t kClassAndTtl = 6;
  conf::MailServers servers{Answer::kNone, {}, ""};
  Reader reader(message);
  reader.Skip(kIdAndFlags);
  const unsigned questions = reader.Number();
  const unsigned answers = reader.Number();
  reader.Skip(4);
  for (unsigned i = 0; i < questions && reader.ok(); ++i) reader.SkipName() && reader.Skip(kTypeAndClass);
  for (unsigned i = 0; i < answers && reader.ok(); ++i) {
    reader.SkipName();
    const unsigned type = reader.Number();
    reader.Skip(kClassAndTtl);
    const unsigned length = reader.Number();
    Reader record = reader;
    reader.Skip(length);
    if (type != ns_t_mx || !record.Skip(2)) continue;  // the preference
    const std::optional<std::string> name = record.Name();
    if (!name) continue;
    const bool null = name->empty() || *name == ".";
    servers.answer = null ? Answer::kNoMail : Answer::kSome;
    if (!null) servers.names.push_back(sys::Printable(*name));
  }
  return reader.ok() ? servers : conf::MailServers{Answer::kCouldNotAsk, {}, "the answer is malformed"};
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
  std::array<unsigned char, NS_PACKETSZ * 8> bytes;
  const int size = res_nquery(&state, name.c_str(), ns_c_in, ns_t_mx, bytes.data(), static_cast<int>(bytes.size()));
  if (size < 0) return WithoutAnswer(state.res_h_errno, name);
  return ReadAnswer(std::span(bytes).first(std::min(static_cast<size_t>(size), bytes.size())));
}

}  // namespace outpost::admin
