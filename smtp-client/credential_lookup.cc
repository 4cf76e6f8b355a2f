#include "smtp-client/credential_lookup.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "conf/logical_lines.h"
#include "conf/tables/file_rights.h"
#include "conf/tables/table.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

using conf::Finding;

constexpr const char* kMaps = "smtp_sasl_password_maps";

// What the looking process writes: one of these, then the text.
enum class Answer : char { kFound = 'F', kNothing = 'N', kError = 'E' };

std::string Say(Answer answer, std::string_view text) { return sys::Cat(static_cast<char>(answer), text); }

void LogWarnings(const conf::Configuration& configuration, size_t from, const sys::Log& log) {
  for (const auto& finding : std::span(configuration.findings()).subspan(from)) {
    if (finding.severity == Finding::Severity::kWarning) log.Warning(finding.ToString());
  }
}

// In the looking process.
std::string Look(conf::Configuration& configuration, const NextHop& next_hop, const sys::Log& log) {
  const size_t known = configuration.findings().size();
  auto tables = conf::TableList::Open(configuration, kMaps, configuration.List(kMaps));
  conf::CheckSecretTables(configuration, kMaps, conf::CurrentReader());
  LogWarnings(configuration, known, log);
  const auto error = std::ranges::find(configuration.findings(), Finding::Severity::kError, &Finding::severity);
  if (error != configuration.findings().end()) return Say(Answer::kError, error->ToString());
  for (const auto& key : next_hop.CredentialKeys()) {
    const auto value = tables.Find(key);
    if (!value) return Say(Answer::kError, value.error().text());
    if (*value) return Say(Answer::kFound, **value);
  }
  return Say(Answer::kNothing, "");
}

// All that the other end of `pipe` writes; cut at the length of `room`.
sys::Result<std::string_view> ReadAll(sys::FdView pipe, std::span<char> room) {
  size_t length = 0;
  while (length < room.size()) {
    const auto got = sys::ReadSome(pipe, room.subspan(length));
    if (!got) return got.error();
    if (*got == 0) break;
    length += *got;
  }
  return std::string_view(room.data(), length);
}

sys::Result<std::optional<Credential>> Understand(std::string_view said) {
  if (said.empty()) return sys::Error("the process that looks for them has died");
  const std::string_view text = said.substr(1);
  switch (static_cast<Answer>(said.front())) {
    case Answer::kFound:
      return std::optional(ParseCredential(text));
    case Answer::kNothing:
      return std::optional<Credential>();
    case Answer::kError:
      return sys::Error(std::string(text));
  }
  return sys::Error("the process that looks for them talks nonsense");
}

}  // namespace

Credential ParseCredential(std::string_view value) {
  const size_t colon = value.find(':');
  if (colon == std::string_view::npos) return {std::string(value), Secret()};
  return {std::string(value.substr(0, colon)), Secret(value.substr(colon + 1))};
}

sys::Result<std::optional<Credential>> LookUpCredential(conf::Configuration& configuration, const NextHop& next_hop,
                                                        const sys::Log& log) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys::Error::FromErrno("make a pipe");
  const sys::UniqueFd read_end(ends[0]);
  sys::UniqueFd write_end(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return sys::Error::FromErrno("fork");
  if (pid == 0) {
    const auto written = sys::WriteAll(write_end, Look(configuration, next_hop, log), "a pipe");
    _exit(written ? 0 : 1);
  }
  write_end.reset();
  Secret room(conf::kMaxLogicalLine + 1);
  const auto said = ReadAll(read_end, room.bytes());
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!said) return said.error();
  return Understand(*said);
}

}  // namespace outpost::smtp_client
