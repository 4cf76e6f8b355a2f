// The recipients that a message names in its own header: what `sendmail -t` asks for. sendmail uses it to refuse a
// message without any, pickup to find them again.
//
// To, Cc and Bcc count; as soon as there is one Resent-To, Resent-Cc or Resent-Bcc anywhere, those alone do.
// Members of groups count, null addresses (<>) do not. Apparently-To is not looked at.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/content/header_scanner.h"
#include "lib/content/message_reader.h"

namespace outpost::content {

// A field that names recipients may be this long, and hold this many tokens; a reader that asks for them gives its
// HeaderScanner no smaller limit, so that nobody's recipients are found by one reader and not by the other.
constexpr size_t kRecipientFieldBytes = 1024 * 1024;
constexpr size_t kRecipientFieldTokens = 250000;

class RecipientHeaders {
 public:
  // Takes any field of a header; those that name no recipients are passed over.
  void Add(const Field& field);

  // External form, not completed, in the order of the header, repeats included.
  std::vector<std::string> Recipients() && { return std::move(recipients_); }
  // A field beyond the limits above, more than mail::kMaxRecipients, or more than kMaxBytes of them: not all are here,
  // and the message has to be refused.
  bool overflow() const { return overflow_; }

 private:
  static constexpr size_t kMaxBytes = 16 * 1024 * 1024;
  std::vector<std::string> recipients_;
  bool is_resent_ = false;
  size_t bytes_ = 0;
  bool overflow_ = false;
};

// The same over the bytes of a message, for who has no other use for its header.
class RecipientExtractor : private MessageParts {
 public:
  explicit RecipientExtractor(LineEndings line_endings = LineEndings::kAlways)
      : reader_(line_endings, kRecipientFieldBytes, *this) {}
  RecipientExtractor(const RecipientExtractor&) = delete;
  RecipientExtractor& operator=(const RecipientExtractor&) = delete;

  // Costs nothing once the header has ended.
  void Feed(std::string_view bytes) {
    if (!reader_.in_body()) reader_.Feed(bytes);
  }
  // At the message's end.
  RecipientHeaders Finish() && {
    reader_.End();
    return std::move(recipients_);
  }

 private:
  void OnField(const Field& field) override { recipients_.Add(field); }
  void OnHeaderEnd() override {}
  void OnBody(std::string_view) override {}

  RecipientHeaders recipients_;
  MessageReader reader_;
};

}  // namespace outpost::content
