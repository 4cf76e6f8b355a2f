#include "lib/spool/record.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::spool {
namespace {

using sys::Cat;
using sys::Error;
using sys::Printable;
using sys::Result;

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr size_t kNumberDigits = 19;  // any non-negative int64_t
constexpr int kFirstSysexit = 64;
constexpr int kLastSysexit = 78;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool IsPlain(char c) { return c >= 0x20 && c < 0x7F && c != '%'; }

std::string Encode(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (IsPlain(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

// Nothing when `text` has a byte that should have been encoded, a bad %XX, or an encoded control character.
std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const size_t high = kHexDigits.find(text[i + 1]);
      const size_t low = kHexDigits.find(text[i + 2]);
      if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (!IsPlain(c)) {
      return std::nullopt;
    }
    if (IsControl(c)) return std::nullopt;
    out += c;
  }
  return out;
}

std::string Padded(uint64_t number) {
  std::string digits = Cat(number);
  return std::string(kNumberDigits - std::min(digits.size(), kNumberDigits), '0') + digits;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  const auto number = sys::ParseDecimal(text);
  if (text.size() != kNumberDigits || !number) return std::nullopt;
  if (*number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return number;
}

bool IsToken(std::string_view text) {
  return text.size() == kTokenLength &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// RFC 3461 section 4: printable ASCII without "+" and "=", else "+" and two upper case hexadecimal digits.
bool IsXtext(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= 0x20 || c >= 0x7F || c == '=') return false;
    if (c != '+') continue;
    if (text.size() - i < 3 || kHexDigits.find(text[i + 1]) == std::string_view::npos ||
        kHexDigits.find(text[i + 2]) == std::string_view::npos) {
      return false;
    }
    i += 2;
  }
  return true;
}

std::string_view ToString(mail::ReturnContent ret) {
  switch (ret) {
    case mail::ReturnContent::kUnspecified:
      return "";
    case mail::ReturnContent::kFull:
      return "full";
    case mail::ReturnContent::kHeaders:
      return "headers";
  }
  __builtin_trap();
}

// One attribute: takes the decoded value into the head, or says no.
struct Attribute {
  std::string_view name;
  bool required;
  bool repeats;
  bool (*take)(std::string&& value, RecordHead& head);
};

bool TakeToken(std::string&& value, RecordHead& head) {
  head.token = std::move(value);
  return IsToken(head.token);
}

bool TakeTime(std::string&& value, RecordHead& head) {
  const auto number = ParseNumber(value);
  if (number) head.arrival = std::chrono::microseconds(static_cast<int64_t>(*number));
  return number.has_value();
}

bool TakeSize(std::string&& value, RecordHead& head) {
  const auto number = ParseNumber(value);
  if (number) head.size_bytes = *number;
  return number.has_value();
}

bool TakeSender(std::string&& value, RecordHead& head) {
  head.sender = std::move(value);
  return head.sender.size() <= mail::kMaxAddress;
}

bool TakeFullName(std::string&& value, RecordHead& head) {
  head.full_name = std::move(value);
  return head.full_name->size() <= kMaxFullName;
}

bool TakeExtract(std::string&& value, RecordHead& head) {
  head.extract_recipients = true;
  return value == "yes";
}

bool TakeRelayed(std::string&& value, RecordHead& head) {
  head.is_relayed = true;
  return value == "yes";
}

bool TakeNotify(std::string&& value, RecordHead& head) {
  return mail::Notify::Parse(value, head.notify) && head.notify.ToString() == value;
}

bool TakeReturn(std::string&& value, RecordHead& head) {
  head.ret = value == "full" ? mail::ReturnContent::kFull : mail::ReturnContent::kHeaders;
  return value == ToString(head.ret);
}

bool TakeEnvelopeId(std::string&& value, RecordHead& head) {
  head.envelope_id = std::move(value);
  return !head.envelope_id.empty() && head.envelope_id.size() <= mail::kMaxEnvelopeId && IsXtext(head.envelope_id);
}

bool TakeRecipient(std::string&& value, RecordHead& head) {
  if (value.size() > mail::kMaxAddress || head.recipients.size() == mail::kMaxRecipients) return false;
  head.recipients.push_back(std::move(value));
  return true;
}

constexpr std::array kAttributes = {
    Attribute{"token", true, false, TakeToken},         Attribute{"time", true, false, TakeTime},
    Attribute{"size", true, false, TakeSize},           Attribute{"sender", true, false, TakeSender},
    Attribute{"full_name", false, false, TakeFullName}, Attribute{"extract_recipients", false, false, TakeExtract},
    Attribute{"relayed", false, false, TakeRelayed},    Attribute{"notify", false, false, TakeNotify},
    Attribute{"ret", false, false, TakeReturn},         Attribute{"envelope_id", false, false, TakeEnvelopeId},
    Attribute{"recipient", false, true, TakeRecipient},
};

class HeadParser {
 public:
  // One attribute line, without its newline.
  Result<void> Line(std::string_view line) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return Error("no \"=\"");
    const std::string_view name = line.substr(0, equals);
    const auto* attribute = std::ranges::find(kAttributes, name, &Attribute::name);
    if (attribute == kAttributes.end()) return Error(Cat("unknown attribute ", Printable(name, 40)));
    bool& seen = seen_[static_cast<size_t>(attribute - kAttributes.begin())];
    if (seen && !attribute->repeats) return Error(Cat("repeated attribute ", name));
    seen = true;
    auto value = Decode(line.substr(equals + 1));
    if (!value || !attribute->take(std::move(*value), head_)) return Error(Cat("bad value of ", name));
    return {};
  }

  Result<RecordHead> Finish(mail::QueueId id) && {
    for (size_t i = 0; i < kAttributes.size(); ++i) {
      if (kAttributes[i].required && !seen_[i]) return Error(Cat("record: no attribute ", kAttributes[i].name));
    }
    if (head_.recipients.empty() && !head_.extract_recipients) return Error("record: no recipient");
    head_.id = std::move(id);
    return std::move(head_);
  }

 private:
  RecordHead head_;
  std::array<bool, kAttributes.size()> seen_{};
};

}  // namespace

std::string FormatHead(const RecordHead& head) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    out += name;
    out += '=';
    out += Encode(value);
    out += '\n';
  };
  out += kFirstLinePrefix;
  out += head.id.text();
  out += '\n';
  add("token", head.token);
  add("time", Padded(static_cast<uint64_t>(head.arrival.count())));
  add("size", Padded(head.size_bytes));
  add("sender", head.sender);
  if (head.full_name) add("full_name", *head.full_name);
  if (head.extract_recipients) add("extract_recipients", "yes");
  if (head.is_relayed) add("relayed", "yes");
  if (const std::string notify = head.notify.ToString(); !notify.empty()) add("notify", notify);
  if (head.ret != mail::ReturnContent::kUnspecified) add("ret", ToString(head.ret));
  if (!head.envelope_id.empty()) add("envelope_id", head.envelope_id);
  for (const std::string& recipient : head.recipients) add("recipient", recipient);
  out += '\n';
  return out;
}

std::optional<mail::QueueId> ParseFirstLine(std::string_view line) {
  if (!line.starts_with(kFirstLinePrefix) || !line.ends_with('\n')) return std::nullopt;
  line.remove_suffix(1);
  return mail::QueueId::Parse(line.substr(kFirstLinePrefix.size()));
}

Result<RecordHead> ParseHead(std::string_view head) {
  if (head.size() > kMaxHeadBytes) return Error("record: attributes too long");
  auto id = ParseFirstLine(head.substr(0, head.find('\n') + 1));
  if (!id) return Error("record: line 1: not \"outpost-record 1 ID\"");
  head.remove_prefix(head.find('\n') + 1);
  HeadParser parser;
  for (size_t number = 2;; ++number) {
    const size_t newline = head.find('\n');
    if (newline == std::string_view::npos) return Error("record: attributes end without an empty line");
    if (newline == 0) break;
    const auto failed = [&](const Error& error) { return error.Within(Cat("record: line ", number)); };
    if (newline >= kMaxAttributeLine) return failed(Error("too long"));
    if (auto taken = parser.Line(head.substr(0, newline)); !taken) return failed(taken.error());
    head.remove_prefix(newline + 1);
  }
  if (head.size() != 1) return Error("record: more after the empty line");
  return std::move(parser).Finish(std::move(*id));
}

std::string FormatAnswer(const Answer& answer) {
  std::string line;
  switch (answer.kind) {
    case Answer::Kind::kQueued:
      return Cat("queued ", answer.id, "\n");
    case Answer::Kind::kLater:
      line = "later ";
      break;
    case Answer::Kind::kRefused:
      line = Cat("refused ", answer.exit_code, " ");
      break;
  }
  return Cat(line, Printable(answer.text, kMaxAnswerLine - 1 - line.size()), "\n");
}

Result<Answer> ParseAnswer(std::string_view line) {
  const Error bad("answer: not understood");
  if (line.size() > kMaxAnswerLine || !line.ends_with('\n')) return bad;
  line.remove_suffix(1);
  if (!sys::IsCleanText(line)) return bad;
  const auto take = [&line](std::string_view word) {
    if (!line.starts_with(word)) return false;
    line.remove_prefix(word.size());
    return true;
  };
  Answer answer;
  if (take("queued ")) {
    if (!mail::QueueId::Parse(line)) return bad;
    answer.kind = Answer::Kind::kQueued;
    answer.id = line;
    return answer;
  }
  if (take("refused ")) {
    const size_t blank = line.find(' ');
    const auto code = sys::ParseDecimal(line.substr(0, blank));
    if (blank == std::string_view::npos || !code || *code < kFirstSysexit || *code > kLastSysexit) return bad;
    answer.kind = Answer::Kind::kRefused;
    answer.exit_code = static_cast<int>(*code);
    line.remove_prefix(blank + 1);
  } else if (!take("later ")) {
    return bad;
  }
  answer.text = line;
  return answer;
}

}  // namespace outpost::spool
