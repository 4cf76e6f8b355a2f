#include "lib/mail/envelope.h"

namespace outpost::mail {
namespace {

bool EqualsUpper(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 'a' + 'A') : text[i];
    if (c != upper[i]) return false;
  }
  return true;
}

}  // namespace

std::string Notify::ToString() const {
  if (never) return "NEVER";
  std::string text;
  const auto add = [&](bool wanted, const char* word) {
    if (!wanted) return;
    if (!text.empty()) text += ',';
    text += word;
  };
  add(success, "SUCCESS");
  add(failure, "FAILURE");
  add(delay, "DELAY");
  return text;
}

bool Notify::Parse(std::string_view text, Notify& out) {
  Notify parsed;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    if (EqualsUpper(word, "NEVER")) {
      parsed.never = true;
    } else if (EqualsUpper(word, "SUCCESS")) {
      parsed.success = true;
    } else if (EqualsUpper(word, "FAILURE")) {
      parsed.failure = true;
    } else if (EqualsUpper(word, "DELAY")) {
      parsed.delay = true;
    } else {
      return false;
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (parsed.never && (parsed.success || parsed.failure || parsed.delay)) return false;
  out = parsed;
  return true;
}

}  // namespace outpost::mail
