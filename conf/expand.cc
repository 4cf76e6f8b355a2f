#include "conf/expand.h"

#include <variant>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxReferences = 10'000;
constexpr size_t kMaxLength = 1024 * 1024;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A value is a sequence of texts and references; a reference has at most two operands.
struct Reference {
  std::string_view name;
  bool conditional = false;         // then `present` and `absent` stand for the value
  std::string_view present;         // for a value that is not empty
  std::string_view absent;          // for an empty or unknown one
  bool value_when_present = false;  // ${name:text}: the value itself, where there is one
};
using Part = std::variant<std::string, Reference>;

sys::Error Wrong(std::string_view what, std::string_view where) {
  return sys::Error(sys::Cat(what, " in \"", sys::Printable(where, 80), "\""));
}

// Where the bracket that opens `text` is closed; npos when it is not.
size_t FindClosing(std::string_view text) {
  const char open = text.front();
  const char close = open == '{' ? '}' : ')';
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) return i;
  }
  return std::string_view::npos;
}

std::string_view SkipBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// Takes "{...}" from the front of `text`; nothing when it does not begin with a closed one.
std::optional<std::string_view> TakeBraced(std::string_view* text) {
  if (text->empty() || text->front() != '{') return std::nullopt;
  const size_t close = FindClosing(*text);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view inner = text->substr(1, close - 1);
  *text = SkipBlanks(text->substr(close + 1));
  return inner;
}

// What follows '?' or ':' in "${name...}": plain text up to the end, or operands in braces.
sys::Result<Reference> ParseOperands(std::string_view name, char operation, std::string_view rest,
                                     std::string_view whole) {
  Reference reference{name, true, {}, {}, operation == ':'};
  std::string_view after = SkipBlanks(rest);
  const std::optional<std::string_view> first = TakeBraced(&after);
  if (!first || (!after.empty() && operation == ':')) {
    (operation == '?' ? reference.present : reference.absent) = rest;
    return reference;
  }
  (operation == '?' ? reference.present : reference.absent) = *first;
  if (after.empty()) return reference;
  if (after.front() != ':') return Wrong("text after \"{...}\"", whole);
  after = SkipBlanks(after.substr(1));
  const std::optional<std::string_view> second = TakeBraced(&after);
  if (!second || !after.empty()) return Wrong("\"{...}\" expected after ':'", whole);
  reference.absent = *second;
  return reference;
}

// The inside of "${...}" or "$(...)".
sys::Result<Reference> ParseBracketed(std::string_view inside) {
  const std::string_view text = SkipBlanks(inside);
  if (!text.empty() && text.front() == '{') return Wrong("comparisons are not known", inside);
  size_t length = 0;
  while (length < text.size() && IsNameCharacter(text[length])) ++length;
  const std::string_view name = text.substr(0, length);
  const std::string_view rest = SkipBlanks(text.substr(length));
  if (name.empty()) return Wrong("no parameter name after \"$\"", inside);
  if (rest.empty()) return Reference{name, false, {}, {}, false};
  if (rest.front() != '?' && rest.front() != ':') {
    return Wrong("a parameter name holds letters, digits and underscores alone:", inside);
  }
  return ParseOperands(name, rest.front(), rest.substr(1), inside);
}

// The reference or "$$" at the front of `*text`, which begins with '$'; takes it away.
sys::Result<Part> TakeDollar(std::string_view* text) {
  const std::string_view after = text->substr(1);
  if (!after.empty() && after.front() == '$') {
    *text = after.substr(1);
    return Part(std::string("$"));
  }
  if (!after.empty() && (after.front() == '{' || after.front() == '(')) {
    const size_t close = FindClosing(after);
    if (close == std::string_view::npos) return Wrong("a bracket after \"$\" is not closed", *text);
    sys::Result<Reference> reference = ParseBracketed(after.substr(1, close - 1));
    if (!reference) return reference.error();
    *text = after.substr(close + 1);
    return Part(*reference);
  }
  size_t length = 0;
  while (length < after.size() && IsNameCharacter(after[length])) ++length;
  if (length == 0) return Wrong("\"$\" without a parameter name (write \"$$\" for a dollar sign)", *text);
  *text = after.substr(length);
  return Part(Reference{after.substr(0, length), false, {}, {}, false});
}

sys::Result<std::vector<Part>> Parse(std::string_view text) {
  std::vector<Part> parts;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    if (dollar != 0) parts.emplace_back(std::string(text.substr(0, dollar)));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    sys::Result<Part> part = TakeDollar(&text);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  return parts;
}

class Expansion {
 public:
  explicit Expansion(const Lookup& lookup) : lookup_(lookup) {}

  sys::Result<std::string> Text(std::string_view text, int depth) {
    if (depth > kMaxDepth) return sys::Error("values refer to each other without end");
    const sys::Result<std::vector<Part>> parts = Parse(text);
    if (!parts) return parts.error();
    std::string out;
    for (const Part& part : *parts) {
      if (const auto* plain = std::get_if<std::string>(&part)) {
        out += *plain;
      } else {
        sys::Result<std::string> value = Value(std::get<Reference>(part), depth);
        if (!value) return value;
        out += *value;
      }
      if (out.size() > kMaxLength) return sys::Error(sys::Cat("longer than ", kMaxLength, " bytes when expanded"));
    }
    return out;
  }

 private:
  sys::Result<std::string> Value(const Reference& reference, int depth) {
    if (++references_ > kMaxReferences) return sys::Error("values refer to each other too many times");
    const std::optional<std::string> raw = lookup_(reference.name);
    sys::Result<std::string> value = Text(raw.value_or(""), depth + 1);
    if (!value) return value.error().Within(sys::Cat("$", reference.name));
    if (!reference.conditional) return value;
    if (value->empty()) return Text(reference.absent, depth + 1);
    return reference.value_when_present ? value : Text(reference.present, depth + 1);
  }

  const Lookup& lookup_;
  int references_ = 0;
};

void Collect(std::string_view text, std::set<std::string, std::less<>>* names, int depth) {
  const sys::Result<std::vector<Part>> parts = Parse(text);
  if (!parts || depth > kMaxDepth) return;
  for (const Part& part : *parts) {
    const auto* reference = std::get_if<Reference>(&part);
    if (reference == nullptr) continue;
    names->insert(std::string(reference->name));
    Collect(reference->present, names, depth + 1);
    Collect(reference->absent, names, depth + 1);
  }
}

}  // namespace

sys::Result<std::string> Expand(std::string_view text, const Lookup& lookup) {
  return Expansion(lookup).Text(text, 0);
}

void CollectNames(std::string_view text, std::set<std::string, std::less<>>* names) { Collect(text, names, 0); }

}  // namespace outpost::conf
