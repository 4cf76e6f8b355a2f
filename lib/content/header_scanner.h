// Finds the header fields of a message while its lines stream by; what is header and what is body is decided here
// alone, for sendmail -t, cleanup and bounces alike (RFC 5322 section 2.2; Postfix's rules for what does not fit).
//
// A line that begins with printable characters without blank or colon, optional blanks and ':' begins a field;
// lines that begin with a blank or tab continue it. The first other line ends the header: if it is empty it is the
// separator, else it is the first of the body. Lines end in LF; CRs before it have been dealt with by then.
//
// A NUL is nothing in a header: it is left out, and a line of NULs alone is no line. So it can neither end the
// header early nor hide a name, and a Bcc below or behind it is still found (attack S27).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace outpost::content {

struct Field {
  std::string name;  // as written, without blanks before the colon
  std::string body;  // all after the colon, folding newlines kept, without the last newline
  std::string raw;   // the lines as they came (but for NULs), newlines included
  bool cut = false;  // there was more than the limit
};

class HeaderScanner {
 public:
  // A field longer than `field_limit_bytes` (at least 1) is cut there (header_size_limit): the excess is dropped. One
  // that would lose its colon is dropped whole.
  explicit HeaderScanner(size_t field_limit_bytes) : field_limit_(field_limit_bytes) {}

  // Takes one line, newline included (a last line may lack it, a long one may come in pieces, of which all but the
  // last lack it). Returns false for the first line that is not header: the separator or the body's first line (or
  // its first piece); the last field has been reported then, and the caller deals with that line and all that
  // follow. `on_field` is called for each field when it is complete; its argument lives until the callback returns.
  // A name and its colon must be in the first piece of their line, or it is no field.
  bool Line(std::string_view line, const std::function<void(const Field&)>& on_field);
  // At the end of input inside the header: the last field.
  void End(const std::function<void(const Field&)>& on_field);

 private:
  void Take(std::string_view bytes);

  size_t field_limit_;
  Field field_;
  bool in_field_ = false;
  bool inside_line_ = false;  // the last piece had no newline
  bool only_nuls_ = false;    // neither had it anything else but NULs
};

// "Subject" for `Subject : x`; whether `line` begins a header field at all: empty if not.
std::string_view FieldName(std::string_view line);

}  // namespace outpost::content
