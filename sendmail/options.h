// What a caller of `sendmail` asks for: forty years of its command line read into one value. Pure.
//
// Options without meaning here are taken and ignored where programs pass them (-m, -oem, -A, ...). An option whose
// meaning we cannot give is refused by name, never dropped: the caller would believe that it had its way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/sys/error.h"

namespace outpost::sendmail {

enum class Mode {
  kSubmit,          // -bm, and by default
  kListQueue,       // -bp, mailq
  kRunQueue,        // -q
  kFlushMessage,    // -qI
  kFlushDomain,     // -qR
  kRebuildAliases,  // -bi, -I, newaliases
  kNothing,         // -bh, -bH, -q30m: nothing to do for it, which is success
};

struct Options {
  Mode mode = Mode::kSubmit;
  std::optional<std::string> config;                            // -C
  std::optional<std::string> sender;                            // -f, -r, as given
  std::optional<std::string> full_name;                         // -F
  bool extract_recipients = false;                              // -t
  bool dot_is_text = false;                                     // -i, -oi
  bool is_relayed = false;                                      // -G
  bool verbose = false;                                         // -v
  mail::Notify notify;                                          // -N
  mail::ReturnContent ret = mail::ReturnContent::kUnspecified;  // -R
  std::string flushed;                                          // -qI: the id, -qR: the domain
  std::string envelope_id;                                      // -V, as xtext
  std::vector<std::string> recipients;                          // the words, not parsed yet
  std::vector<std::string> warnings;                            // values that were passed over
};

// `program` is argv[0], which may be a path and chooses the default mode, `words` the rest. An error is a usage error
// (EX_USAGE): its text names the option and is printable. No word with a control character other than a tab is
// accepted anywhere, no tab in -f, -F and -r (attack S3).
sys::Result<Options> ParseOptions(std::string_view program, const std::vector<std::string>& words);

}  // namespace outpost::sendmail
