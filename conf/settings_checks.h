// How the settings' readers check one value; each adds a finding where the value is wrong, and returns something
// usable in any case.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/configuration.h"

namespace outpost::conf {

template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

// The finding for a word that is none of `known`, "a, b, c".
void AddUnknownWord(Configuration& configuration, std::string_view name, std::string_view word,
                    std::string_view known);

// What the word of `name` stands for: `choices` has all words of the registry. With a finding the first choice.
template <typename T>
T ReadChoice(Configuration& configuration, std::string_view name, std::span<const Choice<T>> choices) {
  const std::optional<std::string> word = configuration.Word(name);
  if (!word) return choices.front().value;
  for (const Choice<T>& choice : choices) {
    if (choice.word == *word) return choice.value;
  }
  __builtin_trap();
}

// Absolute, or empty where the parameter's type allows it.
std::string CheckedPath(Configuration& configuration, std::string_view name);

// `value`, which must be a host or domain name.
std::string CheckedHostName(Configuration& configuration, std::string_view name, std::string value);
std::string ReadHostName(Configuration& configuration, std::string_view name);

// Valid UTF-8 without control characters: what goes into headers and commands.
std::string ReadCleanText(Configuration& configuration, std::string_view name);

void CheckNextHop(Configuration& configuration, std::string_view name, std::string_view value);
std::string ReadRelayhost(Configuration& configuration);

}  // namespace outpost::conf
