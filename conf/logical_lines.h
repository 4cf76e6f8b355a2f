// The line rules that main.cf and the text of lookup tables share: a line that begins with a blank continues the
// one before; empty lines and lines whose first non-blank is '#' do not count, wherever they stand. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

// A longer logical line is dropped with a complaint.
constexpr size_t kMaxLogicalLine = 64 * 1024;

struct LogicalLine {
  std::string text;  // not empty, without blanks at the end; a continuation keeps its leading blanks
  int line = 0;      // of its first physical line, from 1
};

struct Complaint {
  int line = 0;
  std::string text;
  // What cannot be meant: no mailer should start with it. Else the line is left out, as Postfix leaves it out.
  bool is_error = false;
};

// Of one text; what would be more is one last complaint, so that a text of nonsense costs no memory.
constexpr size_t kMaxComplaints = 100;
void Complain(std::vector<Complaint>* complaints, Complaint complaint);

// Where the bytes of a text come from: fills the span, returns how many; 0 at the end.
using TextSource = std::function<sys::Result<size_t>(std::span<char>)>;
TextSource SourceOf(std::string_view text);  // which must outlive it

// The logical lines of a text one by one, in bounded memory whatever the text.
//
// Leaves out, with a complaint: a continuation of nothing; a line with a NUL or another control character than
// tab and CR at the end; an over-long line.
class LogicalLineReader {
 public:
  // `complaints` receives what is wrong, and must outlive it.
  LogicalLineReader(TextSource source, std::vector<Complaint>* complaints)
      : source_(std::move(source)), complaints_(complaints), buffer_(kBuffer, '\0') {}

  // Nothing at the end; an Error is the source's.
  sys::Result<std::optional<LogicalLine>> Next();

 private:
  static constexpr size_t kBuffer = 64 * 1024;

  // A physical line without its end, valid until the next call; an over-long one is cut where that can still be seen.
  sys::Result<std::optional<std::string_view>> NextPhysical();
  // The logical line that `physical` ends by not continuing it, if there is one.
  std::optional<LogicalLine> Add(std::string_view physical);
  std::optional<LogicalLine> Finish();
  void Spoil(std::string why);

  TextSource source_;
  std::vector<Complaint>* complaints_;
  std::string buffer_;
  size_t begin_ = 0;  // of what has not been handed out in buffer_
  size_t end_ = 0;
  std::string cut_;  // a physical line that does not lie in buffer_ as a whole
  int number_ = 0;
  std::optional<LogicalLine> current_;
  bool spoilt_ = false;  // current_ has something wrong in it, and is left out as a whole
};

struct LogicalLines {
  std::vector<LogicalLine> lines;
  std::vector<Complaint> complaints;  // about lines left out
};
// All of a text that is in memory.
LogicalLines SplitLogicalLines(std::string_view text);

}  // namespace outpost::conf
