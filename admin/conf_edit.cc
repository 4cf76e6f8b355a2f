#include "admin/conf_edit.h"

#include <algorithm>

#include "admin/main_cf_file.h"
#include "conf/settings.h"

namespace outpost::admin {
namespace {

std::vector<conf::Finding> ErrorsOf(const conf::Location& location, std::string_view text) {
  conf::Configuration configuration = conf::Configuration::Parse(location, location.MainCf(), text);
  conf::CheckSettings(configuration);
  std::vector<conf::Finding> errors = configuration.findings();
  std::erase_if(errors, [](const auto& finding) { return finding.severity != conf::Finding::Severity::kError; });
  return errors;
}

}  // namespace

std::vector<conf::Finding> NewErrors(const conf::Location& location, std::string_view before,
                                     std::string_view after) {
  const std::vector<conf::Finding> old = ErrorsOf(location, before);
  std::vector<conf::Finding> errors = ErrorsOf(location, after);
  // Lines have moved; an error is known by its words.
  std::erase_if(errors, [&](const conf::Finding& error) {
    return std::ranges::find(old, error.text, &conf::Finding::text) != old.end();
  });
  return errors;
}

sys::Result<void> EditFile(const conf::Location& location, std::span<const conf::Edit> edits, const Agree& agree) {
  const sys::Result<MainCfFile> file = MainCfFile::Open(location.MainCf());
  if (!file) return file.error();
  const conf::EditedMainCf edited = conf::EditMainCf(file->text(), edits);
  if (!agree(file->text(), edited) || edited.changes.empty()) return {};
  return file->Replace(edited.text);
}

}  // namespace outpost::admin
