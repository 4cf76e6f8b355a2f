// The memory that the crash campaign shares with each of our programs in a test's root, which load interpose.so by
// /etc/ld.so.preload, the set-gid one too. interposed.py is the other side and knows this layout.
//
// Each program counts its calls by kind; one of them, in one program, can be made to fail, or be the program's last.
// Where a log is asked for, all that changes files below the queue directory is written there, in order.
#pragma once

#include <atomic>
#include <cstdint>

namespace outpost::crash {

constexpr const char* kPlanPath = "/srv/interpose.plan";
constexpr const char* kSpool = "/var/spool/outpost/";

// By the names of their files, in this order.
constexpr const char* kPrograms[] = {"outpost-drop", "outpost-pickup", "outpost-queue-runner", "outpost-sendmail",
                                     "outpost-smtp"};
constexpr int kProgramCount = 5;

enum class Kind : uint32_t { kWrite, kSync, kRename, kUnlink, kOpen, kTruncate, kClose };
constexpr int kKindCount = 7;

constexpr int32_t kKill = -1;     // SIGKILL instead of the call
constexpr int32_t kShorten = -2;  // a write of half the bytes; nothing for other calls

struct Plan {
  uint32_t program;  // of kPrograms; another number: none
  Kind kind;
  int64_t at;     // this call of that kind, from 1
  int32_t fault;  // an errno, kKill or kShorten
  uint32_t is_logging;
  std::atomic<int64_t> hits;
  std::atomic<int64_t> log_used;  // may exceed log_limit: then something is missing
  int64_t log_limit;
  std::atomic<int64_t> counts[kProgramCount][kKindCount];
};
constexpr int64_t kLogStart = 4096;
static_assert(sizeof(Plan) <= kLogStart);

enum class Act : uint32_t { kMark, kOpen, kWrite, kSync, kRename, kUnlink, kTruncate, kClose, kMode };

// A record of the log; then path, second path and bytes, without padding.
struct Record {
  uint32_t size;  // of all of it
  Act act;
  uint32_t pid;
  int32_t fd;
  uint64_t number;  // offset, size, flags or mode
  uint32_t uid;
  uint32_t path_size;
  uint32_t second_size;
  uint32_t reserved;
};
static_assert(sizeof(Record) == 40);

}  // namespace outpost::crash
