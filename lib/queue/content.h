// Messages' bytes, in chunks of at most kContentChunk.
#pragma once

#include <functional>

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class Contents {
 public:
  explicit Contents(Connection& connection);

  // The first chunk of a message.
  Result<void> Store(MessageKey message, std::string_view bytes);
  // The next one.
  Result<void> Append(MessageKey message, std::string_view chunk);

  struct Extent {
    uint64_t chunks = 0;
    uint64_t bytes = 0;
  };
  Result<Extent> Measure(MessageKey message);

  // An Error with EBADMSG when there are not exactly `size` bytes.
  Result<sys::ReadOnlyFd> Copy(MessageKey message, uint64_t size, sys::FdView scratch_directory);
  // The same Error, without a copy.
  Result<void> Verify(MessageKey message, uint64_t size);
  Result<std::string> Head(MessageKey message, size_t max_bytes);
  // Gives `take` the first `bytes` of it, piece by piece; the Error of `take` ends that. `take` may change other
  // messages' content.
  Result<void> Visit(MessageKey message, uint64_t bytes, const std::function<Result<void>(std::string_view)>& take);

  // All of it, at once.
  Result<void> Erase(MessageKey message);
  // The last chunk alone; false when there was none.
  Result<bool> EraseChunk(MessageKey message);

 private:
  Result<std::optional<int64_t>> LastKey(MessageKey message);
  // Gives each chunk in order, all of them together of exactly `size` bytes.
  Result<void> ReadAll(MessageKey message, uint64_t size,
                       const std::function<Result<void>(std::string_view)>& take);

  Statement store_;
  Statement last_;
  Statement measure_;
  Statement read_;
  Statement erase_;
  Statement erase_key_;
};

}  // namespace outpost::queue
