// What tells a second arrival of a submission from another one that has the same id or token: XXH3-128 of what the
// caller asked for (the record's head but for id, token and time) and of the message. Not against forgery: who forges
// it only hides a message of their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/spool/record.h"

namespace outpost::pickup {

class RecordDigest {
 public:
  explicit RecordDigest(const spool::RecordHead& head);
  RecordDigest(RecordDigest&&) noexcept;
  RecordDigest& operator=(RecordDigest&&) noexcept;
  ~RecordDigest();

  // The message, in pieces cut anywhere.
  void Feed(std::string_view bytes);
  // 32 hexadecimal digits.
  std::string Hexadecimal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outpost::pickup
