// The types of values (reference: Postfix's rules): text after expansion -> value, or what is wrong with it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

// "yes" or "no", in any case.
sys::Result<bool> ParseBool(std::string_view text);
// Decimal, an optional sign, nothing after it; from `minimum` to `maximum`.
sys::Result<int64_t> ParseInteger(std::string_view text, int64_t minimum,
                                  int64_t maximum = std::numeric_limits<int64_t>::max());
// A decimal number and s, m, h, d or w, or the word that begins so ("5days"); `unit` where there is none. At least
// `minimum`, at most 100 years.
sys::Result<std::chrono::seconds> ParseTime(std::string_view text, char unit, std::chrono::seconds minimum);
// Items between blanks and commas, but for those between braces; "{ ... }" is one item, its outer braces and the blanks
// inside them removed.
sys::Result<std::vector<std::string>> SplitList(std::string_view text);
// The list between the braces that are the whole of `text`.
sys::Result<std::vector<std::string>> SplitBracedList(std::string_view text);

// What one delivery, or one failure, does to the number of connections: a number from 0 to 1, over nothing, the number of
// connections, or its square root.
struct Feedback {
  enum class Per { kEvent, kConcurrency, kRootOfConcurrency };
  double amount = 1;
  Per per = Per::kEvent;
};
// "1", "0.25", "1/8"; "1/concurrency", "0.5/sqrt_concurrency".
sys::Result<Feedback> ParseFeedback(std::string_view text);

// A host or domain name: labels of letters, digits, hyphens and underscores (or non-ASCII bytes) between single
// dots.
bool IsHostName(std::string_view text);

// How many characters one name must change to be the other (insert, delete, replace, swap of neighbours).
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace outpost::conf
