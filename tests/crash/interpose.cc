// interpose.so: between our programs and libc, for the crash campaign alone. interpose.h has what it does; it keeps to
// plain system calls and memory of its own, since it lives in programs that have given up their rights.
#include "tests/crash/interpose.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace outpost::crash {
namespace {

constexpr int kMaxFd = 1024;
constexpr size_t kMaxPath = 200;

Plan* plan = nullptr;
int program = -1;
long process = 0;
char paths[kMaxFd][kMaxPath];  // of what lies below the queue directory, by descriptor

int FindProgram() {
  char path[256];
  const auto length = readlink("/proc/self/exe", path, sizeof path);
  std::string_view name(path, length < 0 ? 0 : static_cast<size_t>(length));
  name.remove_prefix(name.rfind('/') + 1);
  // Our programs are called outpost-*, save this one.
  if (name == "sendmail") name = "outpost-sendmail";
  const auto* found = std::find(std::begin(kPrograms), std::end(kPrograms), name);
  return found == std::end(kPrograms) ? -1 : static_cast<int>(found - kPrograms);
}

[[gnu::constructor]] void Join() {
  program = FindProgram();
  if (program < 0) return;
  const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, kPlanPath, O_RDWR | O_CLOEXEC));
  struct stat facts {};
  if (fd < 0) return;
  if (fstat(fd, &facts) == 0) {
    void* memory = mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED) plan = static_cast<Plan*>(memory);
  }
  syscall(SYS_close, fd);
  process = syscall(SYS_getpid);
}

// What a program forks is another, which nobody asked about.
bool IsWatched() { return plan != nullptr && syscall(SYS_getpid) == process; }

// Counts the call. 0: go on; else the fault that it is to have.
int32_t FaultOf(Kind kind) {
  if (!IsWatched()) return 0;
  const int64_t number = ++plan->counts[program][static_cast<size_t>(kind)];
  if (plan->program != static_cast<uint32_t>(program) || plan->kind != kind || plan->at != number) return 0;
  ++plan->hits;
  if (plan->fault == kKill) syscall(SYS_kill, process, SIGKILL);
  return plan->fault;
}

// True: the call is to fail, and errno says how.
bool Fails(Kind kind) {
  const int32_t fault = FaultOf(kind);
  if (fault > 0) errno = fault;
  return fault > 0;
}

// --- the log

struct Texts {
  std::string_view path;
  std::string_view second;
  std::string_view bytes;
};

void Note(Act act, int fd, uint64_t number, const Texts& texts) {
  Record record{};
  record.size = static_cast<uint32_t>(sizeof record + texts.path.size() + texts.second.size() + texts.bytes.size());
  record.act = act;
  record.pid = static_cast<uint32_t>(process);
  record.fd = fd;
  record.number = number;
  record.uid = geteuid();
  record.path_size = static_cast<uint32_t>(texts.path.size());
  record.second_size = static_cast<uint32_t>(texts.second.size());
  const int64_t start = plan->log_used.fetch_add(record.size);
  if (start + record.size > plan->log_limit) return;
  char* to = reinterpret_cast<char*>(plan) + kLogStart + start;
  memcpy(to, &record, sizeof record);
  to += sizeof record;
  for (const std::string_view text : {texts.path, texts.second, texts.bytes}) {
    memcpy(to, text.data(), text.size());
    to += text.size();
  }
}

bool IsLogging() { return IsWatched() && plan->is_logging != 0; }

std::string_view PathOf(int fd) { return fd >= 0 && fd < kMaxFd ? std::string_view(paths[fd]) : ""; }
bool IsLogged(int fd) { return IsLogging() && !PathOf(fd).empty(); }

// The path of `name` seen from `directory`, in `buffer`; empty when it is not below the queue directory.
std::string_view Resolve(int directory, const char* name, char (&buffer)[kMaxPath]) {
  const std::string_view base = name[0] == '/' ? "" : PathOf(directory);
  const size_t length = base.size() + 1 + strlen(name);
  if (length >= kMaxPath || (name[0] != '/' && base.empty())) return "";
  char* end = std::copy(base.begin(), base.end(), buffer);
  if (name[0] != '/') *end++ = '/';
  end = std::copy(name, name + strlen(name), end);
  *end = '\0';
  const std::string_view path(buffer, static_cast<size_t>(end - buffer));
  return path.starts_with(kSpool) ? path : "";
}

void NoteOpen(int directory, const char* name, int flags, int fd) {
  if (!IsLogging() || fd < 0 || fd >= kMaxFd) return;
  char buffer[kMaxPath];
  const std::string_view path = Resolve(directory, name, buffer);
  *std::copy(path.begin(), path.end(), paths[fd]) = '\0';
  if (!path.empty()) Note(Act::kOpen, fd, static_cast<uint64_t>(flags), {path, {}, {}});
}

void NoteWrite(int fd, const void* bytes, ssize_t count, off_t offset) {
  if (count <= 0 || !IsLogged(fd)) return;
  const int saved = errno;
  if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - count;
  Note(Act::kWrite, fd, static_cast<uint64_t>(offset),
       {{}, {}, {static_cast<const char*>(bytes), static_cast<size_t>(count)}});
  errno = saved;
}

// --- the calls

int Open(int directory, const char* name, int flags, mode_t mode) {
  if (Fails(Kind::kOpen)) return -1;
  const auto fd = static_cast<int>(syscall(SYS_openat, directory, name, flags, mode));
  NoteOpen(directory, name, flags, fd);
  return fd;
}

// `offset` below 0: at the file's place.
ssize_t Write(int fd, const void* bytes, size_t count, off_t offset) {
  const int32_t fault = FaultOf(Kind::kWrite);
  if (fault > 0) {
    errno = fault;
    return -1;
  }
  if (fault == kShorten && count > 1) count /= 2;
  const auto written = static_cast<ssize_t>(offset < 0 ? syscall(SYS_write, fd, bytes, count)
                                                       : syscall(SYS_pwrite64, fd, bytes, count, offset));
  NoteWrite(fd, bytes, written, offset);
  return written;
}

int Sync(long call, int fd) {
  if (Fails(Kind::kSync)) return -1;
  const auto result = static_cast<int>(syscall(call, fd));
  if (result == 0 && IsLogged(fd)) Note(Act::kSync, fd, 0, {PathOf(fd), {}, {}});
  return result;
}

int Truncate(int fd, off_t size) {
  if (Fails(Kind::kTruncate)) return -1;
  const auto result = static_cast<int>(syscall(SYS_ftruncate, fd, size));
  if (result == 0 && IsLogged(fd)) Note(Act::kTruncate, fd, static_cast<uint64_t>(size), {});
  return result;
}

int Unlink(int directory, const char* name, int flags) {
  if (Fails(Kind::kUnlink)) return -1;
  char buffer[kMaxPath];
  const bool is_logged = IsLogging() && !Resolve(directory, name, buffer).empty();
  const auto result = static_cast<int>(syscall(SYS_unlinkat, directory, name, flags));
  if (result == 0 && is_logged) Note(Act::kUnlink, -1, 0, {buffer, {}, {}});
  return result;
}

int Rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  if (Fails(Kind::kRename)) return -1;
  char source[kMaxPath];
  char target[kMaxPath];
  const bool is_logged =
      IsLogging() && !Resolve(from_directory, from, source).empty() && !Resolve(to_directory, to, target).empty();
  const auto result = static_cast<int>(syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
  if (result == 0 && is_logged) Note(Act::kRename, -1, 0, {source, target, {}});
  return result;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace
}  // namespace outpost::crash

using outpost::crash::Act;
using outpost::crash::Fails;
using outpost::crash::IsLogged;
using outpost::crash::IsWatched;
using outpost::crash::Kind;
using outpost::crash::kMaxFd;
using outpost::crash::ModeOf;
using outpost::crash::Note;
using outpost::crash::Open;
using outpost::crash::paths;
using outpost::crash::Rename;
using outpost::crash::Sync;
using outpost::crash::Truncate;
using outpost::crash::Unlink;
using outpost::crash::Write;

extern "C" {

int open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Open(AT_FDCWD, name, flags, mode);
}
int openat(int directory, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Open(directory, name, flags, mode);
}
[[gnu::alias("open")]] int open64(const char* name, int flags, ...);
[[gnu::alias("openat")]] int openat64(int directory, const char* name, int flags, ...);
// What a compiler with _FORTIFY_SOURCE makes of calls without a mode.
int OpenChecked(const char* name, int flags) asm("__open_2");
int OpenInChecked(int directory, const char* name, int flags) asm("__openat_2");
int Open64Checked(const char* name, int flags) asm("__open64_2");
int OpenIn64Checked(int directory, const char* name, int flags) asm("__openat64_2");
int OpenChecked(const char* name, int flags) { return Open(AT_FDCWD, name, flags, 0); }
int OpenInChecked(int directory, const char* name, int flags) { return Open(directory, name, flags, 0); }
int Open64Checked(const char* name, int flags) { return Open(AT_FDCWD, name, flags, 0); }
int OpenIn64Checked(int directory, const char* name, int flags) { return Open(directory, name, flags, 0); }

ssize_t write(int fd, const void* bytes, size_t count) { return Write(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) { return Write(fd, bytes, count, offset); }
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  return Write(fd, bytes, count, offset);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  if (Fails(Kind::kWrite)) return -1;
  return static_cast<ssize_t>(syscall(SYS_writev, fd, parts, count));  // to sockets alone: not logged
}

int fsync(int fd) { return Sync(SYS_fsync, fd); }
int fdatasync(int fd) { return Sync(SYS_fdatasync, fd); }

int ftruncate(int fd, off_t size) noexcept { return Truncate(fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return Truncate(fd, size); }

int unlink(const char* name) noexcept { return Unlink(AT_FDCWD, name, 0); }
int unlinkat(int directory, const char* name, int flags) noexcept { return Unlink(directory, name, flags); }

int rename(const char* from, const char* to) noexcept { return Rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return Rename(from_directory, from, to_directory, to, 0);
}
int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) noexcept {
  return Rename(from_directory, from, to_directory, to, flags);
}
int link(const char* from, const char* to) noexcept {
  return Fails(Kind::kRename) ? -1 : static_cast<int>(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) noexcept {
  if (Fails(Kind::kRename)) return -1;
  return static_cast<int>(syscall(SYS_linkat, from_directory, from, to_directory, to, flags));
}

int fchmod(int fd, mode_t mode) noexcept {
  const auto result = static_cast<int>(syscall(SYS_fchmod, fd, mode));
  if (result == 0 && IsLogged(fd)) Note(Act::kMode, fd, mode, {});
  return result;
}

// Also where it fails the descriptor is gone, as Linux has it.
int close(int fd) {
  const bool fails = Fails(Kind::kClose);
  const int saved = errno;
  if (IsLogged(fd)) Note(Act::kClose, fd, 0, {});
  if (fd >= 0 && fd < kMaxFd && IsWatched()) paths[fd][0] = '\0';
  const auto result = static_cast<int>(syscall(SYS_close, fd));
  if (fails) errno = saved;
  return fails ? -1 : result;
}

}  // extern "C"
