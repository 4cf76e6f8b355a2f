// The table of faults: data, nothing else. faults.h says what its columns mean; docs/faults.md shows it.
#include <array>

#include "smtp-client/faults.h"

namespace outpost::smtp_client {
namespace {

using enum Action;
using enum mail::Fault;

constexpr Stages kGreeting = At(Stage::kGreeting);
constexpr Stages kEhlo = At(Stage::kEhlo);
constexpr Stages kHelo = At(Stage::kHelo);
constexpr Stages kStartTls = At(Stage::kStartTls);
constexpr Stages kAuth = At(Stage::kAuth);
constexpr Stages kMail = At(Stage::kMail);
constexpr Stages kRcpt = At(Stage::kRcpt);
constexpr Stages kData = At(Stage::kData);
constexpr Stages kContent = At(Stage::kContent);
constexpr Stages kEnd = At(Stage::kEndOfData);
constexpr Stages kReset = At(Stage::kReset);
constexpr Stages kQuit = At(Stage::kQuit);
constexpr Stages kOpening = kGreeting | kEhlo | kHelo | kStartTls;
constexpr Stages kTransaction = kMail | kRcpt | kData | kEnd;
constexpr Stages kEvery = kOpening | kAuth | kTransaction | kContent | kReset | kQuit;
constexpr int kAny = -1;
constexpr int kOther = 0;
constexpr bool kRelayOnly = true;
constexpr mail::EnhancedStatus kTheRelays{0, 0, 0};

// One line each, so that it can be read as a table; the first that fits counts:
// stages, code, subject and detail of the enhanced status, words, whom, {fault, action, status, meaning}
// clang-format off
constexpr auto kReplyRows = std::to_array<ReplyRow>({
    // --- before the mail: nothing of it is a message's fault
    {kGreeting, 421, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay is going down, or has too many connections"}},
    {kGreeting, 554, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay does not talk to this host, perhaps because of the address that it comes from"}},
    {kGreeting, 4, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay takes no mail for now"}},
    {kGreeting, 5, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay refuses to talk to this host"}},
    {kGreeting, kOther, kAny, kAny, "", false, {kPath, kNextHost, {4, 0, 0}, "the relay greets as no mail server does"}},
    {kEhlo, 421, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay is going down, or has too many connections"}},
    {kEhlo, 4, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay takes no mail for now"}},
    {kEhlo, 5, kAny, kAny, "", false, {kPath, kTryHelo, kTheRelays, "the relay does not know EHLO, or does not like the name in smtp_helo_name"}},
    {kEhlo, kOther, kAny, kAny, "", false, {kPath, kNextHost, {4, 0, 0}, "the relay answers EHLO as no mail server does"}},
    {kHelo, 4, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay takes no mail for now"}},
    {kHelo, 5, kAny, kAny, "", false, {kPath, kNextHost, kTheRelays, "the relay does not like the name in smtp_helo_name"}},
    {kHelo, kOther, kAny, kAny, "", false, {kPath, kNextHost, {4, 0, 0}, "the relay answers HELO as no mail server does"}},
    {kStartTls, 421, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 5}, "the relay is going down, or has too many connections"}},
    {kStartTls, 454, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 5}, "the relay's TLS does not work at the moment"}},
    {kStartTls, 4, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 5}, "the relay offers TLS and refuses it for now"}},
    {kStartTls, 5, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 5}, "the relay offers TLS and refuses it, as somebody in between would"}},
    {kStartTls, kOther, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 5}, "the relay answers STARTTLS as no mail server does"}},

    // --- the login (RFC 4954 section 6; RFC 5248)
    {kAuth, 421, kAny, kAny, "", false, {kPath, kNextHost, {4, 7, 8}, "the relay closes the connection: no word on the account"}},
    {kAuth, 432, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 12}, "the relay wants another kind of login first: a password transition is needed"}},
    {kAuth, 454, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 0}, "the relay cannot check the password at the moment, or has had too many logins"}},
    {kAuth, 4, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the login is refused for now"}},
    {kAuth, 500, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the login is longer than what the relay reads"}},
    {kAuth, 503, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the relay takes no login at this point"}},
    {kAuth, 504, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the relay does not do the mechanism that it has offered"}},
    {kAuth, 525, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 13}, "the account is disabled"}},
    {kAuth, 530, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 0}, "the relay wants TLS before a login"}},
    {kAuth, 534, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 9}, "the relay wants a stronger login, such as an app password"}},
    {kAuth, 535, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the user name or the password is wrong, or this way to log in is switched off"}},
    {kAuth, 538, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 11}, "the relay wants TLS for this mechanism"}},
    {kAuth, 5, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the login is refused"}},
    {kAuth, kOther, kAny, kAny, "", false, {kAccount, kStopAccount, {4, 7, 8}, "the relay answers the login as no mail server does"}},

    // --- RSET: of the transaction before, no message's
    {kReset, 421, kAny, kAny, "", false, {kPath, kClose, kTheRelays, "the relay ends the connection"}},
    {kReset, 4, kAny, kAny, "", false, {kPath, kClose, kTheRelays, "the relay refuses to begin anew"}},
    {kReset, kOther, kAny, kAny, "", false, {kPath, kOutOfStep, {4, 5, 0}, "the relay refuses to begin anew"}},

    // --- a reply amid the content, which nobody had asked for
    {kContent, 421, kAny, kAny, "", false, {kPath, kClose, {4, 4, 2}, "the relay ends the connection"}},
    {kContent, 4, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "the relay wants no more of this content for now"}},
    {kContent, 5, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "the relay wants no more of this content"}},
    {kContent, kOther, kAny, kAny, "", false, {kPath, kClose, {4, 4, 2}, "the relay answers what was not asked"}},

    // --- the connection ends
    {kMail, 421, kAny, kAny, "", false, {kPath, kClose, kTheRelays, "the relay ends the connection before it has looked at the mail"}},
    {kRcpt | kData | kEnd, 421, kAny, kAny, "", false, {kMessage, kClose, kTheRelays, "the relay ends the connection over this mail"}},

    // --- the account's fault, though it is the mail that is answered (RFC 4954 section 6, RFC 3207 section 4)
    {kTransaction, 525, kAny, kAny, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account is disabled"}},
    {kTransaction, 530, kAny, kAny, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a login, or TLS, before it takes mail"}},
    {kTransaction, 534, kAny, kAny, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a stronger login"}},
    {kTransaction, 535, kAny, kAny, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a login that succeeds"}},
    {kTransaction, 538, kAny, kAny, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants TLS before the login"}},
    {kTransaction, 5, 7, 8, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the login does not count"}},
    {kTransaction, 5, 7, 9, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the login was too weak"}},
    {kTransaction, 5, 7, 11, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants TLS before the login"}},
    {kMail, 5, 7, 13, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account is disabled"}},
    {kTransaction, 5, 7, 30, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "logins by password are switched off for this account (Microsoft)"}},
    {kTransaction, 5, 7, 57, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a login (Microsoft)"}},
    {kTransaction, 5, 7, 139, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "logins by password are switched off for this account (Microsoft)"}},
    {kTransaction, 553, 7, 1, "not logged in", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a login for this sender's domain (Postfix)"}},
    {kTransaction, 550, 4, 5, "", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account has sent as much as it may in a day (Google)"}},
    {kTransaction, 550, 7, 1, "relay limit exceeded", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account has sent as much as it may in a day (Google)"}},
    {kTransaction, 550, 1, 8, "bad outbound sender", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account is blocked for what it has sent (Microsoft)"}},
    {kTransaction, 554, 2, 0, "SubmissionQuotaExceeded", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the account has sent as much as it may in a day (Microsoft)"}},
    {kTransaction, 550, kAny, kAny, "Unauthenticated senders not allowed", kRelayOnly, {kAccount, kStopAccount, kTheRelays, "the relay wants a login (SendGrid)"}},

    // --- the sender is not the account's
    {kTransaction, 5, 7, 60, "", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (Microsoft)"}},
    {kTransaction, 5, 2, 252, "", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (Microsoft)"}},
    {kTransaction, 5, kAny, kAny, "SendAsDenied", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (Microsoft)"}},
    {kTransaction, 553, 7, 1, "not owned by user", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (Postfix)"}},
    {kTransaction, 553, kAny, kAny, "Relaying disallowed as", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (Zoho)"}},
    {kTransaction, 554, kAny, kAny, "Email address is not verified", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the sender's address is not verified (Amazon SES)"}},
    {kTransaction, 550, kAny, kAny, "verified Sender Identity", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the sender's address is not verified (SendGrid)"}},
    {kTransaction, 550, kAny, kAny, "Sender address is not allowed", kRelayOnly, {kSender, kHoldSender, kTheRelays, "the account may not send as this sender (GMX, web.de)"}},

    // --- the path's fault, though it is the mail that is answered
    {kMail | kRcpt, 5, 7, 1, "blocked using", kRelayOnly, {kPath, kClose, kTheRelays, "the address that this host comes from is on a block list"}},
    {kMail, 503, kAny, kAny, "", false, {kPath, kOutOfStep, {4, 5, 0}, "the relay wants something else first"}},
    {kRcpt | kData, 503, kAny, kAny, "", false, {kMessage, kOutOfStep, {4, 5, 0}, "the relay has lost count of the commands"}},

    // --- the message's own fault, for now
    {kRcpt, 5, 5, 3, "", false, {kMessage, kDefer, kTheRelays, "too many recipients in one go; those beyond the limit go later (RFC 5321 section 4.5.3.1.10)"}},
    {kTransaction, 432, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "too many connections or messages at once (Microsoft)"}},
    {kTransaction, 450, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "the mailbox is busy, or the relay wants to see the mail again later (greylisting)"}},
    {kTransaction, 451, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "the relay has trouble of its own, or wants to see the mail again later"}},
    {kRcpt, 452, 5, 3, "", false, {kMessage, kDefer, kTheRelays, "too many recipients in one go; those beyond the limit go later"}},
    {kTransaction, 452, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "a mailbox is full, or the relay has no room"}},
    {kTransaction, 454, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "too much at once, or the relay cannot check something at the moment"}},
    {kTransaction, 4, kAny, kAny, "", false, {kMessage, kDefer, kTheRelays, "refused for now"}},

    // --- the message's own fault, for good
    {kTransaction, 500, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the relay cannot read the command: an address may be too long"}},
    {kTransaction, 501, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the relay does not take the address as it is written"}},
    {kRcpt, 550, 1, kAny, "", false, {kMessage, kReturn, kTheRelays, "there is no such address"}},
    {kRcpt, 550, 2, kAny, "", false, {kMessage, kReturn, kTheRelays, "the mailbox is closed, full or not allowed to take it"}},
    {kTransaction, 550, 7, kAny, "", false, {kMessage, kReturn, kTheRelays, "refused by the rules of the other side"}},
    {kTransaction, 550, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "refused: no such mailbox, or against the rules of the other side"}},
    {kTransaction, 551, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the recipient is elsewhere, and the relay does not forward"}},
    {kTransaction, 552, 2, 2, "", false, {kMessage, kReturn, kTheRelays, "the mailbox is full"}},
    {kTransaction, 552, 3, 4, "", false, {kMessage, kReturn, kTheRelays, "the message is too large"}},
    {kTransaction, 552, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the message is too large, or the mailbox full"}},
    {kTransaction, 553, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the address is not allowed"}},
    {kTransaction, 554, 7, kAny, "", false, {kMessage, kReturn, kTheRelays, "refused by the rules of the other side"}},
    {kTransaction, 554, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "refused: against the rules of the other side, or not to be delivered"}},
    {kMail | kRcpt, 555, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the relay does not take a parameter that it has offered"}},
    {kRcpt, 556, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "the recipient's domain takes no mail (RFC 7504)"}},
    {kTransaction, 5, kAny, kAny, "", false, {kMessage, kReturn, kTheRelays, "refused for good"}},

    // --- replies that are none to what was asked
    {kMail, kOther, kAny, kAny, "", false, {kPath, kOutOfStep, {4, 5, 0}, "the relay answers what was not asked"}},
    {kRcpt | kData | kEnd, kOther, kAny, kAny, "", false, {kMessage, kOutOfStep, {4, 5, 0}, "the relay answers what was not asked"}},
    {kQuit, kOther, kAny, kAny, "", false, {kPath, kClose, kTheRelays, "nothing depends on it any more"}},
});

// trouble, stages, at a relay of main.cf, at a recipient's own domain, {fault, action, status, meaning}
constexpr auto kTroubleRows = std::to_array<TroubleRow>({
    // --- of the mail itself
    {Trouble::kMessageTooLarge, 0, true, true, {kMessage, kReturn, {5, 3, 4}, "the message is larger than what the relay takes"}},
    {Trouble::kNoSmtpUtf8, 0, true, true, {kMessage, kReturn, {5, 6, 7}, "an address is not ASCII, and the relay does not do SMTPUTF8"}},
    {Trouble::kBadSender, 0, true, true, {kMessage, kReturn, {5, 1, 7}, "the sender's address cannot be said in SMTP"}},
    {Trouble::kBadRecipient, 0, true, true, {kMessage, kReturn, {5, 1, 3}, "the recipient's address cannot be said in SMTP"}},
    {Trouble::kBadDomain, 0, false, true, {kMessage, kReturn, {5, 1, 2}, "the recipient's domain cannot be a domain"}},
    {Trouble::kBadDomain, 0, true, false, {kPath, kDefer, {4, 3, 5}, "relayhost or default_transport names no host"}},
    {Trouble::kContentUnreadable, 0, true, true, {kMessage, kClose, {4, 3, 0}, "the message could not be read"}},

    // --- of this host
    {Trouble::kConfiguration, 0, true, true, {kPath, kDefer, {4, 3, 5}, "main.cf is wrong"}},
    {Trouble::kCannotResolve, 0, true, true, {kPath, kDefer, {4, 3, 0}, "this host cannot ask DNS"}},
    {Trouble::kCannotConfine, 0, true, true, {kPath, kDefer, {4, 3, 0}, "this host cannot confine the program that meets the network"}},
    {Trouble::kCannotBeginTls, 0, true, true, {kPath, kNextHost, {4, 7, 5}, "this host cannot begin TLS"}},

    // --- DNS
    {Trouble::kDnsNoName, 0, true, false, {kPath, kDefer, {4, 4, 4}, "there is no host of the name in relayhost"}},
    {Trouble::kDnsNoName, 0, false, true, {kMessage, kReturn, {5, 4, 4}, "there is no such domain"}},
    {Trouble::kDnsNoRecord, 0, true, false, {kPath, kDefer, {4, 4, 4}, "the name in relayhost has no address"}},
    {Trouble::kDnsNoRecord, 0, false, true, {kMessage, kReturn, {5, 4, 4}, "the domain has no mail server"}},
    {Trouble::kDnsNullMx, 0, true, false, {kPath, kDefer, {4, 1, 10}, "the domain in relayhost says that it takes no mail"}},
    {Trouble::kDnsNullMx, 0, false, true, {kMessage, kReturn, {5, 1, 10}, "the domain says that it takes no mail (RFC 7505)"}},
    {Trouble::kDnsNoHostNamed, 0, true, false, {kPath, kDefer, {4, 4, 4}, "the MX records of the domain in relayhost name no host"}},
    {Trouble::kDnsNoHostNamed, 0, false, true, {kMessage, kReturn, {5, 4, 4}, "the domain's MX records name no host"}},
    {Trouble::kDnsServerFailure, 0, true, true, {kPath, kDefer, {4, 4, 3}, "DNS has a failure (SERVFAIL): no word on the name"}},
    {Trouble::kDnsRefused, 0, true, true, {kPath, kDefer, {4, 4, 3}, "the DNS server does not answer this host (REFUSED)"}},
    {Trouble::kDnsTimeout, 0, true, true, {kPath, kDefer, {4, 4, 3}, "DNS does not answer in time"}},
    {Trouble::kDnsUnreachable, 0, true, true, {kPath, kDefer, {4, 4, 3}, "no DNS server can be reached"}},
    {Trouble::kDnsNonsense, 0, true, true, {kPath, kDefer, {4, 4, 3}, "DNS answers what cannot be understood"}},

    // --- connecting
    {Trouble::kConnectRefused, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "nobody listens there (ECONNREFUSED)"}},
    {Trouble::kConnectTimeout, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "the host does not answer (ETIMEDOUT): it is down, or a firewall is silent"}},
    {Trouble::kHostUnreachable, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "the host cannot be reached (EHOSTUNREACH, EHOSTDOWN)"}},
    {Trouble::kNetworkUnreachable, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "this host has no way there (ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT)"}},
    {Trouble::kConnectForbidden, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "a firewall of this host forbids it (EACCES, EPERM)"}},
    {Trouble::kConnectReset, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "the connection is ended at once (ECONNRESET, ECONNABORTED)"}},
    {Trouble::kNoSockets, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "this host has no memory or descriptors for it (EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN)"}},
    {Trouble::kConnectFailed, 0, true, true, {kPath, kNextHost, {4, 4, 1}, "the connection cannot be made (any other error)"}},

    // --- TLS
    {Trouble::kTlsNotOffered, 0, true, true, {kPath, kNextHost, {4, 7, 4}, "TLS is required and not offered: somebody in between may have removed it"}},
    {Trouble::kTlsFailed, 0, true, true, {kPath, kNextHost, {4, 7, 5}, "no agreement on TLS: an alert, or no protocol or cipher in common"}},
    {Trouble::kTlsClosed, 0, true, true, {kPath, kNextHost, {4, 7, 5}, "the connection is cut during the TLS handshake"}},
    {Trouble::kNoCertificate, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay shows no certificate"}},
    {Trouble::kNoCertificate, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server shows no certificate"}},
    {Trouble::kCertificateExpired, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay's certificate has expired, or this host's clock is wrong"}},
    {Trouble::kCertificateExpired, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server's certificate has expired"}},
    {Trouble::kCertificateNotYetValid, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay's certificate is not yet valid: this host's clock may be wrong"}},
    {Trouble::kCertificateNotYetValid, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server's certificate is not yet valid"}},
    {Trouble::kCertificateUnknownIssuer, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay's certificate comes from nobody that this host trusts"}},
    {Trouble::kCertificateUnknownIssuer, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server's certificate comes from nobody that this host trusts"}},
    {Trouble::kCertificateInvalid, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay's certificate does not hold"}},
    {Trouble::kCertificateInvalid, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server's certificate does not hold"}},
    {Trouble::kCertificateWrongName, 0, true, false, {kAccount, kStopAccount, {4, 7, 5}, "the relay's certificate is for another name"}},
    {Trouble::kCertificateWrongName, 0, false, true, {kPath, kNextHost, {4, 7, 5}, "the server's certificate is for another name"}},
    {Trouble::kCertificateOfThisNetwork, 0, true, true, {kPath, kNextHost, {4, 7, 5}, "the certificate was good on another network: this one may be answering in the relay's place"}},

    // --- the login, before or without the relay's word
    {Trouble::kNoCredentials, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "the password cannot be read"}},
    {Trouble::kNoPlugins, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "no SASL plug-in does what the relay offers"}},
    {Trouble::kAuthNotOffered, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "there is a password, and the relay takes no login"}},
    {Trouble::kNoMechanism, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "the relay offers no way to log in that main.cf allows"}},
    {Trouble::kSecretWithheld, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "the password goes only to a server that is known"}},
    {Trouble::kLoginAborted, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "the relay asks what the login has no answer to"}},
    {Trouble::kLoginUnproven, 0, true, true, {kAccount, kStopAccount, {4, 7, 0}, "the relay accepts the login without proving that it knows the password"}},

    // --- the conversation
    {Trouble::kConnectionLost, kOpening | kAuth, true, true, {kPath, kNextHost, {4, 4, 2}, "the connection is cut before the mail"}},
    {Trouble::kTimeout, kOpening | kAuth, true, true, {kPath, kNextHost, {4, 4, 2}, "the relay does not answer in time"}},
    {Trouble::kNonsense, kOpening | kAuth, true, true, {kPath, kNextHost, {4, 4, 2}, "what answers does not speak SMTP, or without end"}},
    {Trouble::kConnectionLost, kEnd, true, true, {kPath, kInDoubt, {4, 4, 2}, "the connection is cut after the content: the relay may have taken it"}},
    {Trouble::kTimeout, kEnd, true, true, {kPath, kInDoubt, {4, 4, 2}, "the relay is silent after the content: it may have taken it"}},
    {Trouble::kNonsense, kEnd, true, true, {kPath, kInDoubt, {4, 4, 2}, "the answer to the content cannot be understood: the relay may have taken it"}},
    {Trouble::kConnectionLost, kEvery, true, true, {kPath, kClose, {4, 4, 2}, "the connection is cut"}},
    {Trouble::kTimeout, kEvery, true, true, {kPath, kClose, {4, 4, 2}, "the relay does not answer in time"}},
    {Trouble::kNonsense, kEvery, true, true, {kPath, kOutOfStep, {4, 4, 2}, "what answers does not speak SMTP, or without end"}},
    {Trouble::kConnectionOver, 0, true, true, {kPath, kClose, {4, 4, 2}, "an old connection has ended, as they do"}},
});
// clang-format on

}  // namespace

std::span<const ReplyRow> ReplyRows() { return kReplyRows; }
std::span<const TroubleRow> TroubleRows() { return kTroubleRows; }

}  // namespace outpost::smtp_client
