#include "queue-runner/mail_text.h"

#include <algorithm>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kTextWidth = 76;
constexpr size_t kLongestWord = 900;  // a line of a message holds 998 bytes

}  // namespace

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

std::string Wrap(std::string_view text, std::string_view indent) {
  std::string out;
  size_t column = 0;
  while (!text.empty()) {
    const size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, std::min(blank, kLongestWord));
    if (column > 0 && column + 1 + word.size() > kTextWidth) {
      out += sys::Cat("\n", indent);
      column = indent.size();
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(word.size());
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return out;
}

}  // namespace outpost::queue_runner
