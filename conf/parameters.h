// The registry: every parameter that we know, one entry each. Adding a parameter is an entry in parameters.cc and a
// field in settings.h; a test holds the two together. `outpost conf --describe` prints it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace outpost::conf {

enum class Type {
  kString,
  kNonEmpty,  // a string that must not be empty
  kBool,
  kInteger,
  kSize,  // bytes
  kTime,
  kList,
};

// Who reads a parameter, as a set.
using Readers = unsigned;
constexpr Readers kSendmail = 1;
constexpr Readers kPickup = 2;
constexpr Readers kRunner = 4;
constexpr Readers kSmtp = 8;
constexpr Readers kEverybody = kSendmail | kPickup | kRunner | kSmtp;

struct Parameter {
  std::string_view name;
  Type type;
  std::string_view default_value;  // may hold macros; for a computed default, see Configuration, its description
  char unit;                       // of a kTime without a letter; 0 for other types
  int64_t minimum;                 // of kInteger, kSize, and kTime in seconds
  Readers readers;
  std::string_view doc;  // one sentence
  bool computed = false;
};

// In order of name.
std::span<const Parameter> Parameters();
// Nothing for a name that we do not know.
const Parameter* FindParameter(std::string_view name);

// "time", "bool", ...
std::string_view ToString(Type type);

// A parameter of Postfix that has no meaning here, or none yet.
struct ForeignParameter {
  enum class Effect {
    kNone,     // nothing that this host does depends on it: accepted without a word
    kIgnored,  // the administrator may expect something that does not happen: a warning
    kRefused,  // without it mail could leave otherwise than configured: an error
  };
  std::string_view name;  // with '*' at the end: every name that begins so
  Effect effect;
  std::string_view why;  // completes "NAME ..."
};
// What is said of `name`; nothing when it is none of Postfix's that we know.
const ForeignParameter* FindForeignParameter(std::string_view name);

// The known name nearest to `name`, "" when none is near.
std::string_view NearestName(std::string_view name);

}  // namespace outpost::conf
