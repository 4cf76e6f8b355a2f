#include "smtp-client/capabilities.h"

#include <algorithm>
#include <string_view>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kMaxMechanisms = 64;
constexpr size_t kMaxMechanismName = 20;  // RFC 4422 section 3.1

std::string UpperCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

// The next word of `rest`, which is shortened; "" at the end.
std::string_view NextWord(std::string_view& rest, std::string_view separators) {
  const size_t begin = std::min(rest.find_first_not_of(separators), rest.size());
  rest.remove_prefix(begin);
  const size_t end = std::min(rest.find_first_of(separators), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

bool IsMechanismName(std::string_view word) {
  return word.size() <= kMaxMechanismName && std::ranges::all_of(word, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

void AddMechanisms(std::string_view words, Capabilities& capabilities) {
  capabilities.auth = true;
  while (capabilities.mechanisms.size() < kMaxMechanisms) {
    const std::string word = UpperCase(NextWord(words, " "));
    if (word.empty()) return;
    if (IsMechanismName(word) && std::ranges::find(capabilities.mechanisms, word) == capabilities.mechanisms.end())
      capabilities.mechanisms.push_back(word);
  }
}

}  // namespace

Capabilities ParseEhlo(const Reply& reply) {
  Capabilities capabilities;
  for (size_t i = 1; i < reply.lines.size(); ++i) {
    std::string_view rest = reply.lines[i];
    const std::string keyword = UpperCase(NextWord(rest, " ="));
    if (keyword == "PIPELINING") {
      capabilities.pipelining = true;
    } else if (keyword == "8BITMIME") {
      capabilities.eight_bit_mime = true;
    } else if (keyword == "SMTPUTF8") {
      capabilities.smtputf8 = true;
    } else if (keyword == "DSN") {
      capabilities.dsn = true;
    } else if (keyword == "ENHANCEDSTATUSCODES") {
      capabilities.enhanced_status_codes = true;
    } else if (keyword == "STARTTLS") {
      capabilities.starttls = true;
    } else if (keyword == "SIZE") {
      capabilities.size = true;
      capabilities.size_limit = sys::ParseDecimal(NextWord(rest, " ")).value_or(0);
    } else if (keyword == "AUTH") {
      if (!rest.empty() && rest.front() == '=') rest.remove_prefix(1);
      AddMechanisms(rest, capabilities);
    }
  }
  return capabilities;
}

}  // namespace outpost::smtp_client
