// One mail address in RFC 5321's external form (section 4.1.2): local part, quoted where it has to be, '@', domain.
// Total, as address_list.h: any bytes may come in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outpost::mail {

struct AddressParts {
  std::string local_part;             // without quotes and backslashes
  std::optional<std::string> domain;  // nothing where there is no '@'; "" in "user@"
};
// At the last '@' outside quotes.
AddressParts SplitAddress(std::string_view address);
// The external form.
std::string JoinAddress(const AddressParts& parts);
// `local_part` as it is when it is a Dot-string, else as a Quoted-string.
std::string QuoteLocalPart(std::string_view local_part);

// Whether `address` may stand in MAIL or RCPT: a local part that is not empty, a domain or address literal, no
// control character, at most kMaxAddress bytes. RFC 5321's 64 bytes for a local part are not enforced: addresses
// that services make for replies and bounces are longer, and work. Bytes from 0x80 are taken as letters; whether
// they are UTF-8 is the caller's question (sys::IsCleanText). The null sender "" is not valid here.
bool IsValidAddress(std::string_view address);
// A host name of more than digits (an underscore is tolerated, a final dot is not), or [1.2.3.4], or [IPv6:...].
bool IsValidDomain(std::string_view domain);
// Whether it can only travel with SMTPUTF8 (RFC 6531), or after its domain alone has been turned into A-labels.
bool NeedsSmtpUtf8(std::string_view address);

// How a bare address becomes a whole one, by Postfix's parameters of these names.
struct CompletionRules {
  std::string myorigin;
  std::string mydomain;
  bool append_at_myorigin = true;
  bool append_dot_mydomain = false;
  bool swap_bangpath = true;
  bool allow_percent_hack = true;
};
// `site!user` and `user%site` become user@site; `user` user@$myorigin; `user@host` user@host.$mydomain; a final dot
// of the domain goes. The null address, `user@` and literals stay. An address that is whole comes back as it is.
std::string CompleteAddress(std::string_view address, const CompletionRules& rules);

}  // namespace outpost::mail
