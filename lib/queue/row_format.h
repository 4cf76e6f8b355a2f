// What the columns of message and recipient mean, and whether they can be true. A row is hostile until it has been
// read here: the file may be damaged, or somebody has edited it.
#pragma once

#include <optional>
#include <string_view>

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

// Which recipients wait for their next attempt: the words of the index recipient_waiting.
constexpr std::string_view kWaiting = "state IN ('queued', 'in doubt')";
constexpr std::string_view kUnfinished = "state NOT IN ('sent', 'returned')";

constexpr size_t kMaxText = 2000;     // of a status text, a relay's name, a route
constexpr unsigned kNumberBits = 17;  // of a recipient within its message
static_assert(mail::kMaxRecipients <= size_t{1} << kNumberBits);
constexpr MessageKey kLastMessageKey = (INT64_MAX >> (kNumberBits + 4)) - 1;

// RecipientKey is (message, number) in one.
constexpr RecipientKey MakeRecipientKey(MessageKey message, uint32_t number) {
  return static_cast<RecipientKey>((static_cast<uint64_t>(message) << kNumberBits) | number);
}
constexpr MessageKey MessageOf(RecipientKey key) { return key >> kNumberBits; }
constexpr uint32_t NumberOf(RecipientKey key) {
  return static_cast<uint32_t>(key & ((RecipientKey{1} << kNumberBits) - 1));
}

std::optional<RecipientState> ParseState(std::string_view word);

// Of the wall clock.
bool IsTime(int64_t time);

// What is wrong with a value, in words; nullptr when it can be true.
const char* Fault(const mail::Recipient& recipient);
const char* Fault(const mail::Envelope& envelope);  // without recipients
const char* Fault(const Route& route);

// The columns that the readers below expect, in their order.
extern const std::string kRecipientColumns;
constexpr int kRecipientColumnCount = 14;
extern const std::string kMessageColumns;

// A row as it is; `fault` says what cannot be true. Texts of a faulty row are made printable, and what is not
// known of it has its default.
struct RecipientRow {
  QueuedRecipient recipient;
  int64_t stored_number = 0;  // as it stands in the row, believable or not
  const char* fault = nullptr;
};
RecipientRow ReadRecipient(const Rows& row);

struct MessageRow {
  QueuedMessage message;
  const char* fault = nullptr;
};
MessageRow ReadMessage(const Rows& row);

// What stands in the column `checksum` of a row.
int64_t ChecksumOf(MessageKey message, int64_t number, const mail::Recipient& recipient, std::string_view notify);
int64_t ChecksumOf(const QueuedMessage& message);

std::string_view ToString(Origin origin);
std::string_view ToString(mail::ReturnContent ret);

}  // namespace outpost::queue
