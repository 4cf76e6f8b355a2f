// outpost map query | list | check: lookup tables as the mailer reads them.
#pragma once

#include <string>
#include <vector>

#include "admin/environment.h"
#include "admin/line_output.h"
#include "conf/tables/table.h"
#include "conf/tables/table_rules.h"

namespace outpost::admin {

// A table, after what is wrong with its text has been printed; nothing, after the reason, when it cannot be opened.
// `complaints`, where given, receives how many lines were left out.
// `rules` are of what it is for: any use, unless they say otherwise.
constexpr conf::TableRules kAnyUse{.secrets = true};
std::unique_ptr<conf::Table> OpenMap(const std::string& item, size_t* complaints = nullptr,
                                     const conf::TableRules& rules = kAnyUse);

// Keys of at most this many bytes, one a line.
constexpr size_t kMaxKey = 64 * 1024;
// Calls `ask` for each line of standard input; false when it cannot be read, after saying why. What `answers` has leaves
// before more is waited for: whoever asks by a pipe gets an answer to each line.
bool ForEachKeyOfInput(const std::function<void(std::string_view)>& ask, LineOutput& answers);

// The value of each key in `table`, a line each: the value alone, or `with_key` "KEY<TAB>VALUE". EX_OK; 1 when none of
// them is there; EX_TEMPFAIL when one could not be looked up; EX_CONFIG when there is no such table.
int QueryMap(const std::string& table, const std::vector<std::string>& keys, bool with_key, bool json);

// All entries, "KEY<TAB>VALUE" a line, or JSON.
int ListMap(const std::string& table, bool json);

// Says what is wrong with each table, and that it is right where nothing is.
struct MapsChecked {
  bool opened = true;     // every table; else the reason has been printed
  size_t complaints = 0;  // lines that were left out
};
MapsChecked CheckMaps(const std::vector<std::string>& tables, const conf::TableRules& rules = kAnyUse);

// newaliases: CheckMaps of the tables of alias_database. Those that are not there are nothing to check: this host delivers
// nothing itself. Without `verbose` only what is wrong is told. EX_CONFIG when one cannot be read; lines that are left out are
// no failure, as in Postfix.
int CheckAliases(Environment& environment, bool verbose);

}  // namespace outpost::admin
