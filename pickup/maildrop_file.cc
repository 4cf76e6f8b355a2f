#include "pickup/maildrop_file.h"

namespace outpost::pickup {
namespace {

constexpr sys::Microseconds kAbandonedAfter = std::chrono::hours(24);

FileJudgement Rejected(std::string why) { return {FileJudgement::Kind::kRejected, std::move(why)}; }

}  // namespace

FileJudgement JudgeFile(const struct stat& status, sys::Microseconds now) {
  if (S_ISDIR(status.st_mode)) return Rejected("it is a directory");
  if (!S_ISREG(status.st_mode)) return {FileJudgement::Kind::kNoFile, "not a regular file"};
  if (status.st_nlink == 0) return {FileJudgement::Kind::kIncomplete, {}};  // its writer has just removed it
  if (status.st_nlink != 1) return Rejected("it has another name elsewhere");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return Rejected("others than its owner may write to it");
  if ((status.st_mode & S_IXUSR) != 0) return {FileJudgement::Kind::kWhole, {}};
  const sys::Microseconds changed = std::chrono::seconds(status.st_ctim.tv_sec);
  return {now - changed > kAbandonedAfter ? FileJudgement::Kind::kAbandoned : FileJudgement::Kind::kIncomplete, {}};
}

}  // namespace outpost::pickup
