#include "sendmail/record_file.h"

#include <cerrno>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string_view>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "lib/content/recipient_headers.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "sendmail/dot_end.h"

namespace outpost::sendmail {
namespace {

using sys::Cat;
using sys::Error;
using sys::Result;

constexpr size_t kBlock = 64 * 1024;

// As sys::ReadSome, but waits where somebody has made the descriptor non-blocking.
Result<size_t> ReadInput(sys::FdView input, std::span<char> buffer) {
  while (true) {
    auto count = sys::ReadSome(input, buffer);
    if (count || count.error().code() != EAGAIN) return count;
    pollfd waiting{input.get(), POLLIN, 0};
    if (poll(&waiting, 1, -1) < 0 && errno != EINTR) return Error::FromErrno("wait for standard input");
  }
}

Result<void> WriteAtStart(sys::FdView fd, std::string_view bytes) {
  off_t offset = 0;
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd.get(), bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::FromErrno("write temporary content");
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += count;
  }
  return {};
}

Failure Unkept(const Error& error) {
  return {error.code() == EFBIG ? EX_UNAVAILABLE : EX_TEMPFAIL, Cat("cannot keep the message: ", error.text())};
}

// The message on its way from input to file.
class MessageCopy {
 public:
  MessageCopy(sys::Scratch& file, const InputRules& rules, bool extract) : file_(file), rules_(rules) {
    if (extract) extractor_.emplace(rules.line_endings);
  }

  std::optional<Failure> CopyFrom(sys::FdView input) {
    // Not zeroed: most messages touch one page of it.
    const auto memory = std::make_unique_for_overwrite<char[]>(kBlock);
    const std::span<char> block(memory.get(), kBlock);
    DotEnd dot_end(rules_.line_endings);
    const auto keep = [this](std::string_view bytes) { Keep(bytes); };
    while (!failure_) {
      const auto count = ReadInput(input, block);
      if (!count) return Failure{EX_DATAERR, Cat("standard input: ", count.error().text())};
      const std::string_view bytes(block.data(), *count);
      if (bytes.empty()) {
        if (!rules_.dot_is_text) dot_end.End(keep);
        break;
      }
      if (rules_.dot_is_text) {
        Keep(bytes);
      } else if (!dot_end.Feed(bytes, keep)) {
        break;
      }
    }
    return failure_;
  }

  uint64_t size() const { return size_; }

  // After the copy. `given`: recipients of the command line.
  std::optional<Failure> CheckRecipients(size_t given) {
    if (!extractor_) return std::nullopt;
    content::RecipientHeaders found = std::move(*extractor_).Finish();
    if (found.overflow()) return Failure{EX_DATAERR, "too many recipients in the message header"};
    const size_t count = std::move(found).Recipients().size() + given;
    if (count == 0) return Failure{EX_DATAERR, "no recipient addresses found in the message header"};
    if (count > mail::kMaxRecipients) return Failure{EX_DATAERR, "too many recipients"};
    return std::nullopt;
  }

 private:
  void Keep(std::string_view bytes) {
    if (failure_) return;
    size_ += bytes.size();
    if (rules_.message_size_limit != 0 && size_ > rules_.message_size_limit) {
      failure_ = {EX_UNAVAILABLE, Cat("message file too big: more than ", rules_.message_size_limit, " bytes")};
      return;
    }
    if (extractor_) extractor_->Feed(bytes);
    if (auto kept = file_.Append(bytes); !kept) failure_ = Unkept(kept.error());
  }

  sys::Scratch& file_;
  const InputRules& rules_;
  std::optional<content::RecipientExtractor> extractor_;
  uint64_t size_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

Attempt<sys::ReadOnlyFd> MakeRecord(sys::FdView input, sys::FdView temporary, const InputRules& rules,
                                    spool::RecordHead& head) {
  auto file = sys::Scratch::Make(temporary);
  if (!file) return Unkept(file.error());
  const std::string place_for_head = spool::FormatHead(head);
  if (place_for_head.size() > spool::kMaxHeadBytes) return Failure{EX_USAGE, "too many recipients"};
  if (auto kept = file->Append(place_for_head); !kept) return Unkept(kept.error());

  MessageCopy copy(*file, rules, head.extract_recipients);
  if (auto failure = copy.CopyFrom(input)) return std::move(*failure);
  if (auto failure = copy.CheckRecipients(head.recipients.size())) return std::move(*failure);

  head.size_bytes = copy.size();
  head.arrival = sys::WallClock();
  auto flushed = file->Flushed();
  if (!flushed) return Unkept(flushed.error());
  if (auto kept = WriteAtStart(*flushed, spool::FormatHead(head)); !kept) return Unkept(kept.error());
  auto record = std::move(*file).Finish();
  if (!record) return Unkept(record.error());
  return std::move(*record);
}

}  // namespace outpost::sendmail
