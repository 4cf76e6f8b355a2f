// Where a record that arrives in pieces ends: its head says how long the message is. Only that is looked at here; the
// rest is for spool::ParseHead, once the record is whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outpost::pickup {

class RecordFramer {
 public:
  enum class State {
    kHead,      // more of the head is needed
    kMessage,   // the head is whole, more of the message is needed
    kComplete,  // nothing more may come
    kBroken,    // this is no record; see why()
  };
  // The next bytes, in pieces cut anywhere. Nothing changes once it is kBroken.
  State Feed(std::string_view bytes);

  State state() const { return state_; }
  uint64_t head_bytes() const { return head_bytes_; }        // from kMessage on
  uint64_t message_bytes() const { return message_bytes_; }  // as the head says; 0 until it has said so
  std::string_view why() const { return why_; }

 private:
  // Takes what belongs to the head off the front of `bytes`.
  void FeedHead(std::string_view& bytes);
  void HeadLine();
  void Break(std::string_view why);

  State state_ = State::kHead;
  std::string line_;  // of the head, so far
  bool first_line_ = true;
  bool has_size_ = false;
  uint64_t head_bytes_ = 0;
  uint64_t message_bytes_ = 0;
  uint64_t seen_ = 0;  // of the message
  std::string_view why_;
};

}  // namespace outpost::pickup
