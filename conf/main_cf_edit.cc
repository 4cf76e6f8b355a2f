#include "conf/main_cf_edit.h"

#include <algorithm>
#include <map>

#include "conf/main_cf.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string SettingLine(const Edit& edit) { return sys::Cat(edit.name, " = ", edit.value, "\n"); }

class Editor {
 public:
  explicit Editor(std::span<const Edit> edits) {
    for (const Edit& edit : edits) wanted_.insert_or_assign(edit.name, Wanted{&edit, 0});
  }

  // `line` ends in a line feed.
  void Take(std::string_view line) {
    ++number_;
    const size_t first = line.find_first_not_of(kBlanks);
    if (line[first] == '\n' || line[first] == '#') return Keep(line);
    if (first == 0) Begin(line.substr(0, line.find_first_of(" \t\r\n=")));
    if (current_ == nullptr) return Keep(line);
    switch (current_->edit->kind) {
      case Edit::Kind::kSet:
        return Replace(line, first == 0 ? SettingLine(*current_->edit) : "");
      case Edit::Kind::kRemove:
        return Replace(line, "");
      case Edit::Kind::kCommentOut:
        return Replace(line, sys::Cat("#", line));
    }
  }

  EditedMainCf Finished() && {
    ++number_;
    for (const auto& [name, wanted] : wanted_) {
      if (wanted.places == 0 && wanted.edit->kind == Edit::Kind::kSet) Replace("", SettingLine(*wanted.edit));
      if (wanted.places > 1) result_.set_several_times.push_back(name);
    }
    return std::move(result_);
  }

 private:
  struct Wanted {
    const Edit* edit;
    int places;
  };

  void Begin(std::string_view name) {
    const auto found = wanted_.find(name);
    current_ = found == wanted_.end() ? nullptr : &found->second;
    if (current_ != nullptr) ++current_->places;
    adjoining_ = false;
  }

  void Keep(std::string_view line) {
    result_.text += line;
    adjoining_ = false;
  }

  void Replace(std::string_view before, std::string_view after) {
    if (before == after) return Keep(before);
    result_.text += after;
    if (!adjoining_) result_.changes.push_back({number_, "", ""});
    result_.changes.back().before += before;
    result_.changes.back().after += after;
    adjoining_ = true;
  }

  std::map<std::string, Wanted, std::less<>> wanted_;
  Wanted* current_ = nullptr;  // whose setting the line belongs to; nothing where it stays
  bool adjoining_ = false;     // the line before is part of the last change
  int number_ = 0;
  EditedMainCf result_;
};

sys::Result<std::string> OneLine(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return sys::Error("a setting is given in one line");
  const std::string_view trimmed = sys::Trim(text);
  if (trimmed.starts_with('#')) return sys::Error("a comment is no setting");
  return std::string(trimmed);
}

}  // namespace

sys::Result<Edit> ParseAssignment(std::string_view text) {
  const sys::Result<std::string> line = OneLine(text);
  if (!line) return line.error();
  const MainCf read = ParseMainCf(*line + "\n");
  if (!read.errors.empty()) return sys::Error(read.errors.front().text);
  if (read.settings.size() != 1) return sys::Error("a setting is \"name = value\"");
  Edit edit{Edit::Kind::kSet, read.settings.front().name, read.settings.front().value};
  // With its blanks it may be too long.
  const MainCf written = ParseMainCf(SettingLine(edit));
  if (!written.errors.empty()) return sys::Error(written.errors.front().text);
  return edit;
}

sys::Result<Edit> ParseRemoval(Edit::Kind kind, std::string_view text) {
  const sys::Result<std::string> name = OneLine(text);
  if (!name) return name.error();
  if (name->empty()) return sys::Error("a parameter's name is needed");
  if (name->find('=') != std::string::npos) {
    return sys::Error(sys::Cat("\"", sys::Printable(*name, 200), "\": a name is needed, without a value"));
  }
  return Edit{kind, *name, ""};
}

EditedMainCf EditMainCf(std::string_view text, std::span<const Edit> edits) {
  Editor editor(edits);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      editor.Take(std::string(text) + "\n");
      break;
    }
    editor.Take(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return std::move(editor).Finished();
}

}  // namespace outpost::conf
