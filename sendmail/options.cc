#include "sendmail/options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "lib/spool/record.h"
#include "lib/sys/text.h"

namespace outpost::sendmail {
namespace {

using sys::Cat;
using sys::Error;
using sys::Printable;
using sys::Result;

constexpr std::string_view kUsage =
    "; usage: sendmail [-C directory] [-f sender] [-F name] [-i] [-t] [-v] [recipient...]";

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view kNoListener = "nothing listens here; \"outpost start\" starts the mailer";
constexpr std::string_view kNoReturnPaths = "no return path is made for each recipient";

Error Unsupported(char letter, std::string_view value, std::string_view why = "") {
  return Error(Cat("unsupported: -", letter, Printable(value, 100), why.empty() ? "" : ": ", why));
}

// RFC 3461 section 4.
std::string Xtext(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7F && c != '+' && c != '=') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '+';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

// "30m", "1h30m": how often a queue runner of old was to look.
bool IsInterval(std::string_view text) {
  return !text.empty() && IsDigit(text[0]) && std::ranges::all_of(text, [](char c) {
    return IsDigit(c) || std::string_view("smhdw").find(c) != std::string_view::npos;
  });
}

// Each takes one option's value into the options, or says why not. Values are "" where the option has none.

Result<void> Ignore(std::string_view, Options&) { return {}; }

Result<void> TakeAliases(std::string_view, Options& options) {
  options.mode = Mode::kRebuildAliases;
  return {};
}

Result<void> TakeBodyType(std::string_view value, Options&) {
  if (value == "7BIT" || value == "8BITMIME") return {};
  return Error("option -B: the body type is 7BIT or 8BITMIME");
}

Result<void> TakeConfig(std::string_view value, Options& options) {
  if (value.empty()) return Error("option -C: the directory's name is empty");
  options.config = value;
  return {};
}

Result<void> TakeDotIsText(std::string_view, Options& options) {
  options.dot_is_text = true;
  return {};
}

Result<void> TakeExtract(std::string_view, Options& options) {
  options.extract_recipients = true;
  return {};
}

Result<void> TakeRelayed(std::string_view, Options& options) {
  options.is_relayed = true;
  return {};
}

Result<void> TakeVerbose(std::string_view, Options& options) {
  options.verbose = true;
  return {};
}

Result<void> TakeFullName(std::string_view value, Options& options) {
  if (std::ranges::any_of(value, IsControl)) return Error("option -F: a control character in the name");
  if (value.size() > spool::kMaxFullName) return Error("option -F: the name is too long");
  options.full_name = value;
  return {};
}

Result<void> TakeSender(std::string_view value, Options& options) {
  if (std::ranges::any_of(value, IsControl)) return Error("option -f or -r: a control character in the sender");
  options.sender = value;
  return {};
}

Result<void> TakeMode(std::string_view value, Options& options) {
  if (value == "m") {
    options.mode = Mode::kSubmit;
  } else if (value == "p") {
    options.mode = Mode::kListQueue;
  } else if (value == "i") {
    options.mode = Mode::kRebuildAliases;
  } else if (value == "h" || value == "H") {
    options.mode = Mode::kNothing;
  } else if (value == "d" || value == "l") {
    return Unsupported('b', value, kNoListener);
  } else if (value == "s") {
    return Unsupported('b', value, "SMTP is not spoken with programs; give the message on standard input");
  } else if (value == "v") {
    return Unsupported('b', value, "an address is tried by a message alone");
  } else {
    return Unsupported('b', value);
  }
  return {};
}

Result<void> TakeNotify(std::string_view value, Options& options) {
  if (!mail::Notify::Parse(value, options.notify)) {
    options.warnings.push_back(Cat("option -N: ignored: ", Printable(value, 100)));
  }
  return {};
}

Result<void> TakeReturn(std::string_view value, Options& options) {
  if (sys::EqualsIgnoringCase(value, "full")) {
    options.ret = mail::ReturnContent::kFull;
  } else if (sys::EqualsIgnoringCase(value, "hdrs")) {
    options.ret = mail::ReturnContent::kHeaders;
  } else {
    options.warnings.push_back(Cat("option -R: ignored: ", Printable(value, 100)));
  }
  return {};
}

Result<void> TakeEnvelopeId(std::string_view value, Options& options) {
  // Once upon a time the delimiters of variable envelope return paths.
  if (value.size() == 2) return Unsupported('V', value, kNoReturnPaths);
  const bool printable = std::ranges::all_of(value, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
  std::string xtext = printable ? Xtext(value) : "";
  if (xtext.empty() || xtext.size() > mail::kMaxEnvelopeId) {
    options.warnings.emplace_back("option -V: ignored: not printable or too long");
  } else {
    options.envelope_id = std::move(xtext);
  }
  return {};
}

Result<void> TakeLongOption(std::string_view value, Options&) {
  const size_t equals = value.find('=');
  const std::string_view name = value.substr(0, equals);
  const std::string_view setting = equals == std::string_view::npos ? "" : value.substr(equals + 1);
  // These two would change what happens to the message; the others never did more than tune a daemon.
  const bool matters = sys::EqualsIgnoringCase(name, "REQUIRETLS") || sys::EqualsIgnoringCase(name, "SMTPUTF8");
  if (matters && !sys::EqualsIgnoringCase(setting, "no")) return Unsupported('O', value);
  return {};
}

Result<void> TakeOldOption(std::string_view value, Options& options) {
  if (value == "i") options.dot_is_text = true;
  if (value == "A") return Error("option -oA: the path is empty");
  return {};
}

constexpr std::string_view kAlone = "options -qI and -qR are not for another mode";

Result<void> TakePartialRun(std::string_view value, Options& options) {
  if (value.size() == 1)
    return Error(Cat("option -q", value, ": ", value == "I" ? "which message?" : "which domain?"));
  if (options.mode != Mode::kSubmit) return Error(std::string(kAlone));
  options.mode = value[0] == 'I' ? Mode::kFlushMessage : Mode::kFlushDomain;
  options.flushed = value.substr(1);
  return {};
}

Result<void> TakeQueueRun(std::string_view value, Options& options) {
  if (value.empty() || value == "f") {
    options.mode = Mode::kRunQueue;
  } else if (IsInterval(value)) {
    options.mode = Mode::kNothing;
  } else if (value[0] == 'I' || value[0] == 'R') {
    return TakePartialRun(value, options);
  } else {
    return Unsupported('q', value, "-q tries all that waits, -qI a message, -qR a domain");
  }
  return {};
}

Result<void> RefuseNoAliasing(std::string_view value, Options&) { return Unsupported('n', value); }
Result<void> RefuseTrafficLog(std::string_view value, Options&) {
  return Unsupported('X', value, value.starts_with('V') ? kNoReturnPaths : "no file is written at a caller's wish");
}

enum class Value { kNone, kRequired, kInterval };  // kInterval: attached, or the next word when it is one

struct Option {
  char letter;
  Value value;
  Result<void> (*take)(std::string_view value, Options& options);
};

constexpr std::array kOptions = {
    Option{'A', Value::kRequired, Ignore},        // which submission program's configuration
    Option{'B', Value::kRequired, TakeBodyType},  // content is looked at instead
    Option{'C', Value::kRequired, TakeConfig},
    Option{'F', Value::kRequired, TakeFullName},
    Option{'G', Value::kNone, TakeRelayed},
    Option{'I', Value::kNone, TakeAliases},
    Option{'L', Value::kRequired, Ignore},  // log tag
    Option{'N', Value::kRequired, TakeNotify},
    Option{'O', Value::kRequired, TakeLongOption},
    Option{'R', Value::kRequired, TakeReturn},
    Option{'U', Value::kNone, Ignore},  // initial submission: always
    Option{'V', Value::kRequired, TakeEnvelopeId},
    Option{'X', Value::kRequired, RefuseTrafficLog},
    Option{'b', Value::kRequired, TakeMode},
    Option{'c', Value::kNone, Ignore},      // hold for expensive mailers
    Option{'e', Value::kRequired, Ignore},  // how to report errors: by exit status and stderr
    Option{'f', Value::kRequired, TakeSender},
    Option{'h', Value::kRequired, Ignore},  // hop count: Received: lines are counted
    Option{'i', Value::kNone, TakeDotIsText},
    Option{'m', Value::kNone, Ignore},  // me too: always
    Option{'n', Value::kNone, RefuseNoAliasing},
    Option{'o', Value::kRequired, TakeOldOption},
    Option{'p', Value::kRequired, Ignore},  // received protocol
    Option{'q', Value::kInterval, TakeQueueRun},
    Option{'r', Value::kRequired, TakeSender},
    Option{'t', Value::kNone, TakeExtract},
    Option{'v', Value::kNone, TakeVerbose},
    Option{'x', Value::kNone, Ignore},
};

// Takes the options of `words` as POSIX getopt would: letters together, values attached or in the next word, the
// first word that is no option ends them, and so does "--".
class Reader {
 public:
  Reader(const std::vector<std::string>& words, Options& options) : words_(words), options_(options) {}

  Result<void> Read() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_];
      if (word.size() < 2 || word[0] != '-') break;
      ++next_;
      if (word == "--") break;
      if (word.starts_with("--")) return Error(Cat("unknown option ", Printable(word, 100), kUsage));
      if (auto read = Cluster(std::string_view(word).substr(1)); !read) return read;
    }
    options_.recipients.assign(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    return {};
  }

 private:
  Result<void> Cluster(std::string_view letters) {
    while (!letters.empty()) {
      const char letter = letters[0];
      letters.remove_prefix(1);
      const auto* option = std::ranges::find(kOptions, letter, &Option::letter);
      if (option == kOptions.end()) {
        return Error(Cat("unknown option -", Printable(std::string_view(&letter, 1)), kUsage));
      }
      std::string_view value;
      if (option->value != Value::kNone) {
        const auto taken = TakeValue(*option, letters);
        if (!taken) return Error(Cat("option -", letter, " needs an argument", kUsage));
        value = *taken;
        letters = {};
      }
      if (auto done = option->take(value, options_); !done) return done;
    }
    return {};
  }

  std::optional<std::string_view> TakeValue(const Option& option, std::string_view attached) {
    if (!attached.empty()) return attached;
    const bool is_there = next_ < words_.size();
    if (option.value == Value::kInterval && !(is_there && IsInterval(words_[next_]))) return "";
    if (!is_there) return std::nullopt;
    return words_[next_++];
  }

  const std::vector<std::string>& words_;
  Options& options_;
  size_t next_ = 0;
};

Result<void> CheckWords(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (std::ranges::any_of(word, [](char c) { return IsControl(c) && c != '\t'; })) {
      return Error(Cat("a control character in the argument ", Printable(word, 100)));
    }
  }
  return {};
}

Result<void> CheckTogether(const Options& options) {
  const bool is_partial = options.mode == Mode::kFlushMessage || options.mode == Mode::kFlushDomain;
  if (!is_partial && !options.flushed.empty()) return Error(std::string(kAlone));
  if (options.mode == Mode::kSubmit) return {};
  if (options.extract_recipients) return Error("option -t is for submitting mail only");
  if (!options.recipients.empty()) {
    return Error(Cat("a recipient where none is expected: ", Printable(options.recipients[0], 100)));
  }
  return {};
}

}  // namespace

Result<Options> ParseOptions(std::string_view program, const std::vector<std::string>& words) {
  Options options;
  if (auto checked = CheckWords(words); !checked) return checked.error();
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (name == "mailq") options.mode = Mode::kListQueue;
  if (name == "newaliases") options.mode = Mode::kRebuildAliases;
  if (name == "smtpd") return Error(std::string(kNoListener));
  if (auto read = Reader(words, options).Read(); !read) return read.error();
  if (auto checked = CheckTogether(options); !checked) return checked.error();
  return options;
}

}  // namespace outpost::sendmail
