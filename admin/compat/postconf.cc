#include "admin/compat/postconf.h"

#include <algorithm>
#include <set>
#include <unistd.h>

#include "admin/compat/postconf_options.h"
#include "admin/conf_edit.h"
#include "admin/environment.h"
#include "conf/parameters.h"
#include "conf/tables/open_table.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

void Say(std::string_view text) {
  static_cast<void>(
      sys::WriteAll(sys::FdView(STDERR_FILENO), sys::Cat("postconf: ", text, "\n"), "standard error"));
}

void Warn(std::string_view text) { Say(sys::Cat("warning: ", text)); }

int Fail(std::string_view text) {
  Say(sys::Cat("fatal: ", text));
  return 1;
}

// Postfix's as well, whether or not they mean something here.
bool IsBuiltIn(std::string_view name) {
  return conf::FindParameter(name) != nullptr || conf::FindInapplicable(name) || conf::FindTransportParameter(name);
}

std::string PlacedText(conf::Finding finding) {
  finding.severity = Severity::kError;  // no word for it: postconf says "warning: " at the beginning
  return finding.ToString();
}

class Shower {
 public:
  Shower(const conf::Configuration& configuration, const PostconfOptions& options)
      : configuration_(configuration), options_(options) {}

  // Whether all could be expanded.
  bool ShowAll() const {
    std::set<std::string, std::less<>> names;
    if (options_.built_in) {
      for (const auto* parameter : conf::KnownParameters()) names.emplace(parameter->name);
      if (!options_.defaults) {
        for (const auto& [name, value] : configuration_.Explicit()) {
          if (IsBuiltIn(name)) names.insert(name);
        }
      }
    }
    if (options_.user_defined && !options_.defaults) names.merge(configuration_.UserDefined());
    return std::ranges::all_of(names, [&](const std::string& name) { return Show(name); });
  }

  bool ShowNamed() const {
    const auto user_defined = configuration_.UserDefined();
    for (const std::string& name : options_.names) {
      if (!IsBuiltIn(name) && (options_.defaults || !user_defined.contains(name))) {
        const std::string_view nearest = conf::NearestName(name);
        Warn(sys::Cat(sys::Printable(name, 200), ": unknown parameter",
                      nearest.empty() ? "" : sys::Cat("; is it ", nearest, "?")));
      } else if (!Show(name)) {
        return false;
      }
    }
    return true;
  }

 private:
  bool Show(const std::string& name) const {
    const bool is_set =
        name == "config_directory" ? configuration_.location().was_named : configuration_.IsSet(name);
    if (options_.only_set && !is_set) return true;
    if (options_.hide_values) {
      PrintOut(name + "\n");
      return true;
    }
    if (!HasValue(name)) {
      Warn(conf::WhyNoValue(name));
      return true;
    }
    const sys::Result<std::string> value = Value(name);
    if (!value) {
      Fail(sys::Cat(name, ": ", value.error().text()));
      return false;
    }
    PrintOut(PostconfLine(options_.hide_names ? *value : sys::Cat(name, " = ", *value), options_.fold));
    return true;
  }

  std::optional<std::string> Unexpanded(const std::string& name) const {
    return options_.defaults ? configuration_.UnexpandedDefault(name) : configuration_.Unexpanded(name);
  }

  bool HasValue(const std::string& name) const { return Unexpanded(name).has_value(); }

  sys::Result<std::string> Value(const std::string& name) const {
    if (!options_.expand) return Unexpanded(name).value_or("");
    return options_.defaults ? configuration_.ExpandedDefault(name) : configuration_.Expanded(name);
  }

  const conf::Configuration& configuration_;
  const PostconfOptions& options_;
};

void WarnOfNames(const conf::Configuration& configuration) {
  const std::string file = configuration.location().MainCf();
  for (const std::string& name : configuration.Undefined()) {
    Warn(sys::Cat(file, ": undefined parameter: ", sys::Printable(name)));
  }
  const auto user_defined = configuration.UserDefined();
  for (const auto& [name, value] : configuration.Explicit()) {
    if (IsBuiltIn(name) || user_defined.contains(name)) continue;
    Warn(sys::Cat(file, ": unused parameter: ", name, "=", sys::Printable(value)));
  }
}

sys::Result<void> Override(conf::Configuration& configuration, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    sys::Result<conf::Edit> edit = conf::ParseAssignment(text);
    if (!edit) return edit.error().Within(sys::Cat("invalid parameter override: ", sys::Printable(text, 200)));
    configuration.Override(edit->name, std::move(edit->value));
  }
  return {};
}

int ShowParameters(const conf::Location& location, const PostconfOptions& options) {
  conf::Configuration configuration = conf::Configuration::Load(location);
  for (const conf::Finding& finding : configuration.findings()) {
    if (options.defaults) break;  // they have nothing to do with main.cf
    if (finding.severity == Severity::kError) {
      Fail(finding.ToString());
    } else {
      Warn(PlacedText(finding));
    }
  }
  if (configuration.HasErrors() && !options.defaults) return 1;
  if (auto overridden = Override(configuration, options.overrides); !overridden) {
    return Fail(overridden.error().text());
  }
  const Shower shower(configuration, options);
  if (!(options.names.empty() ? shower.ShowAll() : shower.ShowNamed())) return 1;
  if (!options.defaults && !options.no_warnings) WarnOfNames(configuration);
  return 0;
}

sys::Result<std::vector<conf::Edit>> ParseEdits(const PostconfOptions& options) {
  using Mode = PostconfOptions::Mode;
  std::vector<conf::Edit> edits;
  for (const std::string& text : options.names) {
    const auto kind = options.mode == Mode::kRemove ? conf::Edit::Kind::kRemove : conf::Edit::Kind::kCommentOut;
    sys::Result<conf::Edit> edit =
        options.mode == Mode::kSet ? conf::ParseAssignment(text) : conf::ParseRemoval(kind, text);
    if (!edit) return edit.error();
    const auto earlier = std::ranges::find(edits, edit->name, &conf::Edit::name);
    if (earlier != edits.end()) {
      Warn(sys::Cat("ignoring earlier request: '", earlier->name, " = ", earlier->value, "'"));
      edits.erase(earlier);
    }
    edits.push_back(std::move(*edit));
  }
  return edits;
}

// As Postfix's does, this writes values that are wrong: scripts set one after another, and the whole may be right in the
// end. Unlike Postfix's it says so.
int EditParameters(const conf::Location& location, const PostconfOptions& options) {
  const auto edits = ParseEdits(options);
  if (!edits) return Fail(edits.error().text());
  std::vector<conf::Finding> wrong;
  const auto written = EditFile(location, *edits, [&](std::string_view before, const conf::EditedMainCf& edited) {
    for (const std::string& name : edited.set_several_times) {
      Warn(sys::Cat(location.MainCf(), ": multiple entries for \"", name, "\""));
    }
    wrong = NewErrors(location, before, edited.text);
    return true;
  });
  if (!written) return Fail(written.error().text());
  for (const conf::Finding& finding : wrong) Warn(sys::Cat(PlacedText(finding), " (written all the same)"));
  return 0;
}

int ShowTableTypes() {
  for (const std::string_view type : conf::TableTypes()) PrintOut(sys::Cat(type, "\n"));
  return 0;
}

}  // namespace

int Postconf(std::span<const std::string> arguments) {
  using enum PostconfOptions::Mode;
  const sys::Result<PostconfOptions> options = ParsePostconfOptions(arguments);
  if (!options) return Fail(options.error().text());
  const sys::Result<conf::Location> location = conf::Locate(options->directory);
  if (!location) return Fail(location.error().text());
  switch (options->mode) {
    case kShow:
      return ShowParameters(*location, *options);
    case kSet:
    case kRemove:
    case kCommentOut:
      return EditParameters(*location, *options);
    case kTableTypes:
      return ShowTableTypes();
    case kLockTypes:
      Warn("there are no lock types: no mailbox is written on this host");
      return 0;
    case kServerSasl:
      Warn("there are no SASL types of a server: nothing here listens on the network");
      return 0;
    case kClientSasl:
      PrintOut("cyrus\n");
      return 0;
  }
  __builtin_unreachable();
}

}  // namespace outpost::admin
