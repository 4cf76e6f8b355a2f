#include "admin/conf_edit_command.h"

#include <algorithm>
#include <cerrno>
#include <sysexits.h>

#include "admin/conf_edit.h"
#include "admin/parameter_facts.h"
#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

// "@ /etc/outpost/main.cf:2", then lines that go with "-", lines that come with "+".
std::string ChangeText(const std::string& file, const conf::Change& change) {
  std::string text = sys::Cat("@ ", file, ":", change.line, "\n");
  const auto add = [&](std::string_view lines, std::string_view sign) {
    while (!lines.empty()) {
      const size_t end = lines.find('\n');
      text += sys::Cat(sign, sys::Printable(lines.substr(0, end), 65536), "\n");
      lines.remove_prefix(end + 1);
    }
  };
  add(change.before, "-");
  add(change.after, "+");
  return text;
}

// A name like a known one is a slip; another may be meant as a macro.
bool IsSlip(const conf::Configuration& after, const std::string& name) {
  return !IsKnownParameter(name) && !after.UserDefined().contains(name) && !conf::NearestName(name).empty();
}

// What speaks against the edits, all at once; values of parameters that nothing reads yet are judged too.
std::vector<std::string> Objections(const conf::Location& location, std::string_view before,
                                    const conf::EditedMainCf& edited, const std::vector<conf::Edit>& edits) {
  const conf::Configuration after = conf::Configuration::Parse(location, location.MainCf(), edited.text);
  std::vector<std::string> objections;
  for (const conf::Finding& error : NewErrors(location, before, edited.text)) objections.push_back(error.text);
  for (const conf::Edit& edit : edits) {
    if (edit.kind != conf::Edit::Kind::kSet) continue;
    if (IsSlip(after, edit.name)) {
      objections.push_back(sys::Cat(edit.name, ": unknown parameter; is it ", conf::NearestName(edit.name), "?"));
    }
    const ParameterFacts facts = GatherFacts(after, edit.name);
    const bool told = std::ranges::any_of(
        objections, [&](const std::string& objection) { return objection.starts_with(edit.name + ": "); });
    if (!facts.wrong.empty() && !told) objections.push_back(sys::Cat(edit.name, ": ", facts.wrong));
    if (!facts.why_not.empty() && !told) PrintError(sys::Cat("note: ", edit.name, ": ", facts.why_not));
  }
  return objections;
}

int ExitStatusOf(const sys::Error& error) {
  switch (error.code()) {
    case EACCES:
    case EPERM:
    case EROFS:
      return EX_NOPERM;
    case EAGAIN:
      return EX_TEMPFAIL;
    case ENOENT:
      return EX_CONFIG;
    default:
      return EX_IOERR;
  }
}

int Apply(const Environment& environment, const std::vector<conf::Edit>& edits, bool dry_run) {
  const conf::Location& location = environment.configuration.location();
  std::vector<std::string> objections;
  const auto agree = [&](std::string_view before, const conf::EditedMainCf& edited) {
    objections = Objections(location, before, edited, edits);
    if (!objections.empty()) return false;
    if (dry_run) {
      for (const conf::Change& change : edited.changes) PrintOut(ChangeText(location.MainCf(), change));
    }
    return !dry_run;
  };
  const auto written = EditFile(location, edits, agree);
  if (!written) {
    PrintError(written.error().text());
    return ExitStatusOf(written.error());
  }
  for (const std::string& objection : objections) PrintError(objection);
  if (objections.empty()) return EX_OK;
  PrintError(sys::Cat(location.MainCf(), " stays as it is"));
  return EX_DATAERR;
}

// `parse` for each word; all errors at once.
template <typename Parse>
int ParseAndApply(const Environment& environment, const std::vector<std::string>& words, bool dry_run,
                  Parse parse) {
  std::vector<conf::Edit> edits;
  bool right = true;
  for (const std::string& word : words) {
    sys::Result<conf::Edit> edit = parse(word);
    if (edit) {
      edits.push_back(std::move(*edit));
    } else {
      PrintError(edit.error().text());
      right = false;
    }
  }
  return right ? Apply(environment, edits, dry_run) : EX_DATAERR;
}

}  // namespace

int SetParameters(const Environment& environment, const std::vector<std::string>& assignments, bool dry_run) {
  return ParseAndApply(environment, assignments, dry_run, conf::ParseAssignment);
}

int UnsetParameters(const Environment& environment, const std::vector<std::string>& names, bool dry_run) {
  return ParseAndApply(environment, names, dry_run, [&](const std::string& name) {
    auto edit = conf::ParseRemoval(conf::Edit::Kind::kRemove, name);
    if (!edit || environment.configuration.IsSet(edit->name)) return edit;
    return sys::Result<conf::Edit>(sys::Error(sys::Cat(sys::Printable(edit->name, 200), " is not set in ",
                                                       environment.configuration.location().MainCf())));
  });
}

}  // namespace outpost::admin
