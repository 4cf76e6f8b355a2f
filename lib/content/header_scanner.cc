#include "lib/content/header_scanner.h"

#include <algorithm>

namespace outpost::content {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string WithoutNuls(std::string_view line) {
  std::string out(line);
  std::erase(out, '\0');
  return out;
}

}  // namespace

std::string_view FieldName(std::string_view line) {
  size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < 0x7F && line[length] != ':') ++length;
  size_t colon = length;
  while (colon < line.size() && IsBlank(line[colon])) ++colon;
  if (colon == line.size() || line[colon] != ':') return {};
  return line.substr(0, length);
}

bool HeaderScanner::Line(std::string_view line, const std::function<void(const Field&)>& on_field) {
  std::string cleaned;
  const bool has_nul = line.find('\0') != std::string_view::npos;
  if (has_nul) {
    cleaned = WithoutNuls(line);
    line = cleaned;
  }
  if (!inside_line_ && (has_nul || only_nuls_)) {
    only_nuls_ = line.empty();
    if (only_nuls_ || line == "\n") return true;
  }
  if (line.empty()) return true;
  const bool continues = inside_line_ || (in_field_ && IsBlank(line.front()));
  if (!continues) {
    End(on_field);
    const std::string_view name = FieldName(line);
    if (name.empty()) return false;
    field_.name = name;
    in_field_ = true;
  }
  Take(line);
  inside_line_ = line.back() != '\n';
  return true;
}

void HeaderScanner::Take(std::string_view bytes) {
  const std::string_view taken = bytes.substr(0, field_limit_ - field_.raw.size());
  field_.raw += taken;
  if (taken.size() < bytes.size()) field_.cut = true;
}

void HeaderScanner::End(const std::function<void(const Field&)>& on_field) {
  if (!in_field_) return;
  in_field_ = false;
  inside_line_ = false;
  if (!field_.raw.ends_with('\n')) field_.raw += '\n';
  if (const size_t colon = field_.raw.find(':'); colon != std::string::npos) {
    field_.body = field_.raw.substr(colon + 1, field_.raw.size() - colon - 2);
    on_field(field_);
  }
  field_.raw.clear();
  field_.cut = false;
}

}  // namespace outpost::content
