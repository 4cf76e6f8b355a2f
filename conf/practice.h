// What is legal in main.cf and wrong in practice: values and facts -> what is to be said. Pure; who asks gathers the facts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"

namespace outpost::conf {

// What DNS says of the relay's name: which mail servers its domain has.
struct MailServers {
  enum class Answer {
    kNotAsked,
    kSome,
    kNone,        // the name is there, and has no MX record
    kNoSuchName,  // neither DNS nor the hosts file has it
    kNoMail,      // a null MX (RFC 7505)
    kCouldNotAsk,
  };
  Answer answer = Answer::kNotAsked;
  std::vector<std::string> names;  // of kSome
  std::string why;                 // of kCouldNotAsk
};

// A key of a table of passwords, and where it stands.
struct PasswordKey {
  std::string key;
  std::string file;
  int line = 0;
};

struct PracticeFacts {
  SmtpClientSettings smtp;
  bool relayhost_is_wrong = false;  // it has a finding of its own, and its default stands in for it
  std::string default_transport;
  std::string myorigin;
  std::vector<std::string> own_addresses;  // of this host's interfaces
  std::vector<PasswordKey> password_keys;  // of tables that are lists of keys
  std::vector<std::string> asked_for;      // keys under which the relay's password is looked up
  MailServers relay;
};

// What concerns a parameter has no file; it is main.cf's, at the parameter's line.
struct PracticeFinding {
  Finding::Severity severity = Finding::Severity::kWarning;
  std::string_view parameter;
  std::string text;  // a reason and a remedy, one line
  std::string file;
  int line = 0;
};

std::vector<PracticeFinding> JudgePractice(const PracticeFacts& facts);

}  // namespace outpost::conf
