// Standard output for what may print many lines.
#pragma once

#include <string>
#include <string_view>

namespace outpost::admin {

// Lines leave together: when they are many, when Flush says so, and at the end.
class LineOutput {
 public:
  LineOutput() = default;
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;
  ~LineOutput() { Flush(); }

  void Add(std::string_view line);
  void Flush();

 private:
  std::string lines_;
};

}  // namespace outpost::admin
