#include "conf/expand.h"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <variant>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxReferences = 10'000;
constexpr size_t kMaxLength = 256 * 1024;
constexpr size_t kMaxKept = 1024 * 1024;  // bytes of the values of all names

constexpr std::string_view kToAscii = "domain_to_ascii";

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// "{left} operator {right}": each side is expanded before it is compared.
struct Comparison {
  std::string_view left;
  std::string_view operation;  // "==", "!=", "<", "<=", ">=", ">"
  bool by_level = false;       // as compatibility levels: 3.10 is more than 3.6
  std::string_view right;
};

// A value is a sequence of texts and references; a reference is to a name, a function of a text or a comparison, and
// has at most two operands.
struct Reference {
  std::string_view name;
  std::optional<std::string_view> argument;  // then the name is a function's
  std::optional<Comparison> comparison;      // instead of a name; "true" or ""
  bool conditional = false;                  // then `present` and `absent` stand for the value
  std::string_view present;                  // for a value that is not empty
  std::string_view absent;                   // for an empty or unknown one
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

// Takes a parameter's name from the front of `text`; "" when there is none.
std::string_view TakeName(std::string_view* text) {
  size_t length = 0;
  while (length < text->size() && IsNameCharacter((*text)[length])) ++length;
  const std::string_view name = text->substr(0, length);
  text->remove_prefix(length);
  return name;
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

// What follows '?' or ':' in "${name...}": plain text up to the end, or operands in braces, of which the last one may
// be plain text.
sys::Result<void> ParseOperands(std::string_view rest, std::string_view whole, Reference* reference) {
  const bool has_present = rest.front() == '?';
  std::string_view& first = has_present ? reference->present : reference->absent;
  reference->conditional = true;
  first = rest.substr(1);
  std::string_view after = SkipBlanks(first);
  const std::optional<std::string_view> braced = TakeBraced(&after);
  if (!braced) return {};
  first = *braced;
  if (after.empty()) return {};
  if (!has_present || after.front() != ':') return Wrong("text after \"{...}\"", whole);
  reference->absent = after.substr(1);
  after = SkipBlanks(reference->absent);
  if (const std::optional<std::string_view> second = TakeBraced(&after)) {
    if (!after.empty()) return Wrong("text after \"{...}\"", whole);
    reference->absent = *second;
  }
  return {};
}

// Takes the operator from the front of `text`; "" when there is none.
std::string_view TakeOperator(std::string_view* text) {
  for (const std::string_view operation : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (!text->starts_with(operation)) continue;
    text->remove_prefix(operation.size());
    return operation;
  }
  return {};
}

// Takes "{left} operator {right}" from the front of `text`, which begins with '{'.
sys::Result<Comparison> TakeComparison(std::string_view* text) {
  constexpr std::string_view kByLevel = "level";
  const std::string_view whole = *text;
  Comparison comparison;
  const std::optional<std::string_view> left = TakeBraced(text);
  if (!left) return Wrong("a brace is not closed", whole);
  comparison.operation = TakeOperator(text);
  if (comparison.operation.empty()) return Wrong("==, !=, <, <=, >= or > expected after \"{...}\"", whole);
  comparison.by_level = text->starts_with(kByLevel);
  if (comparison.by_level) text->remove_prefix(kByLevel.size());
  *text = SkipBlanks(*text);
  const std::optional<std::string_view> right = TakeBraced(text);
  if (!right) return Wrong("\"{...}\" expected on both sides of a comparison", whole);
  comparison.left = *left;
  comparison.right = *right;
  return comparison;
}

// The inside of "${...}" or "$(...)".
sys::Result<Reference> ParseBracketed(std::string_view inside) {
  Reference reference;
  std::string_view rest = SkipBlanks(inside);
  if (!rest.empty() && rest.front() == '{') {
    sys::Result<Comparison> comparison = TakeComparison(&rest);
    if (!comparison) return comparison.error();
    reference.comparison = *comparison;
  } else {
    reference.name = TakeName(&rest);
    if (reference.name.empty()) return Wrong("no parameter name after \"$\"", inside);
    rest = SkipBlanks(rest);
  }
  if (!rest.empty() && rest.front() == '{') {
    if (reference.name != kToAscii) return Wrong("the only function of values is domain_to_ascii", inside);
    reference.argument = TakeBraced(&rest);
    if (!reference.argument) return Wrong("a brace is not closed", inside);
  }
  if (rest.empty()) return reference;
  if (rest.front() != '?' && rest.front() != ':') {
    return Wrong(reference.comparison ? "'?' or ':' expected after a comparison"
                                      : "a parameter name holds letters, digits and underscores alone:",
                 inside);
  }
  if (auto parsed = ParseOperands(rest, inside, &reference); !parsed) return parsed.error();
  return reference;
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
  std::string_view rest = after;
  Reference reference;
  reference.name = TakeName(&rest);
  if (reference.name.empty()) {
    return Wrong("\"$\" without a parameter name (write \"$$\" for a dollar sign)", *text);
  }
  *text = rest;
  return Part(reference);
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

bool IsNumber(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Digits of any number: the longer is more, once leading zeros are gone.
std::strong_ordering CompareNumbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() == b.size() ? a <=> b : a.size() <=> b.size();
}

// As numbers where both sides are, else by bytes.
std::strong_ordering Compare(std::string_view left, std::string_view right) {
  left = sys::Trim(left);
  right = sys::Trim(right);
  return IsNumber(left) && IsNumber(right) ? CompareNumbers(left, right) : left <=> right;
}

// major, major.minor or major.minor.patch; what is not there is 0.
sys::Result<std::array<std::string_view, 3>> ParseLevel(std::string_view text) {
  std::array<std::string_view, 3> parts;
  std::string_view rest = sys::Trim(text);
  for (std::string_view& part : parts) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    part = rest.substr(0, dot);
    if (!IsNumber(part)) break;
    if (dot == rest.size()) return parts;
    rest.remove_prefix(dot + 1);
  }
  return sys::Error(sys::Cat("\"", sys::Printable(text, 80), "\" is no compatibility level, such as 3.6"));
}

sys::Result<std::strong_ordering> CompareLevels(std::string_view left, std::string_view right) {
  const auto a = ParseLevel(left);
  if (!a) return a.error();
  const auto b = ParseLevel(right);
  if (!b) return b.error();
  std::strong_ordering order = std::strong_ordering::equal;
  for (size_t i = 0; std::is_eq(order) && i < a->size(); ++i) order = CompareNumbers((*a)[i], (*b)[i]);
  return order;
}

bool Holds(std::string_view operation, std::strong_ordering order) {
  if (operation == "!=") return std::is_neq(order);
  const bool with_equal = operation.ends_with('=');
  if (std::is_eq(order)) return with_equal;
  return std::is_lt(order) ? operation.starts_with('<') : operation.starts_with('>');
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
    sys::Result<std::string> value = reference.comparison ? Truth(*reference.comparison, depth)
                                     : reference.argument ? ToAscii(*reference.argument, depth)
                                                          : Named(reference.name, depth);
    if (!value || !reference.conditional) return value;
    return Text(value->empty() ? reference.absent : reference.present, depth + 1);
  }

  sys::Result<std::string> Named(std::string_view name, int depth) {
    if (std::ranges::find(within_, name) != within_.end()) return RefersToItself(name);
    if (const auto known = values_.find(name); known != values_.end()) return known->second;
    within_.emplace_back(name);
    sys::Result<std::string> value = Text(lookup_(name).value_or(""), depth + 1);
    within_.pop_back();
    if (!value) return value;
    kept_ += value->size();
    if (kept_ > kMaxKept) return sys::Error(sys::Cat("values of more than ", kMaxKept, " bytes are referred to"));
    values_.emplace(name, *value);
    return value;
  }

  // "$a refers to itself by way of $b".
  sys::Error RefersToItself(std::string_view name) const {
    std::string way;
    for (auto other = std::ranges::find(within_, name) + 1; other != within_.end(); ++other) {
      way += sys::Cat(way.empty() ? " by way of $" : ", $", *other);
    }
    return sys::Error(sys::Cat("$", name, " refers to itself", way));
  }

  // IDNA is not conf's: a name that has its letters already as DNS wants them.
  sys::Result<std::string> ToAscii(std::string_view argument, int depth) {
    const sys::Result<std::string> name = Text(argument, depth + 1);
    if (!name) return name.error();
    if (std::ranges::any_of(*name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
      return Wrong("domain_to_ascii takes ASCII names alone, write the xn-- form", *name);
    }
    return sys::LowerCase(*name);
  }

  sys::Result<std::string> Truth(const Comparison& comparison, int depth) {
    const sys::Result<std::string> left = Text(comparison.left, depth + 1);
    if (!left) return left.error();
    const sys::Result<std::string> right = Text(comparison.right, depth + 1);
    if (!right) return right.error();
    const auto order = comparison.by_level ? CompareLevels(*left, *right) : sys::Result(Compare(*left, *right));
    if (!order) return order.error();
    return std::string(Holds(comparison.operation, *order) ? "true" : "");
  }

  const Lookup& lookup_;
  int references_ = 0;
  std::vector<std::string> within_;  // the names whose values are being expanded
  // Those that have been: a = $b$b, b = $c$c, ... would else take time by the power of their number.
  std::map<std::string, std::string, std::less<>> values_;
  size_t kept_ = 0;
};

void Collect(std::string_view text, std::set<std::string, std::less<>>* names, int depth) {
  const sys::Result<std::vector<Part>> parts = Parse(text);
  if (!parts || depth > kMaxDepth) return;
  for (const Part& part : *parts) {
    const auto* reference = std::get_if<Reference>(&part);
    if (reference == nullptr) continue;
    if (reference->comparison) {
      Collect(reference->comparison->left, names, depth + 1);
      Collect(reference->comparison->right, names, depth + 1);
    } else if (reference->argument) {
      Collect(*reference->argument, names, depth + 1);
    } else {
      names->insert(std::string(reference->name));
    }
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
