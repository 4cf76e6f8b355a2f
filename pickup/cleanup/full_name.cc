#include "pickup/cleanup/full_name.h"

#include <algorithm>

#include "lib/sys/text.h"

namespace outpost::pickup {
namespace {

constexpr size_t kMaxEncodedWord = 75;  // RFC 2047 section 2

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Words of RFC 5322 atoms and blanks; "=?" would be taken for an encoded-word.
bool IsPlainPhrase(std::string_view name) {
  constexpr std::string_view kOthers = " !#$%&'*+-/^_`{|}~";
  return std::ranges::all_of(
      name, [&](char c) { return IsAlphanumeric(c) || kOthers.find(c) != std::string_view::npos; });
}

std::string Quote(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// The "Q" encoding as a phrase allows it (RFC 2047 section 5, rule 3), of one character.
std::string EncodeCharacter(std::string_view bytes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    if (IsAlphanumeric(c)) {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'=', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// Bytes of the first character of `text`, taken as UTF-8; other charsets of one byte are not hurt by it.
size_t CharacterLength(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && length < 4 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return length;
}

std::string EncodeWords(std::string_view name, std::string_view charset) {
  const std::string begin = sys::Cat("=?", charset, "?Q?");
  std::string out = begin;
  size_t word = begin.size();
  while (!name.empty()) {
    const size_t length = CharacterLength(name);
    const std::string encoded = EncodeCharacter(name.substr(0, length));
    if (word + encoded.size() + 2 > kMaxEncodedWord) {
      out += sys::Cat("?=\n ", begin);
      word = begin.size();
    }
    out += encoded;
    word += encoded.size();
    name.remove_prefix(length);
  }
  return out + "?=";
}

std::string WithoutControls(std::string_view name, std::string_view charset) {
  if (sys::EqualsIgnoringCase(charset, "utf-8")) return sys::Printable(name);
  std::string out(name);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

}  // namespace

std::string FormatMailbox(std::string_view full_name, std::string_view address, std::string_view charset) {
  const std::string name = WithoutControls(sys::Trim(full_name), charset);
  if (name.empty()) return std::string(address);
  std::string phrase;
  if (!std::ranges::all_of(name, IsAscii)) {
    phrase = EncodeWords(name, charset);
  } else {
    phrase = IsPlainPhrase(name) ? name : Quote(name);
  }
  constexpr size_t kRoomBeforeAddress = 60;
  const bool fold = phrase.size() - (phrase.rfind('\n') + 1) > kRoomBeforeAddress;
  return sys::Cat(phrase, fold ? "\n <" : " <", address, ">");
}

}  // namespace outpost::pickup
