#include "conf/practice.h"

#include <algorithm>
#include <array>

#include "conf/logical_lines.h"
#include "conf/next_hop.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;
using Findings = std::vector<PracticeFinding>;
using Answer = MailServers::Answer;

void Warn(Findings& findings, std::string_view parameter, std::string text) {
  findings.push_back({Severity::kWarning, parameter, std::move(text), "", 0});
}

bool IsLocalName(std::string_view name) {
  return sys::EqualsIgnoringCase(name, "localhost") || sys::LowerCase(name).starts_with("localhost.");
}

bool IsLoopback(const NextHop& relay) {
  return (relay.is_address && (relay.host.starts_with("127.") || relay.host == "::1")) || IsLocalName(relay.host);
}

bool IsThisHost(const PracticeFacts& facts, const NextHop& relay) {
  if (IsLoopback(relay) || sys::EqualsIgnoringCase(relay.host, facts.smtp.myhostname)) return true;
  return relay.is_address && std::ranges::find(facts.own_addresses, relay.host) != facts.own_addresses.end();
}

int64_t PortOf(const PracticeFacts& facts, const NextHop& relay) {
  return relay.port ? *relay.port : facts.smtp.smtp_tcp_port;
}

void JudgeNoRelay(const PracticeFacts& facts, Findings& findings) {
  if (facts.relayhost_is_wrong || !facts.smtp.relayhost.empty() || facts.default_transport != "smtp") return;
  Warn(findings, "relayhost",
       "is empty: mail goes straight to the mail servers of each recipient, and many of them refuse a host that is "
       "none itself; name a relay");
}

// The host of that name itself, at the same port.
std::string Bracketed(const NextHop& relay) {
  return sys::Cat("[", relay.host, "]", relay.port ? sys::Cat(":", *relay.port) : std::string());
}

// Without brackets the name is that of a mail domain.
void JudgeMailServers(const PracticeFacts& facts, const NextHop& relay, Findings& findings) {
  const std::string& host = relay.host;
  switch (facts.relay.answer) {
    case Answer::kNotAsked:
      return;
    case Answer::kCouldNotAsk:
      return findings.push_back(
          {Severity::kNote, "relayhost", sys::Cat("could not ask DNS about ", host, ": ", facts.relay.why), "", 0});
    case Answer::kNoSuchName:
      return Warn(findings, "relayhost", sys::Cat("neither DNS nor /etc/hosts knows ", host, "; is it misspelt?"));
    case Answer::kNoMail:
      if (relay.bracketed) return;
      return Warn(findings, "relayhost",
                  sys::Cat(host, " takes no mail (a null MX); write ", Bracketed(relay),
                           " if the host of that name is meant"));
    case Answer::kNone:
      if (relay.bracketed) return;
      return Warn(findings, "relayhost",
                  sys::Cat("is without brackets, and ", host, " has no MX record; write ", Bracketed(relay),
                           " to name the host itself and spare the question"));
    case Answer::kSome:
      break;
  }
  const auto own = std::ranges::find_if(facts.relay.names, [&](const std::string& name) {
    return sys::EqualsIgnoringCase(name, facts.smtp.myhostname);
  });
  if (relay.bracketed || own == facts.relay.names.end()) return;
  Warn(findings, "relayhost",
       sys::Cat("this host is a mail server of ", host,
                " itself (MX): mail would go in a circle; name another relay"));
}

// A bridge or tunnel on another port of this host is a relay like any other.
void JudgeLoop(const PracticeFacts& facts, const NextHop& relay, Findings& findings) {
  if (!IsThisHost(facts, relay) || PortOf(facts, relay) != 25) return;
  Warn(findings, "relayhost",
       "is this host, port 25: nothing of outpost listens there; unless another mailer does, and sends mail "
       "elsewhere, "
       "name the relay beyond, or the port of a local bridge");
}

void JudgePort(const PracticeFacts& facts, const NextHop& relay, Findings& findings) {
  const int64_t port = PortOf(facts, relay);
  if (port == 465 && !facts.smtp.smtp_tls_wrappermode) {
    Warn(findings, "relayhost",
         "names port 465, where TLS begins with the first byte; set smtp_tls_wrappermode = yes and "
         "smtp_tls_security_level = encrypt");
  } else if ((port == 25 || port == 587) && facts.smtp.smtp_tls_wrappermode) {
    Warn(findings, "smtp_tls_wrappermode",
         sys::Cat("is for port 465; port ", port, " begins in plain text with STARTTLS: set it to no"));
  }
}

void JudgeLoginWithoutTls(const PracticeFacts& facts, const NextHop& relay, Findings& findings) {
  const SmtpClientSettings& smtp = facts.smtp;
  if (!smtp.smtp_sasl_auth_enable || smtp.smtp_tls_security_level > TlsLevel::kMay || IsLoopback(relay)) return;
  const bool none = smtp.smtp_tls_security_level == TlsLevel::kNone;
  const bool reveals =
      std::ranges::find(smtp.smtp_sasl_security_options, "noplaintext") == smtp.smtp_sasl_security_options.end() &&
      !smtp.smtp_sasl_require_known_peer;
  const std::string_view remedy = "set smtp_tls_security_level = encrypt";
  if (reveals) {
    Warn(findings, "smtp_tls_security_level",
         sys::Cat(
             none ? "none: the password goes over the network in plain text; "
                  : "may: where the relay, or somebody between, offers no TLS, the password goes in plain text; ",
             remedy));
  } else if (none) {
    Warn(findings, "smtp_tls_security_level",
         sys::Cat("none: PLAIN and LOGIN are not used without TLS, and most relays have nothing else; ", remedy));
  }
}

// What is no next hop may be a password whose line lacks its key.
std::string Shown(const std::string& key) {
  return ParseNextHop(key) ? sys::Cat("of \"", sys::Printable(key, 200), "\" ") : "";
}

// Where mail goes to each recipient's servers, any domain may be a key.
void JudgePasswordKeys(const PracticeFacts& facts, Findings& findings) {
  const std::string& relayhost = facts.smtp.relayhost;
  if (!facts.smtp.smtp_sasl_auth_enable || relayhost.empty()) return;
  for (const PasswordKey& key : facts.password_keys) {
    const auto is_this = [&](const std::string& asked) { return sys::EqualsIgnoringCase(asked, key.key); };
    if (std::ranges::any_of(facts.asked_for, is_this)) continue;
    findings.push_back({Severity::kWarning, "smtp_sasl_password_maps",
                        sys::Cat("the password ", Shown(key.key), "is for no relay; relayhost is \"", relayhost,
                                 "\": the first word must be just that"),
                        key.file, key.line});
  }
}

// Domains that no other network knows (RFC 6761, 6762, 8375, and the names that routers make up).
bool IsPrivateDomain(std::string_view domain) {
  static constexpr auto kPrivate = std::to_array<std::string_view>(
      {"localhost", "localdomain", "local", "lan", "home", "home.arpa", "internal", "invalid", "test"});
  const std::string folded = sys::LowerCase(domain);
  return std::ranges::any_of(
      kPrivate, [&](std::string_view end) { return folded == end || folded.ends_with(sys::Cat(".", end)); });
}

void JudgeOrigin(const PracticeFacts& facts, Findings& findings) {
  const std::string& origin = facts.myorigin;
  const bool no_dot = origin.find('.') == std::string::npos;
  if (!no_dot && !IsPrivateDomain(origin)) return;
  Warn(findings, "myorigin",
       sys::Cat("\"", origin, "\" is the domain of senders like root, and ",
                no_dot ? "has no dot" : "means nothing on other networks",
                ": most relays refuse it; set myorigin to a domain of yours"));
}

}  // namespace

std::vector<PracticeFinding> JudgePractice(const PracticeFacts& facts) {
  Findings findings;
  JudgeNoRelay(facts, findings);
  if (const auto relay = ParseNextHop(facts.smtp.relayhost); relay && !facts.smtp.relayhost.empty()) {
    JudgeMailServers(facts, *relay, findings);
    JudgeLoop(facts, *relay, findings);
    JudgePort(facts, *relay, findings);
    JudgeLoginWithoutTls(facts, *relay, findings);
  }
  JudgePasswordKeys(facts, findings);
  JudgeOrigin(facts, findings);
  return findings;
}

}  // namespace outpost::conf
