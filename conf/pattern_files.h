// Lists of patterns: names, !names, type:table, and /file, which stands for the items of that file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

constexpr size_t kMaxPatternFile = 1024 * 1024;
constexpr size_t kMaxPatterns = 100'000;
// Files that name files; and of all of them, each as often as it is named.
constexpr int kMaxPatternFileDepth = 10;
constexpr int kMaxPatternFiles = 100;

// The items of `text`, the files among them replaced by what is in them: logical lines as in main.cf, items between
// blanks and commas. Before a file, "!" is before each of its items; two of them are none.
sys::Result<std::vector<std::string>> ReadPatterns(std::string_view text);

}  // namespace outpost::conf
