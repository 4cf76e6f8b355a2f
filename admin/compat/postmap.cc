#include "admin/compat/postmap.h"

#include <filesystem>
#include <sysexits.h>

#include "admin/environment.h"
#include "admin/map_command.h"
#include "conf/tables/table_name.h"
#include "conf/value_types.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr std::string_view kWithValue = "cdq";
constexpr std::string_view kHowToBuild = "fnNopruUw";
constexpr size_t kMaxFile = 1024 * 1024;

std::string AbsoluteTable(const std::string& item, const std::string& directory) {
  conf::TableName table = conf::ParseTableName(item);
  if (conf::NamesFile(table) && !table.name.starts_with('/')) table.name = sys::Cat(directory, "/", table.name);
  return sys::Cat(table.type, ":", table.name);
}

// Options that postalias does not have.
constexpr std::string_view kPostmapAlone = "FbhmU";

sys::Result<void> TakeOption(char option, const std::string& value, MapProgram program, PostmapOptions& options) {
  if (program == MapProgram::kPostalias && kPostmapAlone.find(option) != std::string_view::npos) {
    return sys::Error(sys::Cat("there is no option -", option));
  }
  if (option == 'q') {
    options.key = value;
  } else if (option == 's') {
    options.list = true;
  } else if (option == 'F') {
    options.values_are_files = true;
  } else if (option == 'c') {
    // No table depends on main.cf; a mistyped directory is told all the same.
    if (!std::filesystem::exists(value + "/main.cf")) return sys::Error(sys::Cat(value, " has no main.cf"));
  } else if (option == 'd' || option == 'i') {
    return sys::Error(sys::Cat("-", option, " is not there: tables are text; change the file with an editor"));
  } else if (option == 'b' || option == 'h' || option == 'm') {
    return sys::Error(sys::Cat("-", option, " is not there: ask for one key with -q"));
  } else if (kHowToBuild.find(option) != std::string_view::npos) {
    options.without_effect += option;
  } else if (option != 'v') {
    return sys::Error(sys::Cat("there is no option -", option));
  }
  return {};
}

// The content of the files that `value` names, one after another.
sys::Result<std::string> ContentOf(const std::string& value) {
  const auto files = conf::SplitList(value);
  if (!files) return files.error();
  std::string content;
  for (const auto& file : *files) {
    auto text = sys::ReadFile(file, kMaxFile);
    if (!text) return text;
    content += *text;
  }
  return content;
}

class Printer {
 public:
  // `after_key` stands between key and value; "" leaves the key out.
  Printer(std::string_view after_key, bool values_are_files)
      : after_key_(after_key), values_are_files_(values_are_files) {}

  void Print(std::string_view key, const std::string& value) {
    const auto content = values_are_files_ ? ContentOf(value) : sys::Result(value);
    if (!content) return Fail(content.error());
    lines_.Add(after_key_.empty() ? sys::Cat(*content, "\n") : sys::Cat(key, after_key_, *content, "\n"));
    any_ = true;
  }
  void Fail(const sys::Error& error) {
    lines_.Flush();
    PrintError(error.text());
    failed_ = true;
  }
  LineOutput& lines() { return lines_; }
  int ExitStatus() const { return any_ && !failed_ ? 0 : 1; }

 private:
  std::string_view after_key_;
  bool values_are_files_;
  bool any_ = false;
  bool failed_ = false;
  LineOutput lines_;
};

using Tables = std::vector<std::unique_ptr<conf::Table>>;

// The first table that has the key answers.
void Ask(const Tables& tables, std::string_view key, Printer& printer) {
  for (const auto& table : tables) {
    const conf::Found found = table->Find(key);
    if (!found) return printer.Fail(found.error());
    if (*found) return printer.Print(key, **found);
  }
}

std::string_view AfterKey(MapProgram program) { return program == MapProgram::kPostalias ? ":\t" : "\t"; }

int Query(const Tables& tables, const PostmapOptions& options, MapProgram program) {
  const bool from_input = options.key == "-";
  Printer printer(from_input ? AfterKey(program) : "", options.values_are_files);
  if (!from_input) {
    Ask(tables, *options.key, printer);
  } else if (!ForEachKeyOfInput([&](std::string_view key) { Ask(tables, key, printer); }, printer.lines())) {
    return 1;
  }
  return printer.ExitStatus();
}

int List(const Tables& tables, const PostmapOptions& options, MapProgram program) {
  bool right = true;
  Printer printer(AfterKey(program), options.values_are_files);
  for (const auto& table : tables) {
    const auto walked = table->Walk([&](std::string_view key, std::string_view value) {
      printer.Print(key, std::string(value));
      return true;
    });
    if (!walked) printer.Fail(walked.error());
    right = right && walked;
  }
  return right ? 0 : 1;
}

}  // namespace

sys::Result<PostmapOptions> ParsePostmapOptions(std::span<const std::string> arguments,
                                                const std::string& directory, MapProgram program) {
  PostmapOptions options;
  size_t i = 0;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i].starts_with('-'); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") {
      ++i;
      break;
    }
    for (size_t letter = 1; letter < word.size(); ++letter) {
      const char option = word[letter];
      std::string value;
      if (kWithValue.find(option) != std::string_view::npos) {
        value = word.substr(letter + 1);
        letter = word.size();
        if (value.empty()) {
          if (++i == arguments.size()) return sys::Error(sys::Cat("-", option, " needs a value"));
          value = arguments[i];
        }
      }
      if (auto taken = TakeOption(option, value, program, options); !taken) return taken.error();
    }
  }
  for (; i < arguments.size(); ++i) options.tables.push_back(AbsoluteTable(arguments[i], directory));
  if (options.tables.empty()) {
    return sys::Error(sys::Cat("no table is named: ", program == MapProgram::kPostalias ? "postalias" : "postmap",
                               " [-q KEY | -s] [TYPE:]FILE"));
  }
  if (options.key && options.list) return sys::Error("-q and -s exclude each other");
  return options;
}

int Postmap(std::span<const std::string> arguments, MapProgram program) {
  const conf::TableRules rules = program == MapProgram::kPostalias ? conf::RulesOf("alias_database") : kAnyUse;
  const auto options = ParsePostmapOptions(arguments, std::filesystem::current_path().string(), program);
  if (!options) {
    PrintError(options.error().text());
    return 1;
  }
  if (!options->without_effect.empty()) {
    PrintError(sys::Cat("-", options->without_effect, " has no effect: no index is built"));
  }
  if (!options->key && !options->list) return CheckMaps(options->tables, rules).opened ? 0 : 1;
  Tables tables;
  for (const auto& item : options->tables) {
    tables.push_back(OpenMap(item, nullptr, rules));
    if (!tables.back()) return 1;
  }
  return options->key ? Query(tables, *options, program) : List(tables, *options, program);
}

}  // namespace outpost::admin
