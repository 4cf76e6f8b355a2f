#include "smtp-client/content_writer.h"

#include <algorithm>
#include <span>

#include "lib/sys/file.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kBlock = 32 * 1024;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLoneDot = ".\r\n";

// `text` holds no LF.
void AppendWithoutCr(std::string_view text, std::string& out) {
  const size_t start = out.size();
  out += text;
  if (text.find('\r') != std::string_view::npos) {
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\r', ' ');
  }
}

}  // namespace

void WireEncoder::Append(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const size_t newline = bytes.find('\n');
    AppendText(bytes.substr(0, newline), out);
    if (newline == std::string_view::npos) return;
    out += kLineEnd;
    column_ = 0;
    bytes.remove_prefix(newline + 1);
  }
}

void WireEncoder::AppendText(std::string_view text, std::string& out) {
  while (!text.empty()) {
    if (limit_ > 0 && column_ >= limit_) {
      out += kLineEnd;
      out += ' ';
      column_ = 1;
      has_cut_lines_ = true;
    }
    if (column_ == 0 && text.front() == '.') out += '.';
    const size_t room = limit_ > 0 ? limit_ - column_ : text.size();
    const std::string_view part = text.substr(0, room);
    AppendWithoutCr(part, out);
    column_ += part.size();
    text.remove_prefix(part.size());
  }
}

void WireEncoder::End(std::string& out) {
  if (column_ > 0) out += kLineEnd;
  column_ = 0;
  out += kLoneDot;
}

ContentWriter::ContentWriter(sys::FdView content, uint64_t size_bytes, size_t line_length_limit)
    : content_(content),
      size_(size_bytes),
      encoder_(line_length_limit),
      block_(static_cast<size_t>(std::min<uint64_t>(size_bytes, kBlock))) {}

sys::Result<std::string_view> ContentWriter::Next() {
  wire_.clear();
  if (offset_ < size_) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(size_ - offset_, block_.size()));
    const auto got = sys::ReadAt(content_, std::span(block_.data(), wanted), offset_);
    if (!got) return got.error();
    if (*got < wanted) return sys::Error("the content is shorter than it was said to be");
    encoder_.Append(std::string_view(block_.data(), wanted), wire_);
    offset_ += wanted;
  }
  if (is_last()) encoder_.End(wire_);
  return std::string_view(wire_);
}

}  // namespace outpost::smtp_client
