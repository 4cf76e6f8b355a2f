#include "conf/manual.h"

#include <algorithm>
#include <map>
#include <vector>

#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::string_view kHead = R"(outpost.cf(5)

# NAME

outpost.cf - outpost's main.cf: its language and its parameters

# DESCRIPTION

_main.cf_ says how outpost sends this host's mail. It is in _/etc/outpost_, in _\~/.config/outpost_ for a user's own
mailer, or where *-C* or *MAIL\_CONFIG* say. Its language is that of Postfix's _main.cf_, and so are its parameters: the
file of a Postfix that only sends works as it is, or *outpost check* says what does not.

After a change: *outpost check*, then *outpost reload*. New submissions heed it at once.

## Lines

A setting is _name_ = _value_. A line that begins with a blank continues the one before. Empty lines, and lines whose first
character but blanks is _#_, do not count, also between a line and its continuation; further on in a line _#_ is text.
Where a name is set twice the later one holds, with a warning. A name that no parameter has is a macro for other values;
one that nothing uses is warned of.

## Values of other parameters

*$name*, *${name}*, *$(name)*
	The value of _name_, which is expanded in turn; of what is not set, the default. A value that refers to itself is an
	error.
*${name?text}*, *${name:text}*
	_text_ where the value is not empty, or where it is empty.
*${name?{a}:{b}}*
	_a_ where the value is not empty, else _b_.
*${{a} == {b} ? {c} : {d}}*
	_c_ where the comparison holds, else _d_. Also != < <= >= >, by numbers where both sides are, and <=level and its like
	for compatibility levels.
*$$*
	A dollar sign.

## Types

A *time* is a number and s, m, h, d or w; without a letter its unit is the one that stands with the parameter. A *list* has
its items between blanks and commas; *{* and *}* keep an item with blanks together. In a *list of names, files and tables*
/file stands for the items in that file, type:table for the keys of a table, and ! before an item excludes. A *list of
tables* has items type:name, see *outpost-tables*(5).

# PARAMETERS IN EFFECT

)";

constexpr std::string_view kTransports = R"(# PARAMETERS OF A TRANSPORT

Each is written with the transport's name before it: _smtp\_destination\_rate\_delay_. Mail leaves by the transport smtp, of
which those above are in effect.

)";

constexpr std::string_view kWaiting = R"(# PARAMETERS NOT YET IN EFFECT

They are known, may be referred to as $name, and wait for what stands above them. Where mail would leave otherwise than
they ask for, the mailer does not start; where something would merely not happen, there is a warning.

)";

constexpr std::string_view kOtherwise = R"(# PARAMETERS WITHOUT EFFECT

Known, and what they ask for is done otherwise or has no meaning here.

)";

constexpr std::string_view kInapplicable = R"(# PARAMETERS OF WHAT IS NOT HERE

Accepted without a word; *outpost conf check* lists them.

)";

constexpr std::string_view kFoot = R"(# SEE ALSO

*outpost*(1), *outpost-tables*(5), *postconf*(1), *postmap*(1), *sendmail*(1)
)";

// `text` without meaning to scdoc.
std::string Plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\*_~[]<>#").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string EffectWords(Effect effect) {
  switch (effect) {
    case Effect::kAccepted:
      return "";
    case Effect::kWarned:
      return " Setting it is warned of.";
    case Effect::kRefused:
      return " Setting it is an error.";
  }
  __builtin_unreachable();
}

std::string Entry(const Parameter& parameter) {
  const std::string_view value = parameter.default_value;
  return sys::Cat("*", Plain(parameter.name), "* (default: ", value.empty() ? "empty" : Plain(value), ")\n\t",
                  Plain(parameter.doc), parameter.IsInEffect() ? "" : EffectWords(parameter.effect),
                  "++\nValue: ", Plain(Describe(parameter.values)), ". Read by: ", ReaderNames(parameter.readers),
                  ".\n\n");
}

std::string Entries(const std::vector<const Parameter*>& parameters) {
  std::string text;
  for (const Parameter* parameter : parameters) text += Entry(*parameter);
  return text;
}

std::string UpperCased(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

// A subsection for each feature; those that will come have a name, the others do not.
std::string ByFeature(bool will_come) {
  std::map<Feature, std::vector<const Parameter*>> groups;
  for (const Parameter* parameter : KnownParameters()) {
    if (parameter->IsInEffect() || NameOf(parameter->feature).empty() == will_come) continue;
    groups[parameter->feature].push_back(parameter);
  }
  std::string text;
  for (const auto& [feature, parameters] : groups) {
    const std::string meanwhile = Plain(UpperCased(Meanwhile(feature)));
    text += will_come ? sys::Cat("## ", UpperCased(NameOf(feature)), "\n\nUntil then: ", Plain(Meanwhile(feature)),
                                 ".\n\n")
                      : sys::Cat("## ", meanwhile, "\n\n");
    text += Entries(parameters);
  }
  return text;
}

std::string Inapplicable() {
  std::map<std::string_view, std::string> names;
  for (const InapplicableParameter& parameter : InapplicableParameters()) {
    std::string& all = names[parameter.reason];
    all += sys::Cat(all.empty() ? "" : ", ", Plain(parameter.name));
  }
  std::string text;
  for (const auto& [reason, all] : names) text += sys::Cat("*", UpperCased(reason), "*\n\t", all, "\n\n");
  return text;
}

}  // namespace

std::string ManualSource() {
  std::vector<const Parameter*> in_effect;
  for (const Parameter& parameter : Parameters()) in_effect.push_back(&parameter);
  std::vector<const Parameter*> of_transports;
  for (const Parameter& parameter : TransportParameters()) of_transports.push_back(&parameter);
  return sys::Cat(kHead, Entries(in_effect), kTransports, Entries(of_transports), kWaiting, ByFeature(true),
                  kOtherwise, ByFeature(false), kInapplicable, Inapplicable(), kFoot);
}

}  // namespace outpost::conf
