// How the structs of this room become JSON and come back; for its own .cc files alone.
//
// Each struct is described once, by a Describe(fields, message) that names its members in the order of the wire.
// The same description writes (FieldWriter) and reads (FieldReader), so the two cannot disagree. Reading is strict:
// the members must be those of the description, in its order, of its types, within its bounds; so a missing, extra
// or repeated member is refused without being looked for. No exceptions.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lib/mail/enhanced_status.h"
#include "lib/mail/queue_id.h"
#include "lib/sys/error.h"

namespace outpost::ipc {

constexpr size_t kMaxText = 2000;  // words for people: replies, reasons
constexpr size_t kMaxName = 1000;  // hosts, relays, accounts, paths

// A message's name on the wire, the value of its member "type"; each message type specialises it.
template <typename Message>
constexpr std::string_view kTypeName = "";

// `T` is Message, const or not: what a description takes, so that it serves writing and reading.
template <typename T, typename Message>
concept Of = std::same_as<std::remove_const_t<T>, Message>;

class FieldWriter {
 public:
  FieldWriter() : out_("{") {}

  template <std::integral T>
  void operator()(std::string_view name, T value) {
    Name(name);
    Value(value);
  }
  void operator()(std::string_view name, const mail::QueueId& id) {
    Exact(name, id.text(), mail::QueueId::kLength);
  }
  void operator()(std::string_view name, const mail::EnhancedStatus& status) { Exact(name, status.ToString(), 0); }

  // As it is: the other end refuses what is too long or not clean.
  void Exact(std::string_view name, std::string_view text, size_t max_bytes);
  // Words for people: made printable and cut at `max_bytes`.
  void Text(std::string_view name, std::string_view text, size_t max_bytes = kMaxText);
  void Hexadecimal(std::string_view name, std::string_view digits, size_t length) { Exact(name, digits, length); }
  // An enumerator (from 0, without gaps) as its word.
  template <typename Enum>
  void Word(std::string_view name, Enum value, std::span<const std::string_view> words) {
    Exact(name, words[static_cast<size_t>(value)], 0);
  }
  // `write_element(fields, element)` for each; what does not fit into `max_bytes` of the whole line is left out.
  template <typename T, typename WriteElement>
  void List(std::string_view name, const std::vector<T>& elements, size_t /*max_elements*/,
            WriteElement write_element, size_t max_bytes = SIZE_MAX) {
    Name(name);
    out_ += '[';
    for (const T& element : elements) {
      const size_t before = out_.size();
      if (out_.back() != '[') out_ += ',';
      write_element(*this, element);
      if (out_.size() > max_bytes) {
        out_.resize(before);
        break;
      }
    }
    out_ += ']';
  }
  // Elements of a list.
  template <typename DescribeMembers>
  void Object(DescribeMembers describe) {
    out_ += '{';
    describe();
    out_ += '}';
  }
  template <std::integral T>
  void Element(T value) {
    Value(value);
  }
  void TextElement(std::string_view text);

  std::string Finish() && {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void Name(std::string_view name);
  void Quote(std::string_view text);
  void Value(bool value) { out_ += value ? "true" : "false"; }
  void Value(uint64_t value);
  void Value(int64_t value);
  void Value(uint32_t value) { Value(uint64_t{value}); }
  void Value(int value) { Value(int64_t{value}); }
  std::string out_;
};

// One event of the JSON text, as its parser meets it.
struct Token {
  enum class Kind {
    kBeginObject,
    kEndObject,
    kBeginArray,
    kEndArray,
    kName,
    kText,
    kUnsigned,
    kNegative,
    kBoolean
  };
  Kind kind;
  uint64_t number = 0;  // kNegative: the bits of an int64_t; kBoolean: 0 or 1
  std::string text;
};

// The first thing that is wrong ends the reading: from then on every call does nothing.
class FieldReader {
 public:
  // `what` names the packet in errors.
  FieldReader(std::string_view what, std::string_view bytes, size_t max_bytes);

  void operator()(std::string_view name, bool& value);
  void operator()(std::string_view name, uint64_t& value);
  void operator()(std::string_view name, uint32_t& value);
  void operator()(std::string_view name, int64_t& value);
  void operator()(std::string_view name, int& value);
  void operator()(std::string_view name, mail::QueueId& id);
  void operator()(std::string_view name, mail::EnhancedStatus& status);

  // Clean UTF-8 of at most `max_bytes`.
  void Exact(std::string_view name, std::string& text, size_t max_bytes);
  void Text(std::string_view name, std::string& text, size_t max_bytes = kMaxText) { Exact(name, text, max_bytes); }
  void Hexadecimal(std::string_view name, std::string& digits, size_t length);
  template <typename Enum>
  void Word(std::string_view name, Enum& value, std::span<const std::string_view> words) {
    value = static_cast<Enum>(WordNumber(name, words));
  }
  template <typename T, typename ReadElement>
  void List(std::string_view name, std::vector<T>& elements, size_t max_elements, ReadElement read_element,
            size_t /*max_bytes*/ = SIZE_MAX) {
    Name(name);
    Take(Token::Kind::kBeginArray);
    elements.clear();
    while (!failed() && Next() != Token::Kind::kEndArray) {
      if (elements.size() == max_elements) return Fail("too many elements");
      read_element(*this, elements.emplace_back());
    }
    Take(Token::Kind::kEndArray);
  }
  template <typename DescribeMembers>
  void Object(DescribeMembers describe) {
    Take(Token::Kind::kBeginObject);
    describe();
    Take(Token::Kind::kEndObject);
  }
  void Element(uint32_t& value);
  void TextElement(std::string& text) { ReadText(text, kMaxText); }

  void Fail(std::string_view reason);
  bool failed() const { return failed_; }
  // After the last member: that nothing is left. The error, if there was one.
  sys::Result<void> Finish();

 private:
  Token::Kind Next() const { return tokens_[position_].kind; }
  // The next token, which must be a `kind`; a token of no content after a failure.
  Token& Take(Token::Kind kind);
  void Name(std::string_view name);
  void ReadText(std::string& text, size_t max_bytes);
  uint64_t ReadUnsigned(uint64_t max);
  int64_t ReadSigned(int64_t min, int64_t max);
  size_t WordNumber(std::string_view name, std::span<const std::string_view> words);

  std::string what_;
  std::vector<Token> tokens_;
  size_t position_ = 0;
  std::string_view name_;  // of the member being read
  bool failed_ = false;
  std::string reason_;
};

template <typename Message>
std::string EncodeMessage(const Message& message) {
  FieldWriter fields;
  fields.Exact("type", kTypeName<Message>, 0);
  Describe(fields, message);
  return std::move(fields).Finish();
}

template <typename Variant>
struct AlternativesOf;

template <typename... Messages>
struct AlternativesOf<std::variant<Messages...>> {
  static sys::Result<std::variant<Messages...>> Parse(FieldReader fields) {
    std::string type;
    fields.Exact("type", type, 32);
    std::variant<Messages...> message;
    const bool known =
        ((type == kTypeName<Messages> && (Describe(fields, message.template emplace<Messages>()), true)) || ...);
    if (!known) fields.Fail("unknown type");
    if (auto finished = fields.Finish(); !finished) return finished.error();
    return message;
  }
};

// The message of one of the types of Variant that is the whole of `bytes`.
template <typename Variant>
sys::Result<Variant> ParseMessage(std::string_view what, std::string_view bytes, size_t max_bytes) {
  return AlternativesOf<Variant>::Parse(FieldReader(what, bytes, max_bytes));
}

}  // namespace outpost::ipc
