#include "lib/ipc/json_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include "lib/sys/text.h"

namespace outpost::ipc {
namespace {

constexpr size_t kMaxDepth = 4;  // the deepest of our messages has 3

// Collects what nlohmann's parser meets; false ends the parsing. Nulls, fractions and numbers beyond 64 bits are
// nowhere part of our messages.
class TokenCollector {
 public:
  using Json = nlohmann::json;
  explicit TokenCollector(std::vector<Token>& tokens) : tokens_(tokens) {}

  bool null() { return false; }
  bool boolean(bool value) { return Add({Token::Kind::kBoolean, value, {}}); }
  bool number_integer(Json::number_integer_t value) {
    return Add({Token::Kind::kNegative, static_cast<uint64_t>(value), {}});
  }
  bool number_unsigned(Json::number_unsigned_t value) { return Add({Token::Kind::kUnsigned, value, {}}); }
  bool number_float(Json::number_float_t /*value*/, const std::string& /*text*/) { return false; }
  bool string(std::string& value) { return Add({Token::Kind::kText, 0, std::move(value)}); }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool start_object(size_t /*elements*/) {
    return ++depth_ <= kMaxDepth && Add({Token::Kind::kBeginObject, 0, {}});
  }
  bool key(std::string& value) { return Add({Token::Kind::kName, 0, std::move(value)}); }
  bool end_object() { return --depth_, Add({Token::Kind::kEndObject, 0, {}}); }
  bool start_array(size_t /*elements*/) { return ++depth_ <= kMaxDepth && Add({Token::Kind::kBeginArray, 0, {}}); }
  bool end_array() { return --depth_, Add({Token::Kind::kEndArray, 0, {}}); }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    return false;
  }

 private:
  bool Add(Token token) {
    tokens_.push_back(std::move(token));
    return true;
  }
  std::vector<Token>& tokens_;
  size_t depth_ = 0;
};

bool NeedsEscape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

template <typename T>
void AppendNumber(std::string& out, T value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

bool IsHexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

void FieldWriter::Name(std::string_view name) {
  if (out_.back() != '{') out_ += ',';
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

void FieldWriter::Quote(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    const auto plain = static_cast<size_t>(std::find_if(text.begin(), text.end(), NeedsEscape) - text.begin());
    out_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text.front());
    if (c < 0x20) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out_ += "\\u00";
      out_ += kDigits[c >> 4];
      out_ += kDigits[c & 15];
    } else {
      out_ += '\\';
      out_ += text.front();
    }
    text.remove_prefix(1);
  }
  out_ += '"';
}

void FieldWriter::Exact(std::string_view name, std::string_view text, size_t /*max_bytes*/) {
  Name(name);
  Quote(text);
}

void FieldWriter::Text(std::string_view name, std::string_view text, size_t max_bytes) {
  Name(name);
  Quote(sys::Printable(text, max_bytes));
}

void FieldWriter::TextElement(std::string_view text) { Quote(sys::Printable(text, kMaxText)); }
void FieldWriter::Value(uint64_t value) { AppendNumber(out_, value); }
void FieldWriter::Value(int64_t value) { AppendNumber(out_, value); }

FieldReader::FieldReader(std::string_view what, std::string_view bytes, size_t max_bytes) : what_(what) {
  tokens_.reserve(64);
  TokenCollector collector(tokens_);
  if (bytes.size() > max_bytes) {
    Fail("too large");
  } else if (!nlohmann::json::sax_parse(bytes, &collector)) {
    Fail("not a JSON object of ours");
  }
  Take(Token::Kind::kBeginObject);
}

void FieldReader::Fail(std::string_view reason) {
  if (failed_) return;
  failed_ = true;
  reason_ = name_.empty() ? sys::Cat(what_, ": ", reason) : sys::Cat(what_, ": member ", name_, ": ", reason);
}

sys::Result<void> FieldReader::Finish() {
  if (!failed_) name_ = {};
  Take(Token::Kind::kEndObject);
  if (failed_) return sys::Error(reason_, EBADMSG);
  return {};
}

Token& FieldReader::Take(Token::Kind kind) {
  static thread_local Token nothing;
  // The parser has balanced all brackets, so only the end of the outermost object is followed by nothing.
  if (!failed_ && position_ < tokens_.size() && Next() == kind) return tokens_[position_++];
  Fail(kind == Token::Kind::kEndObject ? "a member too many" : "missing or of the wrong type");
  nothing = {kind, 0, {}};
  return nothing;
}

void FieldReader::Name(std::string_view name) {
  if (failed_) return;
  name_ = name;
  if (Take(Token::Kind::kName).text != name) Fail("missing");
}

void FieldReader::ReadText(std::string& text, size_t max_bytes) {
  text = std::move(Take(Token::Kind::kText).text);
  if (text.size() > max_bytes) return Fail("too long");
  if (!sys::IsCleanText(text)) Fail("control characters");
}

uint64_t FieldReader::ReadUnsigned(uint64_t max) {
  const uint64_t value = Take(Token::Kind::kUnsigned).number;
  if (value > max) Fail("out of range");
  return value;
}

int64_t FieldReader::ReadSigned(int64_t min, int64_t max) {
  if (failed_ || Next() != Token::Kind::kNegative)
    return static_cast<int64_t>(ReadUnsigned(static_cast<uint64_t>(max)));
  const auto value = static_cast<int64_t>(Take(Token::Kind::kNegative).number);
  if (value < min) Fail("out of range");
  return value;
}

void FieldReader::operator()(std::string_view name, bool& value) {
  Name(name);
  value = Take(Token::Kind::kBoolean).number != 0;
}

void FieldReader::operator()(std::string_view name, uint64_t& value) {
  Name(name);
  value = ReadUnsigned(std::numeric_limits<uint64_t>::max());
}

void FieldReader::operator()(std::string_view name, uint32_t& value) {
  Name(name);
  Element(value);
}

void FieldReader::operator()(std::string_view name, int64_t& value) {
  Name(name);
  value = ReadSigned(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
}

void FieldReader::operator()(std::string_view name, int& value) {
  Name(name);
  value = static_cast<int>(ReadSigned(std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

void FieldReader::operator()(std::string_view name, mail::QueueId& id) {
  Name(name);
  if (auto parsed = mail::QueueId::Parse(Take(Token::Kind::kText).text)) {
    id = std::move(*parsed);
  } else {
    Fail("not a queue id");
  }
}

void FieldReader::operator()(std::string_view name, mail::EnhancedStatus& status) {
  Name(name);
  if (const auto parsed = mail::EnhancedStatus::Parse(Take(Token::Kind::kText).text)) {
    status = *parsed;
  } else {
    Fail("not an enhanced status code");
  }
}

void FieldReader::Exact(std::string_view name, std::string& text, size_t max_bytes) {
  Name(name);
  ReadText(text, max_bytes);
}

void FieldReader::Hexadecimal(std::string_view name, std::string& digits, size_t length) {
  Exact(name, digits, length);
  if (digits.size() != length || !std::ranges::all_of(digits, IsHexadecimal)) Fail("not hexadecimal digits");
}

void FieldReader::Element(uint32_t& value) {
  value = static_cast<uint32_t>(ReadUnsigned(std::numeric_limits<uint32_t>::max()));
}

size_t FieldReader::WordNumber(std::string_view name, std::span<const std::string_view> words) {
  Name(name);
  const auto found = std::ranges::find(words, std::string_view(Take(Token::Kind::kText).text));
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  Fail("unknown word");
  return 0;
}

}  // namespace outpost::ipc
