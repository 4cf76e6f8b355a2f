// regexp: tables' patterns, POSIX regular expressions. Letters match in either case; each flag turns over what it names:
// i (case), m (^ and $ at line breaks), x (extended syntax, which is on without it). Patterns that refer back (\1), or that
// repeat repetitions, would have no bound: they are refused.
#pragma once

#include "conf/tables/pattern_table.h"

namespace outpost::conf {

sys::Result<CompiledPattern> TakeRegexp(std::string_view* text);

}  // namespace outpost::conf
