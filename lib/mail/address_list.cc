#include "lib/mail/address_list.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "lib/mail/address.h"

namespace outpost::mail {
namespace {

struct Token {
  enum class Kind : uint8_t { kWord, kSpecial, kComment };
  Kind kind = Kind::kSpecial;
  std::string text;  // unquoted; a literal keeps its brackets
  size_t begin = 0;
  size_t end = 0;
  bool Is(char c) const { return kind == Kind::kSpecial && text[0] == c; }
};
using Tokens = std::span<const Token>;

bool IsLineEnd(char c) { return c == '\r' || c == '\n'; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || IsLineEnd(c); }

// RFC 5322 section 3.2.3. '.' counts as part of a word here: "a.b" then needs no joining, and empty parts are the
// address's own fault.
bool IsSpecial(char c) { return std::string_view("()<>@,;:\\\"[]").find(c) != std::string_view::npos; }

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  // False at the end.
  bool Next(Token& token) {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
    if (at_ == text_.size()) return false;
    token.text.clear();
    token.begin = at_;
    token.kind = Read(token.text);
    token.end = at_;
    return true;
  }

 private:
  Token::Kind Read(std::string& out) {
    const char c = text_[at_];
    if (c == '(') return ReadComment(out);
    if (c == '"' || c == '[') {
      ReadDelimited(c, out);
      return Token::Kind::kWord;
    }
    if (IsSpecial(c) && c != '\\') {
      out += c;
      ++at_;
      return Token::Kind::kSpecial;
    }
    ReadAtom(out);
    return Token::Kind::kWord;
  }

  void ReadAtom(std::string& out) {
    while (at_ < text_.size() && !IsBlank(text_[at_]) && (!IsSpecial(text_[at_]) || text_[at_] == '\\')) {
      TakeEscaped(out);
    }
  }

  void ReadDelimited(char open, std::string& out) {
    const bool literal = open == '[';
    const char close = literal ? ']' : '"';
    if (literal) out += open;
    for (++at_; at_ < text_.size() && text_[at_] != close;) {
      if (IsLineEnd(text_[at_]) || (literal && IsBlank(text_[at_]))) {
        ++at_;  // folding
      } else {
        TakeEscaped(out);
      }
    }
    if (at_ < text_.size()) ++at_;
    if (literal) out += close;
  }

  Token::Kind ReadComment(std::string& out) {
    size_t depth = 1;
    for (++at_; at_ < text_.size();) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) break;
      if (IsLineEnd(text_[at_])) {
        ++at_;
      } else {
        TakeEscaped(out);
      }
    }
    if (at_ < text_.size()) ++at_;
    return Token::Kind::kComment;
  }

  void TakeEscaped(std::string& out) {
    // A line's end stays one: an address with a newline in it would break the header that it is put back into.
    const bool escapes = text_[at_] == '\\' && at_ + 1 < text_.size() && !IsLineEnd(text_[at_ + 1]);
    if (escapes) ++at_;
    out += text_[at_++];
  }

  std::string_view text_;
  size_t at_ = 0;
};

// The words of a phrase (or a comment in its place), a blank where there was one.
std::string PhraseText(Tokens tokens) {
  std::string out;
  const Token* before = nullptr;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::kComment) continue;
    if (before != nullptr && before->end != token.begin) out += ' ';
    out += token.text;
    before = &token;
  }
  return out;
}

// Whether there is nothing but blanks between two words: "user .name" and "user. name" are one in the obsolete
// syntax.
bool StandApart(const Token& left, const Token& right) {
  return left.kind == Token::Kind::kWord && right.kind == Token::Kind::kWord && left.end != right.begin &&
         !left.text.ends_with('.') && !right.text.starts_with('.');
}

// Words and operators of one address, put together again; words that stand apart are kept apart.
std::string AddressText(Tokens tokens) {
  std::string out;
  const Token* before = nullptr;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::kComment) continue;
    if (before != nullptr && StandApart(*before, token)) out += ' ';
    out += token.text;
    before = &token;
  }
  return out;
}

// "@a,@b:user@c" is user@c: source routes are not honoured (RFC 5321 appendix C).
Tokens WithoutRoute(Tokens tokens) {
  if (tokens.empty() || !tokens.front().Is('@')) return tokens;
  const auto colon = std::ranges::find_if(tokens, [](const Token& token) { return token.Is(':'); });
  return colon == tokens.end() ? tokens : Tokens(colon + 1, tokens.end());
}

std::string ExternalForm(Tokens tokens) {
  tokens = WithoutRoute(tokens);
  size_t at = tokens.size();
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].Is('@')) at = i;
  }
  if (at == tokens.size()) return JoinAddress({AddressText(tokens), std::nullopt});
  std::string domain = AddressText(tokens.subspan(at + 1));
  // From quotes or backslashes. Bare, `user@"x@y"` would turn into an address at y.
  if (domain.find_first_of("@\"\\") != std::string::npos) domain = QuoteLocalPart(domain);
  return JoinAddress({AddressText(tokens.first(at)), std::move(domain)});
}

// Reads tokens from left to right; `pending_` is what may become a phrase, a group's name or a bare address.
class ListParser {
 public:
  AddressList Parse(std::string_view text, size_t max_tokens) {
    Tokenizer tokenizer(text);
    for (Token token; !list_.cut && tokenizer.Next(token);) {
      if (tokens_.size() == max_tokens) {
        list_.cut = true;
      } else {
        tokens_.push_back(token);
      }
    }
    FindAngles();
    for (size_t i = 0; i < tokens_.size();) i = Step(i);
    // Where the list was cut, the last address may be half of one.
    if (!list_.cut) Flush(tokens_.size());
    return std::move(list_);
  }

 private:
  // For each token, the '>' that would close a '<' there: the next one before another '<'.
  void FindAngles() {
    closing_.assign(tokens_.size(), tokens_.size());
    size_t next = tokens_.size();
    for (size_t i = tokens_.size(); i-- > 0;) {
      closing_[i] = next;
      if (tokens_[i].Is('>')) next = i;
      if (tokens_[i].Is('<')) next = tokens_.size();
    }
  }

  // Deals with the token `i`; returns the next one to deal with.
  size_t Step(size_t i) {
    const Token& token = tokens_[i];
    if (token.Is('<')) return Angle(i);
    const bool ends_group_name = token.Is(':') && !has_at_;                     // else it belongs to a source route
    const bool ends_address = token.Is(',') || token.Is(';') || token.Is('>');  // '>': one too many
    if (ends_address) Flush(i);
    if (ends_address || ends_group_name) return Restart(i + 1);
    has_at_ = has_at_ || token.Is('@');
    return i + 1;
  }

  size_t Restart(size_t i) {
    pending_ = i;
    has_at_ = false;
    return i;
  }

  size_t Angle(size_t open) {
    size_t close = closing_[open];
    const bool closed = close < tokens_.size();
    if (!closed) {
      close = open + 1;
      while (close < tokens_.size() && !tokens_[close].Is(',') && !tokens_[close].Is(';') &&
             !tokens_[close].Is('<')) {
        ++close;
      }
    }
    const Tokens inside = Tokens(tokens_).subspan(open + 1, close - open - 1);
    // "<<a@b>>": the outer bracket is empty, not the null address.
    const bool doubled = !closed && inside.empty() && close < tokens_.size() && tokens_[close].Is('<');
    const bool halved = list_.cut && close == tokens_.size();
    if (!doubled && !halved) {
      Mailbox mailbox = Make(inside, tokens_[open].end);
      mailbox.display_name = PhraseText(Pending(open));
      list_.mailboxes.push_back(std::move(mailbox));
    }
    return Restart(closed ? close + 1 : close);
  }

  Tokens Pending(size_t end) const { return Tokens(tokens_).subspan(pending_, end - pending_); }

  // The pending tokens up to `end` are bare addresses.
  void Flush(size_t end) {
    const Tokens tokens = Pending(end);
    size_t begin = 0;
    const Token* before = nullptr;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind == Token::Kind::kComment) continue;
      if (before != nullptr && StandApart(*before, tokens[i])) {
        AddBare(tokens.subspan(begin, i - begin));
        begin = i;
      }
      before = &tokens[i];
    }
    AddBare(tokens.subspan(begin));
  }

  void AddBare(Tokens tokens) {
    std::string name;
    size_t length = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind == Token::Kind::kComment) {
        name = tokens[i].text;
      } else {
        length = i + 1;
      }
    }
    if (length == 0) return;
    Mailbox mailbox = Make(tokens.first(length), 0);
    mailbox.display_name = std::move(name);
    list_.mailboxes.push_back(std::move(mailbox));
  }

  static Mailbox Make(Tokens tokens, size_t place_when_empty) {
    while (!tokens.empty() && tokens.front().kind == Token::Kind::kComment) tokens = tokens.subspan(1);
    while (!tokens.empty() && tokens.back().kind == Token::Kind::kComment) tokens = tokens.first(tokens.size() - 1);
    if (tokens.empty()) return {"", "", place_when_empty, place_when_empty};
    return {ExternalForm(tokens), "", tokens.front().begin, tokens.back().end};
  }

  std::vector<Token> tokens_;
  std::vector<size_t> closing_;
  AddressList list_;
  size_t pending_ = 0;
  bool has_at_ = false;  // among the pending ones; kept, lest every ':' look back at all of them
};

}  // namespace

AddressList ParseAddressList(std::string_view text, size_t max_tokens) {
  return ListParser().Parse(text, max_tokens);
}

}  // namespace outpost::mail
