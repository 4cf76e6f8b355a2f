#include "pickup/record_framer.h"

#include <limits>

#include "lib/spool/record.h"
#include "lib/sys/text.h"

namespace outpost::pickup {

RecordFramer::State RecordFramer::Feed(std::string_view bytes) {
  while (state_ == State::kHead && !bytes.empty()) FeedHead(bytes);
  if (state_ == State::kBroken || state_ == State::kHead) return state_;
  if (bytes.size() > message_bytes_ - seen_) {
    Break("more bytes than the record's size");
    return state_;
  }
  seen_ += bytes.size();
  state_ = seen_ == message_bytes_ ? State::kComplete : State::kMessage;
  return state_;
}

void RecordFramer::FeedHead(std::string_view& bytes) {
  const size_t newline = bytes.find('\n');
  const std::string_view taken = bytes.substr(0, newline == std::string_view::npos ? newline : newline + 1);
  bytes.remove_prefix(taken.size());
  head_bytes_ += taken.size();
  if (head_bytes_ > spool::kMaxHeadBytes) return Break("attributes too long");
  if (line_.size() + taken.size() > spool::kMaxAttributeLine) return Break("attribute line too long");
  line_ += taken;
  if (newline == std::string_view::npos) return;
  HeadLine();
  line_.clear();
}

void RecordFramer::HeadLine() {
  constexpr std::string_view kSize = "size=";
  if (first_line_) {
    first_line_ = false;
    if (!spool::ParseFirstLine(line_)) Break("not a submission record");
  } else if (line_ == "\n") {
    state_ = State::kMessage;
    if (!has_size_) Break("no size");
  } else if (line_.starts_with(kSize)) {
    const auto size =
        sys::ParseDecimal(std::string_view(line_).substr(kSize.size(), line_.size() - kSize.size() - 1));
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (!size || *size > kLargest || has_size_) return Break("bad size");
    message_bytes_ = *size;
    has_size_ = true;
  }
}

void RecordFramer::Break(std::string_view why) {
  state_ = State::kBroken;
  why_ = why;
}

}  // namespace outpost::pickup
