#include "lib/queue/content.h"

#include <algorithm>
#include <cerrno>

#include "lib/queue/checksum.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Error;

// A chunk's key is (message, chunk number) in one: rows of a message lie together and need no second index.
constexpr unsigned kChunkBits = 20;
constexpr int64_t kMaxChunks = int64_t{1} << kChunkBits;

int64_t FirstKey(MessageKey message) { return message << kChunkBits; }
int64_t LastPossibleKey(MessageKey message) { return FirstKey(message) + kMaxChunks - 1; }

}  // namespace

Contents::Contents(Connection& connection)
    : store_(connection, "store content in", "INSERT INTO content(key, bytes, checksum) VALUES(?, ?, ?)"),
      last_(connection, "find content in", "SELECT max(key) FROM content WHERE key BETWEEN ? AND ?"),
      measure_(connection, "measure content in",
               "SELECT count(*), sum(length(bytes)) FROM content WHERE key BETWEEN ? AND ?"),
      read_(connection, "read content from",
            sys::Cat("SELECT iif(length(bytes) <= ", kContentChunk,
                     ", bytes, x''), checksum FROM content WHERE key BETWEEN ? AND ? ORDER BY key")),
      erase_(connection, "remove content from", "DELETE FROM content WHERE key BETWEEN ? AND ?"),
      erase_key_(connection, "remove content from", "DELETE FROM content WHERE key = ?") {}

Result<void> Contents::Store(MessageKey message, std::string_view bytes) {
  return store_.Run(FirstKey(message), Blob{bytes}, ChecksumOf(bytes));
}

Result<std::optional<int64_t>> Contents::LastKey(MessageKey message) {
  Rows rows(last_, FirstKey(message), LastPossibleKey(message));
  if (const auto found = rows.Next(); !found) return found.error();
  if (rows.IsNull(0)) return std::optional<int64_t>();
  return std::optional<int64_t>(rows.Integer(0));
}

Result<void> Contents::Append(MessageKey message, std::string_view chunk) {
  if (chunk.size() > kContentChunk) return Error("store content: a chunk is too large", EINVAL);
  const auto last = LastKey(message);
  if (!last) return last.error();
  const int64_t key = last.value() ? **last + 1 : FirstKey(message);
  if (key > LastPossibleKey(message)) return Error("store content: too many chunks", EFBIG);
  return store_.Run(key, Blob{chunk}, ChecksumOf(chunk));
}

Result<Contents::Extent> Contents::Measure(MessageKey message) {
  Rows rows(measure_, FirstKey(message), LastPossibleKey(message));
  if (const auto found = rows.Next(); !found) return found.error();
  return Extent{static_cast<uint64_t>(rows.Integer(0)), static_cast<uint64_t>(rows.Integer(1))};
}

// A chunk larger than any of ours counts as nothing, so that it is not read into memory: the size is wrong then.
Result<void> Contents::ReadAll(MessageKey message, uint64_t size,
                               const std::function<Result<void>(std::string_view)>& take) {
  const Error wrong_size(sys::Cat("read content: it is not of ", size, " bytes"), EBADMSG);
  uint64_t seen = 0;
  Rows rows(read_, FirstKey(message), LastPossibleKey(message));
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    const std::string_view chunk = rows.Bytes(0);
    if (chunk.size() > size - seen) return wrong_size;
    if (!rows.IsNull(1) && rows.Integer(1) != ChecksumOf(chunk)) {
      return Error("read content: it is not what was stored: its checksum differs", EBADMSG);
    }
    seen += chunk.size();
    if (auto taken = take(chunk); !taken) return taken;
  }
  return seen == size ? Result<void>() : wrong_size;
}

Result<sys::ReadOnlyFd> Contents::Copy(MessageKey message, uint64_t size, sys::FdView scratch_directory) {
  auto scratch = sys::Scratch::Make(scratch_directory);
  if (!scratch) return scratch.error();
  auto read = ReadAll(message, size, [&](std::string_view chunk) { return scratch->Append(chunk); });
  if (!read) return read.error();
  return std::move(*scratch).Finish();
}

Result<void> Contents::Verify(MessageKey message, uint64_t size) {
  return ReadAll(message, size, [](std::string_view) { return Result<void>(); });
}

Result<std::string> Contents::Head(MessageKey message, size_t max_bytes) {
  std::string head;
  Rows rows(read_, FirstKey(message), LastPossibleKey(message));
  while (head.size() < max_bytes) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    head += rows.Bytes(0).substr(0, max_bytes - head.size());
  }
  return head;
}

Result<void> Contents::Visit(MessageKey message, uint64_t bytes,
                             const std::function<Result<void>(std::string_view)>& take) {
  Rows rows(read_, FirstKey(message), LastPossibleKey(message));
  for (uint64_t left = bytes; left > 0;) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return Error(sys::Cat("read content: ", left, " bytes are missing"), EBADMSG);
    const std::string_view piece =
        rows.Bytes(0).substr(0, static_cast<size_t>(std::min<uint64_t>(left, kContentChunk)));
    if (auto taken = take(piece); !taken) return taken;
    left -= piece.size();
  }
  return {};
}

Result<void> Contents::Erase(MessageKey message) { return erase_.Run(FirstKey(message), LastPossibleKey(message)); }

Result<bool> Contents::EraseChunk(MessageKey message) {
  const auto last = LastKey(message);
  if (!last) return last.error();
  if (!last.value()) return false;
  if (auto erased = erase_key_.Run(**last); !erased) return erased.error();
  return true;
}

}  // namespace outpost::queue
