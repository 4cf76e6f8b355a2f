#include "lib/mail/queue_id.h"

#include <algorithm>

namespace outpost::mail {
namespace {

constexpr std::string_view kAlphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
static_assert(kAlphabet.size() == 52);
constexpr uint64_t kBase = kAlphabet.size();
constexpr uint64_t kTimeBits = 52;
constexpr uint64_t kRandomBits = 40;
__extension__ using Wide = unsigned __int128;

}  // namespace

QueueId QueueId::Make(std::chrono::microseconds since_epoch, uint64_t random) {
  const auto time = static_cast<uint64_t>(since_epoch.count()) & ((uint64_t{1} << kTimeBits) - 1);
  Wide number = (Wide{time} << kRandomBits) | (random & ((uint64_t{1} << kRandomBits) - 1));
  std::string text(kLength, kAlphabet[0]);
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
    *digit = kAlphabet[static_cast<size_t>(number % kBase)];
    number /= kBase;
  }
  return QueueId(std::move(text));
}

std::optional<QueueId> QueueId::Parse(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  Wide number = 0;
  for (const char c : text) {
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number * kBase + digit;
  }
  if (number >> (kTimeBits + kRandomBits) != 0) return std::nullopt;
  return QueueId(std::string(text));
}

std::chrono::microseconds QueueId::made_at() const {
  Wide number = 0;
  for (const char c : text_) number = number * kBase + kAlphabet.find(c);
  return std::chrono::microseconds(static_cast<int64_t>(number >> kRandomBits));
}

}  // namespace outpost::mail
