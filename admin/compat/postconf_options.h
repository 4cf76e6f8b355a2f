// The command line of postconf: Postfix's, with its rules about which options go together. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::admin {

struct PostconfOptions {
  enum class Mode {
    kShow,        // parameters
    kSet,         // -e, or name=value
    kRemove,      // -X
    kCommentOut,  // -#
    kTableTypes,  // -m
    kLockTypes,   // -l
    kServerSasl,  // -a
    kClientSasl,  // -A
  };
  Mode mode = Mode::kShow;
  bool defaults = false;                 // -d
  bool only_set = false;                 // -n
  bool expand = false;                   // -x
  bool fold = false;                     // -f
  bool hide_names = false;               // -h
  bool hide_values = false;              // -H
  bool no_warnings = false;              // -q: nothing about unused parameters
  bool built_in = true;                  // -C: parameters that we know
  bool user_defined = true;              // -C: macros that main.cf defines and uses
  std::optional<std::string> directory;  // -c
  std::vector<std::string> overrides;    // -o: "name=value"
  std::vector<std::string> names;        // or "name=value", as the mode has it
};

// `arguments` without the program's name. An Error says what is wrong with them: what Postfix refuses, and what has no
// meaning here (master.cf, notices' templates, TLS).
sys::Result<PostconfOptions> ParsePostconfOptions(std::span<const std::string> arguments);

// "name = value" with single blanks between words; `fold`: lines of 80 characters at most, where words allow, the later
// ones indented.
std::string PostconfLine(std::string_view text, bool fold);

}  // namespace outpost::admin
