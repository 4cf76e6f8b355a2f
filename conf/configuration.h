// main.cf as a process sees it: found, read, checked against the registry, expanded.
//
// All errors are gathered, none is fatal by itself: who starts something refuses to with all of them at once
// (EX_CONFIG); sendmail asks for its own parameters alone, so that no mistake elsewhere refuses a submission.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

// Where the configuration is. Order: `option` (sendmail -C, outpost -C: a directory, or a path that ends in
// main.cf), MAIL_CONFIG (not when privileged by set-id), a user's own ~/.config/outpost/main.cf where there is one
// (XDG_CONFIG_HOME honoured, never for root), the directory compiled in.
struct Location {
  std::string directory;                // absolute
  bool user_mode = false;               // the user's own
  std::string default_queue_directory;  // what queue_directory is unless main.cf says otherwise
  std::string MainCf() const { return directory + "/main.cf"; }
};
sys::Result<Location> Locate(const std::optional<std::string>& option);

struct Finding {
  enum class Severity { kWarning, kError };
  Severity severity = Severity::kError;
  std::string file;  // "" when it has no place in a file
  int line = 0;
  std::string text;              // what is wrong and what to do
  std::string ToString() const;  // "/etc/outpost/main.cf:12: ..."
};

class Configuration {
 public:
  // Reads main.cf. A missing or unreadable file, a bad line, are errors among findings(); the rest is usable.
  static Configuration Load(const Location& location);
  // The same of a text, for tests; `file` names it in findings.
  static Configuration Parse(const Location& location, std::string_view file, std::string_view text);

  // Values after expansion. A value that does not fit its type, or a parameter that the registry does not hold
  // with that type (a bug: aborts), adds a finding, and the default comes back.
  std::string String(std::string_view name);
  bool Bool(std::string_view name);
  int64_t Integer(std::string_view name);  // also sizes; bounds from the registry
  std::chrono::seconds Time(std::string_view name);
  std::vector<std::string> List(std::string_view name);  // section 2 of Postfix's rules: blanks, commas, { }

  // Set in main.cf, as opposed to a default.
  bool IsSet(std::string_view name) const;
  // As written, for `outpost conf -n`; in the order of the file.
  std::vector<std::pair<std::string, std::string>> Explicit() const;
  // Checks every parameter of the registry and warns of names it does not know (nearest known name included).
  void CheckAll();
  // An error of this file's parameter `name`, found by whoever read its value: placed at its line.
  void AddFinding(Finding::Severity severity, std::string_view name, std::string text);

  const std::vector<Finding>& findings() const { return findings_; }
  bool HasErrors() const;
  const Location& location() const { return location_; }

 private:
  struct Entry {
    std::string value;
    int line = 0;
  };
  Location location_;
  std::string file_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> order_;
  std::vector<Finding> findings_;
};

}  // namespace outpost::conf
