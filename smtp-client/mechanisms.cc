#include "smtp-client/mechanisms.h"

#include <algorithm>
#include <iterator>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

enum class Kind {
  kProof,   // shows that we know the secret, not the secret
  kReveal,  // the relay, and whoever reads along, has the secret
  kNever,   // not for a user name and a password
};

struct Known {
  std::string_view name;
  Kind kind;
};

// In order of preference; what is not here comes last, as kReveal: a plug-in that we know nothing of.
constexpr Known kKnown[] = {
    {"SCRAM-SHA-512", Kind::kProof}, {"SCRAM-SHA-384", Kind::kProof}, {"SCRAM-SHA-256", Kind::kProof},
    {"SCRAM-SHA-224", Kind::kProof}, {"SCRAM-SHA-1", Kind::kProof},   {"CRAM-MD5", Kind::kProof},
    {"DIGEST-MD5", Kind::kProof},    {"PLAIN", Kind::kReveal},        {"LOGIN", Kind::kReveal},
    {"ANONYMOUS", Kind::kNever},     {"EXTERNAL", Kind::kNever},      {"NTLM", Kind::kNever},
    {"GSSAPI", Kind::kNever},        {"GSS-SPNEGO", Kind::kNever},    {"KERBEROS_V4", Kind::kNever},
};

size_t Rank(std::string_view name) {
  const auto* found = std::ranges::find(kKnown, name, &Known::name);
  return static_cast<size_t>(std::distance(std::begin(kKnown), found));
}

Kind KindOf(std::string_view name) {
  if (name.ends_with("-PLUS") || name.starts_with("GS2-")) return Kind::kNever;  // need what we do not have
  const size_t rank = Rank(name);
  return rank < std::size(kKnown) ? kKnown[rank].kind : Kind::kReveal;
}

// The first item that names the mechanism decides, `!` refuses; what no item names is refused.
bool PassesFilter(std::string_view name, const std::vector<std::string>& filter) {
  for (std::string_view item : filter) {
    const bool negated = item.starts_with('!');
    if (negated) item.remove_prefix(1);
    if (sys::EqualsIgnoringCase(item, name) || item.starts_with("static:")) return !negated;
  }
  return filter.empty();
}

}  // namespace

sys::Result<SecurityOptions> ParseSecurityOptions(const std::vector<std::string>& words) {
  SecurityOptions options;
  for (const auto& word : words) {
    if (word == "noplaintext") {
      options.noplaintext = true;
    } else if (word == "noactive") {
      options.noactive = true;
    } else if (word == "nodictionary") {
      options.nodictionary = true;
    } else if (word == "noanonymous") {
      options.noanonymous = true;
    } else if (word == "mutual_auth") {
      options.mutual_auth = true;
    } else if (word == "forward_secrecy") {
      options.forward_secrecy = true;
    } else {
      return sys::Error(sys::Cat("unknown SASL security option \"", sys::Printable(word, 100), "\""));
    }
  }
  return options;
}

MechanismChoice ChooseMechanisms(const std::vector<std::string>& offered, const SaslPolicy& policy,
                                 const PeerStanding& peer) {
  MechanismChoice choice;
  choice.options = peer.tls ? policy.tls_options : policy.plain_options;
  const bool unknown = policy.require_known_peer && !peer.known;
  for (const auto& name : offered) {
    const Kind kind = KindOf(name);
    if (kind == Kind::kNever || !PassesFilter(name, policy.filter)) continue;
    if (kind == Kind::kReveal && choice.options.noplaintext) continue;
    // A proof can be attacked by guessing: it goes to an unknown peer only where main.cf has plain text excluded
    // for open connections, and so counts on proofs.
    if (unknown && (kind == Kind::kReveal || !policy.plain_options.noplaintext)) {
      choice.withheld_from_unknown_peer = true;
      continue;
    }
    choice.candidates.push_back(name);
  }
  std::ranges::stable_sort(choice.candidates, {}, Rank);
  if (unknown) choice.options.noplaintext = true;
  return choice;
}

}  // namespace outpost::smtp_client
