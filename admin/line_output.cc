#include "admin/line_output.h"

#include "admin/environment.h"

namespace outpost::admin {
namespace {

constexpr size_t kMany = 64 * 1024;  // bytes

}  // namespace

void LineOutput::Add(std::string_view line) {
  lines_ += line;
  if (lines_.size() >= kMany) Flush();
}

void LineOutput::Flush() {
  if (lines_.empty()) return;
  PrintOut(lines_);
  lines_.clear();
}

}  // namespace outpost::admin
