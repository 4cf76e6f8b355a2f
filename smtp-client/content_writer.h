// A message's content becomes what follows DATA (RFC 5321 section 4.5.2): LF becomes CRLF, a dot at the start of a
// line is doubled, lines above the limit are cut, the lone dot ends it. The wire never sees a CR or LF that is not
// part of a CRLF, nor a lone dot before the end, whatever the content holds (attack S22).
//
// Reads by pread in blocks, so that the descriptor can be shared; holds one block and its wire form at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::smtp_client {

// The line rules alone. Pure; takes content in pieces of any size.
class WireEncoder {
 public:
  // Lines longer than `line_length_limit` bytes are cut there, CRLF and a blank inserted; 0: never.
  // (1 is taken as 2: a continued line begins with a blank, and must get on.)
  explicit WireEncoder(size_t line_length_limit) : limit_(line_length_limit == 1 ? 2 : line_length_limit) {}

  // Appends the wire form of `bytes`, whose lines end in LF, to `out`. A CR becomes a blank: cleanup has left none.
  void Append(std::string_view bytes, std::string& out);
  // Ends a last line that lacks its LF, and appends the lone dot.
  void End(std::string& out);
  bool has_cut_lines() const { return has_cut_lines_; }

 private:
  void AppendText(std::string_view text, std::string& out);
  size_t limit_;
  size_t column_ = 0;  // bytes of content on this line of the wire
  bool has_cut_lines_ = false;
};

class ContentWriter {
 public:
  // `content` must stay open while this lives.
  ContentWriter(sys::FdView content, uint64_t size_bytes, size_t line_length_limit);

  // The next bytes for the wire; the last of them, with the lone dot, are there when is_last(). Valid until the
  // next call. An error: the content could not be read whole, and must not be ended.
  sys::Result<std::string_view> Next();
  bool is_last() const { return offset_ == size_; }
  bool has_cut_lines() const { return encoder_.has_cut_lines(); }

 private:
  sys::FdView content_;
  uint64_t size_;
  uint64_t offset_ = 0;
  WireEncoder encoder_;
  std::vector<char> block_;
  std::string wire_;
};

}  // namespace outpost::smtp_client
