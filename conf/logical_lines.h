// The line rules that main.cf and the text of lookup tables share: a line that begins with a blank continues the
// one before; empty lines and lines whose first non-blank is '#' do not count, wherever they stand. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
};

struct LogicalLines {
  std::vector<LogicalLine> lines;
  std::vector<Complaint> complaints;  // about lines left out
};

// Leaves out, with a complaint: a continuation of nothing; a line with a NUL or another control character than
// tab and CR at the end; an over-long line.
LogicalLines SplitLogicalLines(std::string_view text);

}  // namespace outpost::conf
