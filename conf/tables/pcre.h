// pcre: tables' patterns, Perl's regular expressions by PCRE2. Letters match in either case, a dot matches line breaks;
// each flag turns over what it names: i (case), s (the dot), m (^ and $ at line breaks), x (blanks and comments in
// patterns), A (at the key's beginning alone), E ($ at its very end alone), U (short matches first); X changes nothing:
// PCRE2 is always strict.
#pragma once

#include "conf/tables/pattern_table.h"

namespace outpost::conf {

// Steps and memory of a match are bounded; beyond them it is an Error.
sys::Result<CompiledPattern> TakePcre(std::string_view* text);

}  // namespace outpost::conf
