#include "admin/map_command.h"

#include <algorithm>
#include <sysexits.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "admin/environment.h"
#include "conf/tables/open_table.h"
#include "conf/tables/table_name.h"
#include "conf/value_types.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr int kNotFound = 1;  // Postfix's postmap

std::string Place(const conf::TextComplaints& text, const conf::Complaint& complaint) {
  if (text.file.empty()) return "";
  return sys::Cat(text.file, ":", complaint.line, ": ");
}

std::string AsJson(std::string_view key, std::string_view value) {
  const nlohmann::json object = {{"key", std::string(key)}, {"value", std::string(value)}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string AsLine(std::string_view key, std::string_view value) { return sys::Cat(key, "\t", value, "\n"); }

}  // namespace

std::unique_ptr<conf::Table> OpenMap(const std::string& item, size_t* complaints, const conf::TableRules& rules) {
  std::vector<conf::TextComplaints> texts;
  auto table = conf::OpenTable(item, &texts, {rules, {}});
  for (const auto& text : texts) {
    for (const auto& complaint : text.complaints) PrintError(Place(text, complaint) + complaint.text);
    if (complaints != nullptr) *complaints += text.complaints.size();
  }
  if (table) return std::move(*table);
  PrintError(table.error().text());
  return nullptr;
}

bool ForEachKeyOfInput(const std::function<void(std::string_view)>& ask, LineOutput& answers) {
  std::vector<char> room(kMaxKey);
  std::string rest;  // a line whose end is not yet read
  while (true) {
    answers.Flush();
    const auto count = sys::ReadSome(sys::FdView(STDIN_FILENO), room);
    if (!count) {
      PrintError(count.error().Within("standard input").text());
      return false;
    }
    if (*count == 0) break;
    rest.append(room.data(), *count);
    size_t begin = 0;
    for (size_t end = rest.find('\n'); end != std::string::npos && end - begin <= kMaxKey;
         end = rest.find('\n', begin)) {
      ask(std::string_view(rest).substr(begin, end - begin));
      begin = end + 1;
    }
    rest.erase(0, begin);
    if (rest.size() > kMaxKey) {
      PrintError(sys::Cat("standard input has a line of more than ", kMaxKey, " bytes"));
      return false;
    }
  }
  if (!rest.empty()) ask(rest);
  return true;
}

int QueryMap(const std::string& item, const std::vector<std::string>& keys, bool with_key, bool json) {
  const auto table = OpenMap(item);
  if (!table) return EX_CONFIG;
  bool any = false;
  bool failed = false;
  LineOutput answers;
  const auto ask = [&](std::string_view key) {
    const conf::Found found = table->Find(key);
    if (!found) {
      answers.Flush();
      PrintError(sys::Cat(item, ": ", found.error().text()));
      failed = true;
    } else if (*found) {
      any = true;
      answers.Add(json ? AsJson(key, **found) : with_key ? AsLine(key, **found) : sys::Cat(**found, "\n"));
    }
  };
  for (const auto& key : keys) {
    if (key != "-") {
      ask(key);
    } else if (!ForEachKeyOfInput(ask, answers)) {
      return EX_DATAERR;
    }
  }
  if (failed) return EX_TEMPFAIL;
  return any ? EX_OK : kNotFound;
}

int ListMap(const std::string& item, bool json) {
  const auto table = OpenMap(item);
  if (!table) return EX_CONFIG;
  LineOutput entries;
  const auto walked = table->Walk([&](std::string_view key, std::string_view value) {
    entries.Add(json ? AsJson(key, value) : AsLine(key, value));
    return true;
  });
  if (walked) return EX_OK;
  entries.Flush();
  PrintError(sys::Cat(item, ": ", walked.error().text()));
  return EX_UNAVAILABLE;
}

MapsChecked CheckMaps(const std::vector<std::string>& tables, const conf::TableRules& rules) {
  MapsChecked checked;
  for (const auto& item : tables) {
    size_t complaints = 0;
    if (OpenMap(item, &complaints, rules) == nullptr) {
      checked.opened = false;
    } else if (complaints == 0) {
      PrintOut(sys::Cat(item, ": right; nothing is to be built: it is read as text\n"));
    }
    checked.complaints += complaints;
  }
  return checked;
}

int CheckAliases(Environment& environment, bool verbose) {
  constexpr std::string_view kDatabase = "alias_database";
  const auto value = environment.configuration.Expanded(kDatabase);
  const auto items = value ? conf::SplitList(*value) : value.error();
  if (!items) {
    PrintError(sys::Cat(kDatabase, ": ", items.error().text()));
    return EX_CONFIG;
  }
  std::vector<std::string> there;
  for (const std::string& item : *items) {
    const std::string file = conf::FileOf(conf::ParseTableName(item));
    if (file.empty() || access(file.c_str(), F_OK) == 0) there.push_back(item);
  }
  bool opened = true;
  for (const std::string& item : there) {
    opened = OpenMap(item, nullptr, conf::RulesOf(kDatabase)) != nullptr && opened;
  }
  if (verbose) PrintOut("Nothing to build: tables are read as text.\n");
  return opened ? EX_OK : EX_CONFIG;
}

}  // namespace outpost::admin
