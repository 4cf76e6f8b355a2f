// The name of one message, from `sendmail -v` to the relay's 250: 52 bits of microseconds since the epoch and 40
// random bits, in base 52 (digits and consonants, so that no word comes out), 17 characters. Unique across hosts
// that share a maildrop and across clock jumps; order must never rely on it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::mail {

class QueueId {
 public:
  static constexpr size_t kLength = 17;

  // All zeros: the id of nothing, a place for a real one.
  QueueId() : text_(kLength, '0') {}

  // The low 52 bits of `since_epoch` and the low 40 of `random`.
  static QueueId Make(std::chrono::microseconds since_epoch, uint64_t random);
  // Nothing unless `text` is one that Make could have made.
  static std::optional<QueueId> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  std::chrono::microseconds made_at() const;
  friend bool operator==(const QueueId&, const QueueId&) = default;
  friend auto operator<=>(const QueueId&, const QueueId&) = default;

 private:
  explicit QueueId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace outpost::mail
