#include "lib/mail/explanation.h"

#include <algorithm>
#include <array>
#include <string>

namespace outpost::mail {
namespace {

constexpr std::string_view kPasswordFile =
    "Correct it in the file that smtp_sasl_password_maps names; the mail then leaves by itself. Many providers "
    "want an app password there, made in the account's settings.";

// One line each: whose words, words, example, {sentence, remedy}. The first that fits counts.
// clang-format off
constexpr auto kKnownTexts = std::to_array<KnownText>({
    // --- logins
    {"Google", "application-specific password required", "534-5.7.9 Application-specific password required. For more information, go to https://support.google.com/mail/?p=InvalidSecondFactor",
     {"Google wants an app password here, not the account's own password.", "Make one at https://myaccount.google.com/apppasswords (two-step verification must be on) and put it into the file that smtp_sasl_password_maps names."}},
    {"Google", "please log in via your web browser", "534-5.7.14 Please log in via your web browser and then try again.",
     {"Google has blocked this login and wants to see the account's owner in a browser.", "Log in to the account in a browser and confirm the login; an app password avoids this."}},
    {"Google", "username and password not accepted", "535-5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
     {"The provider does not accept the user name and password.", "Google takes an app password only, not the account's own: make one at https://myaccount.google.com/apppasswords and put it into the file that smtp_sasl_password_maps names."}},
    {"Google", "too many login attempts", "454 4.7.0 Too many login attempts, please try again later.",
     {"The provider has seen too many logins in a short time.", "Wait; if it comes again, let fewer programs log in with this account."}},
    {"Google", "invalid credentials for relay", "550-5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you've registered in your G Suite SMTP Relay service doesn't match domain of the account",
     {"Google's relay service does not know this host's address or domain.", "Register this host's address in the admin console's SMTP relay settings, or log in with an account."}},
    {"Microsoft", "SmtpClientAuthentication is disabled", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
     {"Microsoft 365 has SMTP logins switched off for this organisation or mailbox.", "An administrator switches \"Authenticated SMTP\" on for the mailbox (https://aka.ms/smtp_auth_disabled)."}},
    {"Microsoft", "basic authentication is disabled", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
     {"Microsoft no longer takes a password for this mailbox.", "Use another relay, or an account with which the provider takes a login that main.cf allows."}},
    {"Microsoft", "basic authentication is not supported", "550 5.7.30 Basic authentication is not supported for Client Submission.",
     {"Microsoft no longer takes a password for this mailbox.", "Use another relay, or an account with which the provider takes a login that main.cf allows."}},
    {"Microsoft", "client was not authenticated", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
     {"The relay takes mail only after a login.", "Set smtp_sasl_auth_enable = yes, and name user and password in the file of smtp_sasl_password_maps."}},
    {"Microsoft", "5.7.3 authentication unsuccessful", "535 5.7.3 Authentication unsuccessful [AM0PR02CA0001.eurprd02.prod.outlook.com]",
     {"The user name or the password is wrong, or SMTP logins are switched off for this mailbox.", "Check both; an administrator sees \"Authenticated SMTP\" in the mailbox's settings."}},
    {"Postfix", "sender address rejected: not logged in", "553 5.7.1 <a@example.org>: Sender address rejected: not logged in",
     {"The relay takes mail of this sender's domain only after a login.", "Set smtp_sasl_auth_enable = yes, and name user and password in the file of smtp_sasl_password_maps."}},
    {"Amazon SES, GMX", "authentication credentials invalid", "535 Authentication Credentials Invalid",
     {"The provider does not accept the user name and password.", "Amazon SES has SMTP credentials of its own for each region, made in its console: they are not the IAM access keys. At GMX and WEB.DE, mail programs must be allowed in the account's settings."}},
    {"Mailgun", "mailgun is not loving your login", "535 5.7.0 Mailgun is not loving your login or password",
     {"Mailgun does not accept the user name and password.", "It wants the domain's SMTP credentials, such as postmaster@DOMAIN: the API key is not the password."}},
    {"SendGrid", "bad username / password", "535 Authentication failed: Bad username / password",
     {"The provider does not accept the user name and password.", "At SendGrid the user name is the word apikey, and the password an API key."}},
    {"SendGrid", "unauthenticated senders not allowed", "550 Unauthenticated senders not allowed",
     {"The relay takes mail only after a login.", "Set smtp_sasl_auth_enable = yes, and name user and password in the file of smtp_sasl_password_maps."}},
    {"any", "does not offer auth", "SASL authentication failed; server relay[192.0.2.1]:25 does not offer AUTH",
     {"There is a password for this relay, but it takes no login on this port.", "Use the relay's submission port: relayhost = [host]:587. If it worked before, somebody on this network may be answering in its place."}},
    {"outpost", "is not sent to", "SASL authentication failed; the password for [relay]:587 is not sent to relay[192.0.2.1]:587: the connection is not encrypted; add to main.cf: smtp_tls_security_level = encrypt",
     {"The password was not sent: nothing proves that the server is the relay.", "The reason names the line that main.cf needs."}},
    {"outpost", "no mechanism that main.cf allows", "SASL authentication failed; no mechanism that main.cf allows on this connection; server relay[192.0.2.1]:587 offers: GSSAPI",
     {"The relay offers no way to log in that main.cf allows.", "See smtp_sasl_mechanism_filter and smtp_sasl_tls_security_options in main.cf."}},
    {"outpost", "cannot read credentials", "cannot read credentials: open /etc/outpost/auth_passwd: Permission denied",
     {"The file with the password cannot be read.", "Give it to the mail owner's group: chown root:outpost FILE; chmod 640 FILE."}},

    // --- senders
    {"Microsoft", "SendAsDenied", "554 5.2.252 SendAsDenied; user@example.org not allowed to send as other@example.org",
     {"The account at the relay may not send as this sender.", "Send with the account's own address, or have an administrator grant \"Send as\" for the sender."}},
    {"Microsoft", "permissions to send as this sender", "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
     {"The account at the relay may not send as this sender.", "Send with the account's own address, or have an administrator grant \"Send as\" for the sender."}},
    {"Postfix", "not owned by user", "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b@example.org",
     {"The account at the relay may not send as this sender.", "Send with the account's own address, or have the relay's administrator allow the sender."}},
    {"Zoho", "relaying disallowed as", "553 Relaying disallowed as a@example.org",
     {"The account at the relay may not send as this sender.", "Send with the account's own address, or add the sender as an alias of the account."}},
    {"Amazon SES", "email address is not verified", "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: a@example.org",
     {"Amazon SES sends only for addresses that are verified there.", "Verify the sender's address or domain in the SES console; while the account is in the sandbox the recipients' as well."}},
    {"SendGrid", "verified sender identity", "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
     {"SendGrid sends only for senders that are verified there.", "Verify the sender's address or domain in SendGrid's settings (Sender Authentication)."}},
    {"GMX", "sender address is not allowed", "550 Sender address is not allowed.",
     {"The account at the relay may not send as this sender.", "Send with the account's own address."}},
    {"Google", "missing a valid address in from", "550-5.7.1 [192.0.2.1] Messages missing a valid address in From: header, or having no From: header, are not accepted.",
     {"The message's From: has no address that is complete.", "Have the program that writes it name its sender with a domain: user@example.org."}},

    // --- limits
    {"Google", "daily user sending", "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852",
     {"The account has sent as much as the provider allows in a day.", "Nothing need be done: the mail waits and leaves tomorrow. A program may be sending too much."}},
    {"Google", "relay limit exceeded", "550 5.7.1 Daily SMTP relay limit exceeded for user.",
     {"The account has sent as much as the provider allows in a day.", "Nothing need be done: the mail waits and leaves tomorrow. A program may be sending too much."}},
    {"Microsoft", "submissionquotaexceeded", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
     {"The account has sent as much as the provider allows in a day.", "Nothing need be done: the mail waits and leaves tomorrow. A program may be sending too much."}},
    {"Microsoft", "concurrent connections limit exceeded", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.",
     {"Too many connections at once for this provider.", "Set smtp_destination_concurrency_limit = 2 in main.cf."}},
    {"Microsoft", "sender thread limit exceeded", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
     {"Too many messages at once for this provider.", "Set smtp_destination_concurrency_limit = 2 in main.cf."}},
    {"Microsoft", "bad outbound sender", "550 5.1.8 Access denied, bad outbound sender AS(42003)",
     {"Microsoft has blocked the account for what it has sent.", "An administrator releases it under \"Restricted entities\", after finding out who sent it."}},
    {"Amazon SES", "throttling failure", "454 Throttling failure: Maximum sending rate exceeded.",
     {"The provider takes no more mail than agreed in a second or a day.", "Nothing need be done: the mail waits and is tried again. A higher limit is asked for in the SES console."}},

    // --- relaying, block lists, greylisting
    {"Postfix", "relay access denied", "554 5.7.1 <a@example.org>: Relay access denied",
     {"The relay does not pass on mail of this host to other domains.", "Most relays want a login: smtp_sasl_auth_enable, smtp_sasl_password_maps and port 587; or the relay's administrator allows this host."}},
    {"Exim", "relay not permitted", "550 relay not permitted",
     {"The relay does not pass on mail of this host to other domains.", "Most relays want a login: smtp_sasl_auth_enable, smtp_sasl_password_maps and port 587; or the relay's administrator allows this host."}},
    {"any", "blocked using", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
     {"The address that this host sends from is on a block list.", "Send through a relay with a login, on port 587; lists name home and guest networks as a whole."}},
    {"Google", "unauthenticated email from", "550-5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy.",
     {"The other side takes mail of this sender's domain only from servers that the domain names.", "Send it through the domain's own relay, or add this host to the domain's SPF record."}},
    {"any", "greylist", "450 4.2.0 <b@example.org>: Recipient address rejected: Greylisted",
     {"The other side lets unknown senders come twice.", ""}},

    // --- certificates and TLS
    {"outpost", "was good on another network", "Server certificate not trusted: relay[192.0.2.1]:587: self-signed certificate; it was good on another network",
     {"The relay's certificate was good on another network: this one may be answering in its place.", "If the network has a login page, log in there; the mail then leaves by itself."}},
    {"OpenSSL", "certificate has expired", "Server certificate not trusted: relay[192.0.2.1]:587: certificate has expired",
     {"The relay's certificate has expired.", "Its administrator must renew it. If it has not, this host's clock is wrong."}},
    {"OpenSSL", "certificate is not yet valid", "Server certificate not trusted: relay[192.0.2.1]:587: certificate is not yet valid",
     {"The relay's certificate is not valid yet.", "Most likely this host's clock is wrong."}},
    {"OpenSSL", "self-signed certificate", "Server certificate not trusted: relay[192.0.2.1]:587: self-signed certificate",
     {"The relay's certificate is signed by nobody that this host trusts.", "Name the file of its CA in smtp_tls_CAfile. If it worked before, this network may be answering in the relay's place."}},
    {"OpenSSL", "unable to get local issuer certificate", "Server certificate not trusted: relay[192.0.2.1]:587: unable to get local issuer certificate",
     {"The relay's certificate is signed by nobody that this host trusts.", "Name the file of its CA in smtp_tls_CAfile. If it worked before, this network may be answering in the relay's place."}},
    {"outpost", "the certificate is not for", "Server certificate not verified: relay[192.0.2.1]:587: the certificate is not for relay",
     {"The relay shows the certificate of another server.", "Name the relay in relayhost as its certificate does. If it worked before, this network may be answering in its place."}},
    {"outpost", "tls is required, but was not offered", "TLS is required, but was not offered by host relay[192.0.2.1]:25",
     {"The relay offers no encryption on this port, and main.cf asks for it.", "Use the relay's submission port: relayhost = [host]:587. If it worked before, this network may have removed it."}},

    // --- the way there
    {"outpost", "this host has no network to reach it by", "this host has no network to reach it by",
     {"This host has no network.", ""}},
    {"outpost", "name service error", "Host or domain name not found. Name service error for name=relay.example.org type=A: Timeout while contacting DNS servers",
     {"The server's name could not be looked up.", "Check the name in relayhost, and this host's DNS (/etc/resolv.conf)."}},
    {"the system", "connection refused", "connect to relay.example.org[192.0.2.1]:587: Connection refused",
     {"Nobody listens at the server's address.", "Check host and port in relayhost; the server may be down."}},
    {"the system", "connection timed out", "connect to relay.example.org[192.0.2.1]:25: Connection timed out",
     {"The server does not answer.", "It may be down, or a firewall may be in the way: many networks close port 25; try port 587 in relayhost."}},
    {"the system", "no route to host", "connect to relay.example.org[192.0.2.1]:587: No route to host",
     {"The server cannot be reached from here.", "It may be down, or a firewall may be in the way."}},
    {"the system", "network is unreachable", "connect to relay.example.org[2001:db8::1]:587: Network is unreachable",
     {"The server cannot be reached from here.", "This host has no way to it; without IPv6, inet_protocols = ipv4 in main.cf."}},
    {"outpost", "mail system configuration error", "mail system configuration error: main.cf:3: smtp_tls_security_level: no such level",
     {"main.cf is wrong.", "`outpost check` names the line; then `outpost reload`."}},
});

// Subject and detail, {sentence, remedy}; of RFC 3463 and RFC 5248, and what this program gives of its own.
constexpr auto kKnownStatuses = std::to_array<KnownStatus>({
    {1, 1, {"There is no such mailbox.", "Check the address for a typing error."}},
    {1, 2, {"The address's domain does not exist or takes no mail.", "Check the part behind the @ for a typing error."}},
    {1, 3, {"The address cannot be an address.", "Check it for a typing error."}},
    {1, 6, {"The mailbox has moved, and nobody knows where to.", "Ask its owner for the new address."}},
    {1, 7, {"The sender's address cannot be an address.", "Check the address that the mail is sent from."}},
    {1, 8, {"The other side does not take mail from this sender's domain.", "Check the address that the mail is sent from: its domain must exist."}},
    {1, 10, {"The address's domain takes no mail at all.", "Check the part behind the @ for a typing error."}},
    {2, 1, {"The mailbox is closed.", "Ask its owner in another way."}},
    {2, 2, {"The mailbox is full.", "Its owner must make room; send it again later."}},
    {2, 3, {"The message is too large for this mailbox.", "Send less, or a link to it."}},
    {3, 0, {"A program or the mail system had trouble of its own.", ""}},
    {3, 1, {"The mail system has no room left.", ""}},
    {3, 2, {"The mail system takes no mail at the moment.", ""}},
    {3, 4, {"The message is larger than what the mail system takes.", "Send less, or a link to it."}},
    {3, 5, {"The mail system is set up wrongly.", "Whoever looks after it must see to it."}},
    {4, 1, {"The server cannot be reached.", "It may be down, or a firewall may be in the way."}},
    {4, 2, {"The connection to the server broke.", ""}},
    {4, 3, {"The server's name could not be looked up.", "This host's DNS may be down."}},
    {4, 4, {"There is no way to this domain or server.", "Check the name for a typing error."}},
    {4, 7, {"It was tried for too long.", ""}},
    {5, 3, {"Too many recipients in one go.", ""}},
    {6, 7, {"An address has letters that the server cannot take.", "Use an address in plain ASCII letters."}},
    {7, 0, {"The server's rules forbid it.", ""}},
    {7, 1, {"The server's rules forbid it.", "Its own words may tell why."}},
    {7, 4, {"Encryption is asked for and was not offered.", ""}},
    {7, 5, {"The server could not be verified.", ""}},
    {7, 8, {"The user name or the password is wrong.", kPasswordFile}},
    {7, 9, {"The relay wants a stronger login, such as an app password.", kPasswordFile}},
    {7, 11, {"The relay wants encryption for this login.", "Set smtp_tls_security_level = encrypt in main.cf."}},
    {7, 13, {"The account at the relay is disabled.", "Ask whoever runs the relay."}},
    {7, 57, {"The relay takes mail only after a login.", "Set smtp_sasl_auth_enable = yes, and name user and password in the file of smtp_sasl_password_maps."}},
    {7, 60, {"The account at the relay may not send as this sender.", "Send with the account's own address."}},
});
// clang-format on

constexpr Explanation kRefusedForGood{"The server refuses it.", "Its own words may tell why."};
constexpr Explanation kRefusedForNow{"It could not be delivered for now.", ""};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Folded(std::string_view text) {
  std::string out;
  bool within = false;
  for (const char c : text) {
    if (c == '<') within = true;
    if (!within) out += Lower(c);
    if (c == '>') within = false;
  }
  return out;
}

}  // namespace

std::span<const KnownText> KnownTexts() { return kKnownTexts; }
std::span<const KnownStatus> KnownStatuses() { return kKnownStatuses; }

Explanation Explain(const EnhancedStatus& status, std::string_view text) {
  const std::string folded = Folded(text);
  for (const auto& known : kKnownTexts) {
    if (folded.find(Folded(known.words)) != std::string::npos) return known.explanation;
  }
  for (const auto& known : kKnownStatuses) {
    if (known.subject == status.subject && known.detail == status.detail) return known.explanation;
  }
  return status.category == 5 ? kRefusedForGood : kRefusedForNow;
}

}  // namespace outpost::mail
