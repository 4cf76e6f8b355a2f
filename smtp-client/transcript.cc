#include "smtp-client/transcript.h"

#include <algorithm>

#include "lib/ipc/delivery.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr std::string_view kOut = "Out: ";
constexpr std::string_view kIn = "In:  ";
constexpr std::string_view kAuth = "AUTH ";
constexpr int kChallenge = 334;

// "AUTH PLAIN AGpvZQ==" -> "AUTH PLAIN"; an answer to a challenge -> "".
std::string_view WithoutSecret(std::string_view line) {
  if (!line.starts_with(kAuth)) return "";
  return line.substr(0, line.find(' ', kAuth.size()));
}

}  // namespace

void Transcript::Out(Stage stage, std::string_view commands) {
  while (wanted_ && !commands.empty()) {
    const size_t end = std::min(commands.find("\r\n"), commands.size());
    const std::string_view line = commands.substr(0, end);
    if (stage != Stage::kAuth) {
      Add(kOut, line);
    } else if (const auto shown = WithoutSecret(line); shown == line) {
      Add(kOut, shown);
    } else {
      Add(kOut, sys::Cat(shown, shown.empty() ? "" : " ", "(not shown)"));
    }
    commands.remove_prefix(std::min(end + 2, commands.size()));
  }
}

void Transcript::In(Stage stage, const Reply& reply) {
  if (!wanted_) return;
  const std::string code = std::to_string(reply.code);
  if (stage == Stage::kAuth && reply.code == kChallenge) return Add(kIn, sys::Cat(code, " (not shown)"));
  if (reply.lines.empty()) return Add(kIn, code);
  for (size_t i = 0; i < reply.lines.size(); ++i) {
    Add(kIn, sys::Cat(code, i + 1 < reply.lines.size() ? "-" : " ", reply.lines[i]));
  }
}

void Transcript::Add(std::string_view direction, std::string_view line) {
  if (lines_.size() == ipc::kTranscriptLines) lines_.pop_front();
  lines_.push_back(sys::Cat(direction, sys::Printable(line, kMaxLineBytes)));
}

}  // namespace outpost::smtp_client
