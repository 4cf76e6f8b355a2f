// A submitted message, as it streams by: header fields one after another, then the body. The one place that decides
// what the caller's bytes mean, so that sendmail -t and pickup find the same header:
//
//   - CR before LF goes, as sendmail_fix_line_endings says; any other CR becomes a space (no CR leaves here, which
//     ends SMTP smuggling at the source, attack S22)
//   - lines at the very top that look like a mailbox's separator (`>*From `) are dropped
//   - the rest is HeaderScanner's; a body that begins without an empty line is the body all the same
//
// Nothing is held but the line and field at hand, each bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/content/header_scanner.h"

namespace outpost::content {

enum class LineEndings {
  kAlways,  // CRs before every LF go
  kStrict,  // where the first line has one
  kNever,   // they become spaces
};

// What a reader of a message does with its parts, in this order: OnField for each, OnHeaderEnd once, OnBody as
// often as there is text. Bodies arrive in pieces cut anywhere.
class MessageParts {
 public:
  virtual ~MessageParts() = default;
  virtual void OnField(const Field& field) = 0;
  virtual void OnHeaderEnd() = 0;
  virtual void OnBody(std::string_view bytes) = 0;
};

class MessageReader {
 public:
  // `parts` must outlive this.
  MessageReader(LineEndings line_endings, size_t field_limit_bytes, MessageParts& parts)
      : line_endings_(line_endings), scanner_(field_limit_bytes), parts_(parts) {}

  void Feed(std::string_view bytes);
  // The end of the message. A last line without newline gets one.
  void End();
  // Whether OnHeaderEnd has been called.
  bool in_body() const { return in_body_; }

 private:
  void SpendCrs(bool before_newline);
  void Emit(std::string_view text);
  void HeaderLine(std::string_view piece);
  void Body(std::string_view bytes);

  LineEndings line_endings_;
  HeaderScanner scanner_;
  MessageParts& parts_;
  size_t pending_crs_ = 0;
  bool first_line_ = true;  // no newline yet
  std::string line_;        // the header's line so far
  bool at_top_ = true;      // nothing but From_ lines so far
  bool skipping_ = false;   // inside one of them
  bool in_body_ = false;
  bool line_open_ = false;  // the body's last byte was no newline
};

}  // namespace outpost::content
