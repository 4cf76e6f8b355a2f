#include "conf/tables/pattern_table.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

// A rule's result: texts and the numbers of groups.
using Result = std::vector<std::variant<std::string, size_t>>;

struct Rule {
  enum class Kind { kResult, kIf, kEndIf };
  Kind kind = Kind::kResult;
  bool negated = false;
  Pattern match;
  Result result;
  size_t bytes = 0;
  int line = 0;
  size_t end = 0;  // of an "if": the place of its "endif"
};

class PatternTable : public Table {
 public:
  explicit PatternTable(std::vector<Rule> rules) : rules_(std::move(rules)) {}

  bool IsPattern() const override { return true; }

  Found Find(std::string_view key) override {
    Groups groups;
    for (size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.kind == Rule::Kind::kEndIf) continue;
      const sys::Result<Matched> matched = rule.match(key, &groups);
      if (!matched) return matched.error().Within(sys::Cat("line ", rule.line));
      if (*matched != (rule.negated ? Matched::kNo : Matched::kYes)) {
        if (rule.kind == Rule::Kind::kIf) i = rule.end;
        continue;
      }
      if (rule.kind == Rule::Kind::kResult) return Compose(rule, groups);
    }
    return std::optional<std::string>();
  }

 private:
  static Found Compose(const Rule& rule, const Groups& groups) {
    std::string text;
    for (const auto& part : rule.result) {
      if (const auto* plain = std::get_if<std::string>(&part)) {
        text += *plain;
      } else if (const size_t number = std::get<size_t>(part); number < groups.size()) {
        text += groups[number];
      }
    }
    if (text.empty()) return sys::Error(sys::Cat("line ", rule.line, ": the result is empty"));
    return std::optional(std::move(text));
  }

  std::vector<Rule> rules_;
};

std::string_view SkipBlanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

// The number of a group at the front of `text`: digits, ${digits}, $(digits) without their "$". Takes it away.
sys::Result<size_t> TakeGroupNumber(std::string_view* text) {
  const char open = text->empty() ? ' ' : text->front();
  const char close = open == '{' ? '}' : ')';
  const bool bracketed = open == '{' || open == '(';
  if (bracketed) text->remove_prefix(1);
  const size_t length = std::min(text->find_first_not_of("0123456789"), text->size());
  const auto number = sys::ParseDecimal(text->substr(0, length));
  text->remove_prefix(length);
  const bool closed = !bracketed || text->starts_with(close);
  if (!number || !closed) return sys::Error("\"$\" stands before a number, or doubled for a dollar sign");
  if (bracketed) text->remove_prefix(1);
  return static_cast<size_t>(*number);
}

sys::Result<Result> ParseResult(std::string_view text, const CompiledPattern& pattern, GroupsInResults groups,
                                bool negated) {
  if (!pattern.has_groups) return Result{std::string(text)};
  Result result;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    if (dollar > 0) result.emplace_back(std::string(text.substr(0, dollar)));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      result.emplace_back(std::string("$"));
      text.remove_prefix(1);
      continue;
    }
    const sys::Result<size_t> number = TakeGroupNumber(&text);
    if (!number) return number.error();
    if (groups == GroupsInResults::kRefused) {
      return sys::Error("$number is not taken by this parameter: a part of an address must not decide here");
    }
    if (negated) return sys::Error("what does not match has no groups");
    if (*number > pattern.groups) return sys::Error(sys::Cat("the pattern has no group ", *number));
    result.emplace_back(*number);
  }
  return result;
}

// Takes "if" from the front of `text` when it is the word.
bool TakeIf(std::string_view* text) {
  if (text->size() < 3 || !sys::EqualsIgnoringCase(text->substr(0, 2), "if")) return false;
  const char next = (*text)[2];
  if (next != ' ' && next != '\t' && next != '!' && next != '/') return false;
  *text = SkipBlanks(text->substr(2));
  return true;
}

// Takes "endif" and the blanks after it from the front of `text` when it is the word.
bool TakeEndIf(std::string_view* text) {
  const size_t length = std::min(text->find_first_of(" \t"), text->size());
  if (!sys::EqualsIgnoringCase(text->substr(0, length), "endif")) return false;
  *text = SkipBlanks(text->substr(length));
  return true;
}

sys::Result<Rule> ParseRule(const LogicalLine& line, const PatternTaker& take, GroupsInResults groups,
                            std::vector<Complaint>* complaints) {
  Rule rule;
  rule.line = line.line;
  std::string_view text = line.text;
  if (TakeEndIf(&text)) {
    rule.kind = Rule::Kind::kEndIf;
    if (!text.empty()) Complain(complaints, {line.line, "what follows \"endif\" is ignored"});
    return rule;
  }
  if (TakeIf(&text)) rule.kind = Rule::Kind::kIf;
  for (; text.starts_with('!'); text.remove_prefix(1)) rule.negated = !rule.negated;
  text = SkipBlanks(text);
  if (text.empty()) return sys::Error("no pattern");
  sys::Result<CompiledPattern> pattern = take(&text);
  if (!pattern) return pattern.error();
  text = SkipBlanks(text);
  if (rule.kind == Rule::Kind::kIf) {
    if (!text.empty()) Complain(complaints, {line.line, "what follows the pattern of an \"if\" is ignored"});
  } else {
    if (text.empty()) Complain(complaints, {line.line, "no result: a key that matches is an error"});
    sys::Result<Result> result = ParseResult(text, *pattern, groups, rule.negated);
    if (!result) return result.error();
    rule.result = std::move(*result);
  }
  rule.match = std::move(pattern->match);
  rule.bytes = pattern->bytes + text.size();
  return rule;
}

}  // namespace

std::unique_ptr<Table> MakePatternTable(const std::vector<LogicalLine>& lines, const PatternTaker& take,
                                        GroupsInResults groups, std::vector<Complaint>* complaints) {
  std::vector<Rule> rules;
  std::vector<size_t> open;  // places of "if"
  size_t bytes = 0;
  for (const LogicalLine& line : lines) {
    sys::Result<Rule> rule = ParseRule(line, take, groups, complaints);
    if (!rule) {
      Complain(complaints, {line.line, sys::Cat(rule.error().text(), "; line ignored"), true});
      // Its "endif" must not end another block; nothing in it is asked.
      std::string_view text = line.text;
      if (!TakeIf(&text)) continue;
      rule = Rule{Rule::Kind::kIf, false, [](std::string_view, Groups*) { return Matched::kNo; }, {}, 0, line.line};
    }
    bytes += rule->bytes + sizeof(Rule);
    if (bytes > kMaxPatternBytes) {
      Complain(complaints, {line.line,
                            sys::Cat("patterns of more than ", kMaxPatternBytes / (1024 * 1024),
                                     " MiB; nothing from here on is used"),
                            true});
      break;
    }
    if (rule->kind == Rule::Kind::kEndIf && open.empty()) {
      Complain(complaints, {line.line, "\"endif\" without \"if\"; line ignored", true});
      continue;
    }
    if (rule->kind == Rule::Kind::kEndIf) {
      rules[open.back()].end = rules.size();
      open.pop_back();
    } else if (rule->kind == Rule::Kind::kIf) {
      open.push_back(rules.size());
    }
    rules.push_back(std::move(*rule));
  }
  if (!open.empty()) {
    Complain(complaints, {rules[open.front()].line, "\"if\" without \"endif\"; nothing after it is used", true});
    rules.resize(open.front());
  }
  return std::make_unique<PatternTable>(std::move(rules));
}

sys::Result<Delimited> TakeDelimited(std::string_view* text) {
  const char delimiter = text->front();
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  if (is_word(delimiter) || delimiter == '\\' || static_cast<unsigned char>(delimiter) >= 0x80) {
    return sys::Error("a pattern stands between two slashes: /pattern/ result");
  }
  Delimited found;
  size_t end = 1;
  for (; end < text->size() && (*text)[end] != delimiter; ++end) {
    if ((*text)[end] == '\\' && end + 1 < text->size()) found.pattern += (*text)[end++];
    found.pattern += (*text)[end];
  }
  if (end >= text->size()) return sys::Error(sys::Cat("no closing \"", delimiter, "\" of the pattern"));
  text->remove_prefix(end + 1);
  const size_t flags = std::min(text->find_first_of(" \t"), text->size());
  found.flags = text->substr(0, flags);
  text->remove_prefix(flags);
  if (found.pattern.empty()) return sys::Error("the pattern is empty");
  return found;
}

}  // namespace outpost::conf
