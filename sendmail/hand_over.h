// A record is handed over: by the socket, to a pickup that answers when it is in the queue, or, when nobody answers,
// into the maildrop. On success it is on stable storage in either case.
//
// An answer that does not come (time-out, end of connection, nonsense) leaves open whether the message was kept. The
// same record, id and token included, is then handed over once more by the socket, and after that, or when that is put
// off, by the maildrop: the queue knows it again and keeps one. A drop that was killed is started again for the same
// reason: its file may have been whole. Every wait has an end.
#pragma once

#include <chrono>
#include <string>

#include "lib/spool/record.h"
#include "lib/sys/unique_fd.h"
#include "sendmail/failure.h"

namespace outpost::sendmail {

struct Ways {
  std::string submit_socket;
  std::string maildrop;
  std::string drop_program;    // set-gid; "": our own rights are enough for the maildrop
  bool make_maildrop = false;  // with our own rights: where it is missing, the first message makes it
};

struct TimeLimits {
  std::chrono::milliseconds connect{5000};   // for a place in the backlog, and for each block of the record
  std::chrono::milliseconds send{120000};    // for the whole record
  std::chrono::milliseconds answer{20000};   // from the last byte; the queue's commit takes milliseconds
  std::chrono::milliseconds drop{120000};    // for drop to end: a disk may be slow
  std::chrono::milliseconds drop_end{5000};  // once it has been told to
};

// The id under which it was kept: head.id, or that of an earlier try's.
Attempt<std::string> HandOver(const sys::ReadOnlyFd& record, const spool::RecordHead& head, const Ways& ways,
                              const TimeLimits& limits = {});

}  // namespace outpost::sendmail
