// Changes to the text of main.cf, as Postfix's `postconf -e`, `-X` and `-#` make them: comments, order, and whatever is
// not named stay as they are, byte for byte. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

struct Edit {
  enum class Kind { kSet, kRemove, kCommentOut };
  Kind kind = Kind::kSet;
  std::string name;
  std::string value;  // of kSet
};

// "name = value", blanks around both removed. An Error for what would not be read again as just that: no name, no '=',
// a control character, a comment.
sys::Result<Edit> ParseAssignment(std::string_view text);
// A name alone, for the other kinds.
sys::Result<Edit> ParseRemoval(Edit::Kind kind, std::string_view text);

// One place that changes: whole lines with their line feeds.
struct Change {
  int line = 0;  // of the text as it was; behind its last one for what is added
  std::string before;
  std::string after;
};

struct EditedMainCf {
  std::string text;
  std::vector<Change> changes;  // in order; a line that would be written as it is does not count
  std::vector<std::string>
      set_several_times;  // names of edits that the text sets more than once, at all their places
};

// A name that is set at several places is changed at each; one that is set nowhere comes at the end, in order of name.
// Of two edits of one name the later holds.
EditedMainCf EditMainCf(std::string_view text, std::span<const Edit> edits);

}  // namespace outpost::conf
