// Finds the header fields of a message while its bytes stream by; what is header and what is body is decided here
// alone, for sendmail -t, cleanup and bounces alike (RFC 5322 section 2.2; Postfix's rules for what does not fit).
//
// A line that begins with printable characters without blank or colon, optional blanks and ':' begins a field;
// lines that begin with a blank or tab continue it. The first other line ends the header: if it is empty it is the
// separator, else it is the first of the body. A NUL is data, never an end (attack S27). Lines end in LF; CRs
// before it have been dealt with by then.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace outpost::content {

struct Field {
  std::string name;  // as written, without blanks before the colon
  std::string body;  // all after the colon, folding newlines kept, without the last newline
  std::string raw;   // the lines as they came, newlines included
};

class HeaderScanner {
 public:
  // A field longer than `field_limit_bytes` is cut there (header_size_limit): the excess is dropped.
  explicit HeaderScanner(size_t field_limit_bytes) : field_limit_(field_limit_bytes) {}

  // Takes one line, newline included (a last line may lack it, a long one may come in pieces, of which all but the
  // last lack it). Returns false for the first line that is not header: the separator or the body's first line; the
  // caller deals with that one and all that follow. `on_field` is called for each field when it is complete.
  bool Line(std::string_view line, const std::function<void(const Field&)>& on_field);
  // At the end of input inside the header: the last field.
  void End(const std::function<void(const Field&)>& on_field);

 private:
  size_t field_limit_;
  Field field_;
  bool in_field_ = false;
  bool continues_line_ = false;
};

// "subject" for `Subject :`; whether `line` begins a header field at all: empty if not.
std::string_view FieldName(std::string_view line);

}  // namespace outpost::content
