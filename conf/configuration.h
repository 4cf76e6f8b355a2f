// main.cf as a process sees it: found, read, checked against the registry, expanded.
//
// All errors are gathered, none is fatal by itself: who starts something refuses to with all of them at once
// (EX_CONFIG); sendmail asks for its own parameters alone, so that no mistake elsewhere refuses a submission.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "conf/location.h"
#include "conf/parameters.h"
#include "lib/sys/error.h"

namespace outpost::conf {

// A larger main.cf is not read.
constexpr size_t kMaxMainCf = 1024 * 1024;

struct Finding {
  enum class Severity { kNote, kWarning, kError };
  Severity severity = Severity::kError;
  std::string file;  // "" when it has no place in a file
  int line = 0;
  std::string text;              // what is wrong and what to do
  std::string ToString() const;  // "/etc/outpost/main.cf:12: warning: ...", an error without a word
};

std::string_view NameOf(Finding::Severity severity);  // "note", "warning", "error"

class Configuration {
 public:
  // How $name finds the default of a parameter that main.cf does not set.
  using Finder = const Parameter* (*)(std::string_view name);

  // Reads main.cf, once nobody is writing it (conf/settled_file.h). A missing or unreadable file, a bad line, are errors
  // among findings(); the rest is usable. With FindInEffect, $name is empty for what is neither set nor in effect, and
  // the rest of the registry is not needed.
  static Configuration Load(const Location& location, Finder find = FindWithDefault);
  // The same of a text, for tests; `file` names it in findings.
  static Configuration Parse(const Location& location, std::string_view file, std::string_view text);

  // Values after expansion. A value that does not fit its type adds a finding, and the default comes back. A
  // parameter that is not in effect, or not of that type, is a bug and aborts.
  std::string String(std::string_view name);
  bool Bool(std::string_view name);
  int64_t Integer(std::string_view name);  // bounds from the registry
  uint64_t Size(std::string_view name);    // the same of bytes
  std::chrono::seconds Time(std::string_view name);
  std::vector<std::string> List(std::string_view name);  // between blanks and commas; { } protects
  // The word as the registry writes it; nothing where there is a finding.
  std::optional<std::string> Word(std::string_view name);
  // The list with the items of the files that it names in their place; see conf/pattern_files.h.
  std::vector<std::string> Patterns(std::string_view name);

  // Set in main.cf, as opposed to a default.
  bool IsSet(std::string_view name) const;
  // As written, for `outpost conf -n`; in the order of the file.
  std::vector<std::pair<std::string, std::string>> Explicit() const;
  // The value of any known parameter as text, after expansion: for `outpost conf`. Not only what is in effect. A value with
  // names of its own stays as it is.
  sys::Result<std::string> Expanded(std::string_view name) const;
  // The same before expansion: what main.cf says, else the default; nothing for a name that is neither set nor known.
  std::optional<std::string> Unexpanded(std::string_view name) const;
  // What would hold if main.cf were empty.
  std::optional<std::string> UnexpandedDefault(std::string_view name) const;
  sys::Result<std::string> ExpandedDefault(std::string_view name) const;
  // The line of main.cf that sets `name`; 0 when none does.
  int LineOf(std::string_view name) const;
  // The names that main.cf sets and uses in a value, and that are no parameters: its macros, and a listener's classes.
  std::set<std::string, std::less<>> UserDefined() const;
  // The names that its values use, and that are neither set nor known: they are empty.
  std::set<std::string, std::less<>> Undefined() const;
  // As if main.cf said so as well, in a later line: for `postconf -o`.
  void Override(const std::string& name, std::string value);

  // Every name that main.cf sets or refers to: warns of those that nobody knows (the nearest known name included)
  // unless they serve as macros, and of what is not in effect; what mail could leave otherwise without is an error. So
  // is a value that cannot be expanded.
  void CheckNames();
  // Something about this file's parameter `name`, found by whoever read its value: placed at its line, or at that of the
  // parameter which its default takes the value of. The same finding is kept once.
  void AddFinding(Finding::Severity severity, std::string_view name, std::string_view text);
  // Something about another file.
  void AddFinding(Finding finding);

  const std::vector<Finding>& findings() const { return findings_; }
  bool HasErrors() const;
  // Whether there is a text: else all values are defaults, and a finding says why.
  bool was_read() const { return was_read_; }
  const Location& location() const { return location_; }
  // The parameters that have been asked for so far, by name or in another's value.
  const std::set<std::string, std::less<>>& names_read() const { return names_read_; }

 private:
  // The parameter that main.cf sets where `name` is not set and its default is another one's value, "$other"; else
  // `name`.
  std::string_view OriginOf(std::string_view name) const;
  struct Entry {
    std::string value;
    int line = 0;
  };
  Configuration(Location location, Finder find)
      : location_(std::move(location)), find_(find), file_(location_.MainCf()) {}
  void Take(std::string_view text);
  // A parameter's default before expansion; what is computed, computed.
  std::string Default(const Parameter& parameter) const;
  std::string DefaultDomain() const;
  // The same after it, by today's values.
  sys::Result<std::string> ExpandDefault(const Parameter& parameter) const;
  sys::Result<std::string> ExpandText(std::string_view text) const;
  // The value of `name` through `parse`, or the default's with a finding.
  template <typename Reader>
  auto Typed(std::string_view name, std::initializer_list<Type> types, Reader parse);
  void CheckName(const std::string& name, bool is_referred_to);
  void CheckNotInEffect(const std::string& name, const Parameter& parameter, const std::string& why);

  Location location_;
  Finder find_;
  std::string file_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> order_;
  std::vector<Finding> findings_;
  std::unordered_set<std::string> told_;  // their texts
  mutable std::set<std::string, std::less<>> names_read_;
  mutable bool finding_domain_ = false;
  bool was_read_ = false;
};

}  // namespace outpost::conf
