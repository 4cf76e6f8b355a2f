#include "lib/content/message_reader.h"

#include <algorithm>

namespace outpost::content {
namespace {

// A header line longer than this is handed on in pieces.
constexpr size_t kPieceBytes = 64 * 1024;
constexpr std::string_view kSpaces = "                                ";

// ">>From someone Mon Jan  1 ...": what a mailbox puts above a message.
bool IsFromLine(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
  return line.starts_with("From ");
}

}  // namespace

void MessageReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t cr = bytes.find('\r');
    const std::string_view text = bytes.substr(0, cr);
    if (!text.empty()) {
      SpendCrs(text.front() == '\n');
      Emit(text);
    }
    if (cr == std::string_view::npos) return;
    ++pending_crs_;
    bytes.remove_prefix(cr + 1);
  }
}

void MessageReader::SpendCrs(bool before_newline) {
  if (pending_crs_ > 0 && before_newline) {
    if (line_endings_ == LineEndings::kStrict && first_line_) line_endings_ = LineEndings::kAlways;
    if (line_endings_ == LineEndings::kAlways) pending_crs_ = 0;
  }
  while (pending_crs_ > 0) {
    const size_t count = std::min(pending_crs_, kSpaces.size());
    Emit(kSpaces.substr(0, count));
    pending_crs_ -= count;
  }
}

void MessageReader::Emit(std::string_view text) {
  while (!in_body_ && !text.empty()) {
    const size_t newline = text.find('\n');
    const size_t length = newline == std::string_view::npos ? text.size() : newline + 1;
    line_ += text.substr(0, length);
    text.remove_prefix(length);
    if (newline == std::string_view::npos && line_.size() < kPieceBytes) return;
    if (newline != std::string_view::npos && first_line_) {
      first_line_ = false;
      if (line_endings_ == LineEndings::kStrict) line_endings_ = LineEndings::kNever;
    }
    HeaderLine(line_);
    line_.clear();
  }
  if (!text.empty()) Body(text);
}

void MessageReader::HeaderLine(std::string_view piece) {
  const bool complete = piece.ends_with('\n');
  if (skipping_ || (at_top_ && IsFromLine(piece))) {
    skipping_ = !complete;
    return;
  }
  at_top_ = false;
  if (scanner_.Line(piece, [this](const Field& field) { parts_.OnField(field); })) return;
  in_body_ = true;
  parts_.OnHeaderEnd();
  if (piece != "\n") Body(piece);
}

void MessageReader::Body(std::string_view bytes) {
  line_open_ = bytes.back() != '\n';
  parts_.OnBody(bytes);
}

void MessageReader::End() {
  SpendCrs(false);
  if (!line_.empty()) HeaderLine(line_);
  line_.clear();
  if (!in_body_) {
    in_body_ = true;
    scanner_.End([this](const Field& field) { parts_.OnField(field); });
    parts_.OnHeaderEnd();
  }
  if (line_open_) Body("\n");
}

}  // namespace outpost::content
