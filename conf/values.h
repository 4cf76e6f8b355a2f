// What values a parameter may have: its type, with unit, bounds and words. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

enum class Type {
  kString,
  kNonEmpty,  // a string that must not be empty
  kBool,
  kInteger,
  kSize,  // bytes
  kTime,
  kWord,       // one of some words
  kWords,      // a list of such words
  kList,       // of anything
  kPatterns,   // a list of names, !names, /files with such items, type:tables
  kTables,     // a list of type:table
  kOwnMacros,  // a text with $names of its own, which are expanded for each delivery
};

// The types of tables that a parameter of type kTables or kPatterns takes.
enum class TableTypes {
  kNone,
  kAny,        // all but the next ones
  kConstant,   // the same; results of patterns may not hold parts of the key ($1)
  kPasswords,  // also those that run a program or read a secret: command, credential, secret
};

// What values a parameter may have.
struct Values {
  Type type;
  char unit = 0;        // of a kTime without a letter
  int64_t minimum = 0;  // of kInteger, kSize, and kTime in seconds
  int64_t maximum = std::numeric_limits<int64_t>::max();
  std::string_view words = {};  // of kWord and kWords: "may, encrypt"
  bool names = false;           // of kWords: names of hosts and of domains (.example.com) are values, too
  TableTypes tables = TableTypes::kNone;
  bool computed = false;  // then the default's text describes it; Configuration has its value
};

// For the rows of the registry.
namespace values {
constexpr Values String() { return {Type::kString}; }
constexpr Values NonEmpty() { return {Type::kNonEmpty}; }
constexpr Values Bool() { return {Type::kBool}; }
constexpr Values Integer(int64_t minimum, int64_t maximum = std::numeric_limits<int64_t>::max()) {
  return {Type::kInteger, 0, minimum, maximum};
}
constexpr Values Size(int64_t minimum) { return {Type::kSize, 0, minimum}; }
constexpr Values Time(char unit, int64_t minimum) { return {Type::kTime, unit, minimum}; }
constexpr Values List() { return {Type::kList}; }
constexpr Values Word(std::string_view words) {
  Values values{Type::kWord};
  values.words = words;
  return values;
}
constexpr Values Words(std::string_view words) {
  Values values{Type::kWords};
  values.words = words;
  return values;
}
constexpr Values WordsAndNames(std::string_view words) {
  Values values = Words(words);
  values.names = true;
  return values;
}
constexpr Values Patterns() {
  Values values{Type::kPatterns};
  values.tables = TableTypes::kAny;
  return values;
}
constexpr Values Tables(TableTypes tables = TableTypes::kAny) {
  Values values{Type::kTables};
  values.tables = tables;
  return values;
}
constexpr Values OwnMacros() { return {Type::kOwnMacros}; }
constexpr Values Computed(Values values) {
  values.computed = true;
  return values;
}
}  // namespace values

// "time", "yes or no", ...
std::string_view ToString(Type type);
// The same with bounds and words: "one of may, encrypt", "number, at least 1".
std::string Describe(const Values& values);

// Whether `text`, after expansion, is such a value, and what is wrong with it. Says nothing of files and tables that it
// names.
sys::Result<void> CheckValue(const Values& values, std::string_view text);
// The word of `values` that `text` is, in any case of letters; an error with the nearest one.
sys::Result<std::string_view> FindWord(const Values& values, std::string_view text);
// The words, and the names in small letters, of a kWords; an error for the first that is neither.
sys::Result<std::vector<std::string>> ReadWords(const Values& values, std::string_view text);

}  // namespace outpost::conf
