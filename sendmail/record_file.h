// Standard input becomes a submission record: one file, head first, that can be handed over as often as it takes.
#pragma once

#include <cstdint>

#include "lib/content/message_reader.h"
#include "lib/spool/record.h"
#include "lib/sys/unique_fd.h"
#include "sendmail/failure.h"

namespace outpost::sendmail {

struct InputRules {
  uint64_t message_size_limit = 0;  // bytes; 0: none
  bool dot_is_text = false;
  content::LineEndings line_endings = content::LineEndings::kAlways;
};

// Reads `input` as bytes, to its end or to the line that is a lone dot, into a memfd or, when it grows large, an
// unlinked file of the directory `temporary`. Waits for its caller as long as that takes, as programs pipe into us
// what they write all night; also where `input` is non-blocking.
//
// Completes `head` (size, arrival). With head.extract_recipients the message must name a recipient unless `head` has
// one already. The failure's code is EX_DATAERR for input that cannot be read or names nobody, EX_UNAVAILABLE for a
// message above the limit, EX_TEMPFAIL when there is no room, EX_USAGE when the recipients of the command line do not
// fit a record.
Attempt<sys::ReadOnlyFd> MakeRecord(sys::FdView input, sys::FdView temporary, const InputRules& rules,
                                    spool::RecordHead& head);

}  // namespace outpost::sendmail
