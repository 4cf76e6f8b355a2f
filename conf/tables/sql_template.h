// The query and the result_format of a sqlite_table(5) file. Pure.
//
// A query's values never become SQL: each string literal with a macro in it, such as '%s' or '%u@%d', is made a parameter
// of the statement, to which the text is bound. A macro outside of quotes is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

// Text with %s %u %d %1-%9 %S %U %D and %% in it.
class SqlTemplate {
 public:
  // An Error for what is no macro.
  static sys::Result<SqlTemplate> Parse(std::string_view text);
  // Nothing where a macro has no part to stand for: %d of what has no domain, %u of an empty local part, %3 of a domain of
  // two labels. %s %u %d are parts of `value`; %S %U %D and %1 (the last label) to %9 of `key`.
  std::optional<std::string> Expand(std::string_view value, std::string_view key) const;

 private:
  std::string text_;
};

struct SqlQuery {
  std::string statement;              // with ?1, ?2, ... for the literals
  std::vector<SqlTemplate> literals;  // what is bound to them, where value and key are the key
};
sys::Result<SqlQuery> ParseSqlQuery(std::string_view query);

}  // namespace outpost::conf
