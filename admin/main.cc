// outpost: the administrator's command.
//   runs as    whoever types it
//   opens      main.cf and its tables; public/control; the queue itself only when no runner holds its lock
//   trusts     its arguments, as far as its user's rights go; the runner's answers are parsed, not believed
//   promises   says what was done, or what was wrong and what to do; exit statuses are sysexits.h's
//   if killed  nothing is lost: every change is made by the runner, or in one transaction
#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <sysexits.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "admin/check_command.h"
#include "admin/compat/postconf.h"
#include "admin/compat/postmap.h"
#include "admin/conf_command.h"
#include "admin/conf_edit_command.h"
#include "admin/environment.h"
#include "admin/map_command.h"
#include "admin/queue_command.h"
#include "admin/service_command.h"

namespace {

using outpost::admin::Environment;
using Command = std::function<int(Environment&)>;

struct Options {
  std::optional<std::string> directory;
  bool once = false;
  bool json = false;
  bool salvage = false;
  bool explicit_only = false;
  bool only_values = false;
  bool dry_run = false;
  bool no_dns = false;
  bool verbose = false;
  std::string id;
  std::string domain;
  std::vector<std::string> names;
  std::string table;
  std::vector<std::string> keys;
};

void DefineCheck(CLI::App& check, Options& options, Command& chosen, bool installation) {
  check.add_flag("--json", options.json, "As JSON");
  check.add_flag("--no-dns", options.no_dns, "Ask nobody about the relay");
  check.callback([&, installation] {
    chosen = [&, installation](Environment& e) {
      return outpost::admin::Check(e, {options.json, !options.no_dns, installation});
    };
  });
}

void DefineService(CLI::App& app, Options& options, Command& chosen) {
  auto* start = app.add_subcommand("start", "Start the mailer in the background");
  start->add_flag("--once", options.once, "One queue run in the foreground, then end");
  start->callback([&] {
    chosen = [&](Environment& e) { return options.once ? StartInForeground(e, true) : outpost::admin::Start(e); };
  });
  app.add_subcommand("start-fg", "Start the mailer in the foreground, for containers and supervisors")
      ->callback([&] { chosen = [](Environment& e) { return StartInForeground(e, false); }; });
  const auto simple = [&](const char* name, const char* help, Command command) {
    app.add_subcommand(name, help)->callback([&chosen, command = std::move(command)] { chosen = command; });
  };
  simple("stop", "Stop the mailer", outpost::admin::Stop);
  simple("reload", "Read main.cf again; what waits is routed anew", outpost::admin::Reload);
  DefineCheck(*app.add_subcommand("check", "Say everything that is wrong with configuration and installation"),
              options, chosen, true);
  auto* flush = app.add_subcommand("flush", "Try what waits now: everything, or a part");
  auto* to = flush->add_option("--to", options.domain, "Only recipients of this domain");
  flush->add_option("--id", options.id, "Only this message")->excludes(to);
  flush->callback([&, flush, to] {
    chosen = [&, by_id = flush->count("--id") > 0, by_domain = to->count() > 0](Environment& e) {
      if (by_id) return outpost::admin::FlushMessage(e, options.id);
      return by_domain ? outpost::admin::FlushDomain(e, options.domain) : outpost::admin::Flush(e);
    };
  });
  auto* status = app.add_subcommand("status", "Is it running, and what does it think of its relay?");
  status->add_flag("--json", options.json, "As JSON");
  status->callback([&] { chosen = [&](Environment& e) { return outpost::admin::Status(e, options.json); }; });
}

void DefineQueue(CLI::App& app, Options& options, Command& chosen) {
  auto* queue = app.add_subcommand("queue", "What waits");
  auto* list = queue->add_subcommand("list", "Each message, its recipients, why they wait and until when");
  list->add_flag("--json", options.json, "One JSON object a line");
  list->callback([&] { chosen = [&](Environment& e) { return outpost::admin::ListQueue(e, options.json); }; });
  auto* verify = queue->add_subcommand("verify", "Read all of a stopped mailer's queue: is it whole?");
  verify->add_flag("--salvage", options.salvage, "Set a damaged one aside, and keep what can be read of it");
  verify->callback(
      [&] { chosen = [&](Environment& e) { return outpost::admin::VerifyQueue(e, options.salvage); }; });
  queue->add_subcommand("run", "One queue run: by the running mailer, or in the foreground")->callback([&] {
    chosen = outpost::admin::RunQueue;
  });
  app.add_subcommand("mailq", "The queue in Postfix's form")->callback([&] { chosen = outpost::admin::Mailq; });
  auto* trace = app.add_subcommand("trace", "Where is my mail? The history of one message");
  trace->add_option("ID", options.id, "Queue id, as `sendmail -v` prints it")->required();
  trace->add_flag("--json", options.json, "One JSON object a line");
  trace->callback(
      [&] { chosen = [&](Environment& e) { return outpost::admin::TraceMessage(e, options.id, options.json); }; });
}

void DefineConfShow(CLI::App& conf, Options& options, Command& chosen) {
  auto* get = conf.add_subcommand("get", "Values in force");
  get->set_help_flag("--help", "Print this help message and exit");
  get->add_flag("-h,--only-values", options.only_values, "Without the names");
  get->add_flag("--json", options.json, "One JSON object a line");
  get->add_option("NAME", options.names, "Which")->required();
  get->callback([&] {
    chosen = [&](Environment& e) {
      return outpost::admin::GetParameters(e, {options.names, options.only_values, options.json});
    };
  });
  auto* diff = conf.add_subcommand("diff", "What main.cf sets otherwise than the defaults");
  diff->add_flag("--json", options.json, "One JSON object a line");
  diff->callback([&] { chosen = [&](Environment& e) { return outpost::admin::DiffParameters(e, options.json); }; });
  auto* explain = conf.add_subcommand("explain", "What a parameter is for, its values, default, value and place");
  explain->add_flag("--json", options.json, "One JSON object a line");
  explain->add_option("NAME", options.names, "Which; all when none is named");
  explain->callback([&] {
    chosen = [&](Environment& e) { return outpost::admin::ExplainParameters(e, options.names, options.json); };
  });
}

void DefineConfEdit(CLI::App& conf, Options& options, Command& chosen) {
  auto* set = conf.add_subcommand("set", "Write values into main.cf, where a start would take them");
  set->add_option("SETTING", options.names, "name=value")->required();
  auto* unset = conf.add_subcommand("unset", "Take parameters out of main.cf: their defaults hold");
  unset->add_option("NAME", options.names, "Which")->required();
  for (auto* command : {set, unset}) {
    command->add_flag("--dry-run", options.dry_run, "Only show what would change");
  }
  set->callback([&] {
    chosen = [&](Environment& e) { return outpost::admin::SetParameters(e, options.names, options.dry_run); };
  });
  unset->callback([&] {
    chosen = [&](Environment& e) { return outpost::admin::UnsetParameters(e, options.names, options.dry_run); };
  });
}

void DefineConfiguration(CLI::App& app, Options& options, Command& chosen) {
  auto* conf = app.add_subcommand("conf", "Parameters: shown, changed, explained, checked");
  conf->add_flag("-n", options.explicit_only, "Only what main.cf sets");
  conf->add_option("NAME", options.names, "Only these");
  DefineConfShow(*conf, options, chosen);
  DefineConfEdit(*conf, options, chosen);
  DefineCheck(*conf->add_subcommand("check", "Say everything that is wrong with main.cf and its tables"), options,
              chosen, false);
  conf->callback([&, conf] {
    if (!conf->get_subcommands().empty()) return;
    chosen = [&](Environment& e) {
      return outpost::admin::ShowConfiguration(e, options.explicit_only, options.names);
    };
  });
  auto* aliases = app.add_subcommand("newaliases", "What is wrong with the alias tables; nothing is to be built");
  aliases->add_flag("-v", options.verbose, "Say that nothing is to be built");
  aliases->callback([&] { chosen = [&](Environment& e) { return CheckAliases(e, options.verbose); }; });
}

void DefineMap(CLI::App& app, Options& options, Command& chosen) {
  auto* map = app.add_subcommand("map", "Lookup tables, as the mailer reads them");
  map->require_subcommand(1);
  auto* query = map->add_subcommand("query", "What a table has for a key");
  query->add_option("TABLE", options.table, "type:name, as in main.cf")->required();
  query->add_option("KEY", options.keys, "Keys; - for those of standard input, one a line")->required();
  query->add_flag("--json", options.json, "One JSON object a line");
  query->callback([&] {
    chosen = [&](Environment&) {
      const bool with_key = options.keys.size() > 1 || options.keys.front() == "-";
      return outpost::admin::QueryMap(options.table, options.keys, with_key, options.json);
    };
  });
  auto* list = map->add_subcommand("list", "All entries of a table");
  list->add_option("TABLE", options.table, "type:name")->required();
  list->add_flag("--json", options.json, "One JSON object a line");
  list->callback(
      [&] { chosen = [&](Environment&) { return outpost::admin::ListMap(options.table, options.json); }; });
  auto* check = map->add_subcommand("check", "What is wrong with tables, with file and line");
  check->add_option("TABLE", options.names, "type:name")->required();
  check->callback([&] {
    chosen = [&](Environment&) {
      const auto checked = outpost::admin::CheckMaps(options.names);
      return checked.opened && checked.complaints == 0 ? EX_OK : EX_CONFIG;
    };
  });
}

// One line, as for every other error. CLI11 says neither who speaks nor which words there are.
std::string FailureMessage(const CLI::App* app, const CLI::Error& error) {
  return std::string("outpost: ") + error.what() + " (`" + app->get_name() + " --help` shows what is)\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (name == "postmap") return outpost::admin::Postmap(words);
  if (name == "postalias") return outpost::admin::Postmap(words, outpost::admin::MapProgram::kPostalias);
  if (name == "postconf") return outpost::admin::Postconf(words);
  CLI::App app("The mailer for hosts that send mail and receive none", "outpost");
  app.set_version_flag("-v,--version", "outpost " OUTPOST_VERSION);
  Options options;
  Command chosen;
  app.add_option("-C", options.directory, "Configuration directory");
  app.failure_message(FailureMessage);
  DefineService(app, options, chosen);
  DefineQueue(app, options, chosen);
  DefineConfiguration(app, options, chosen);
  DefineMap(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  if (!chosen) {
    std::cerr << app.help();
    return EX_USAGE;
  }
  auto environment = outpost::admin::MakeEnvironment(options.directory);
  if (!environment) return EX_CONFIG;
  return chosen(*environment);
}
