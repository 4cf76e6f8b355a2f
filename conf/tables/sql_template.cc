#include "conf/tables/sql_template.h"

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::string_view kMacros = "sudSUD123456789";

// The part of `text`, an address or a name, that `macro` (in lower case) stands for.
std::optional<std::string_view> PartOf(std::string_view text, char macro) {
  if (macro == 's') return text;
  const size_t at = text.rfind('@');
  if (macro == 'u') {
    const std::string_view user = text.substr(0, at);
    return user.empty() ? std::nullopt : std::optional(user);
  }
  if (at == std::string_view::npos || at + 1 == text.size()) return std::nullopt;
  return text.substr(at + 1);
}

// The label of the key's domain, counted from its end, from 1.
std::optional<std::string_view> LabelOf(std::string_view key, int number) {
  const auto domain = PartOf(key, 'd');
  if (!domain) return std::nullopt;
  std::string_view rest = *domain;
  for (int i = 1; i < number; ++i) {
    const size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    rest = rest.substr(0, dot);
  }
  return rest.substr(rest.rfind('.') + 1);
}

std::optional<std::string_view> Stands(char macro, std::string_view value, std::string_view key) {
  if (macro >= '1' && macro <= '9') return LabelOf(key, macro - '0');
  if (macro >= 'A' && macro <= 'Z') return PartOf(key, static_cast<char>(macro - 'A' + 'a'));
  return PartOf(value, macro);
}

// The literal from the quote at `begin` on, without its quotes; the doubled ones within are single. `end` receives the
// place after it.
sys::Result<std::string> TakeLiteral(std::string_view query, size_t begin, size_t* end) {
  const char quote = query[begin];
  std::string text;
  for (size_t i = begin + 1; i < query.size(); ++i) {
    if (query[i] != quote) {
      text += query[i];
    } else if (i + 1 < query.size() && query[i + 1] == quote) {
      text += query[i++];
    } else {
      *end = i + 1;
      return text;
    }
  }
  return sys::Error("a quote of the query is not closed");
}

}  // namespace

sys::Result<SqlTemplate> SqlTemplate::Parse(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    ++i;
    if (i == text.size() || (text[i] != '%' && kMacros.find(text[i]) == std::string_view::npos)) {
      return sys::Error("there are %s, %u, %d, %1 to %9, and %% for a percent sign");
    }
  }
  SqlTemplate parsed;
  parsed.text_ = text;
  return parsed;
}

std::optional<std::string> SqlTemplate::Expand(std::string_view value, std::string_view key) const {
  std::string out;
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != '%') {
      out += text_[i];
    } else if (text_[++i] == '%') {
      out += '%';
    } else {
      const auto part = Stands(text_[i], value, key);
      if (!part) return std::nullopt;
      out += *part;
    }
  }
  return out;
}

sys::Result<SqlQuery> ParseSqlQuery(std::string_view query) {
  SqlQuery parsed;
  for (size_t i = 0; i < query.size();) {
    if (query[i] == '%') {
      if (query.substr(i, 2) != "%%") return sys::Error("a macro of the query stands in quotes: '%s'");
      parsed.statement += '%';
      i += 2;
    } else if (query[i] != '\'' && query[i] != '"') {
      parsed.statement += query[i++];
    } else {
      size_t end = 0;
      const auto literal = TakeLiteral(query, i, &end);
      if (!literal) return literal.error();
      if (literal->find('%') == std::string::npos) {
        parsed.statement += query.substr(i, end - i);
      } else {
        auto macros = SqlTemplate::Parse(*literal);
        if (!macros) return macros.error();
        parsed.literals.push_back(std::move(*macros));
        parsed.statement += sys::Cat("?", parsed.literals.size());
      }
      i = end;
    }
  }
  return parsed;
}

}  // namespace outpost::conf
