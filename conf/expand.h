// The macros of main.cf values: $$, $name, ${name}, $(name), ${name?text}, ${name:text} (nothing where the name has a
// value), ${name?{a}:{b}}; a comparison in place of the name: ${{a} == {b} ? {c} : {d}}, "true" or "" without operands,
// with the operators == != < <= >= >, which compare numbers as numbers, and compatibility levels where "level" follows;
// and one function, ${domain_to_ascii{name}}, here of ASCII names alone. Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lib/sys/error.h"

namespace outpost::conf {

// A name's value, not yet expanded; nothing when the name is unknown (it then expands to nothing).
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// Values refer to values: each is expanded in turn, only the branch taken. A name that refers to itself, by whatever
// way, is an error; depth, number of references and length of the result are bounded.
sys::Result<std::string> Expand(std::string_view text, const Lookup& lookup);

// Adds the names that `text` refers to, in any branch. What is no valid macro adds nothing.
void CollectNames(std::string_view text, std::set<std::string, std::less<>>* names);

}  // namespace outpost::conf
