// The last lines that were said in a session, for a notice to the administrator: of an opening that fails always, of mail
// that is refused where it is wanted (notify_classes: policy, protocol). Bounded, whatever a relay says; nothing of a login
// but its mechanism and outcome is in it, and nothing of a content.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "smtp-client/reply.h"
#include "smtp-client/stage.h"

namespace outpost::smtp_client {

class Transcript {
 public:
  static constexpr size_t kMaxLineBytes = 200;  // what is longer is cut

  // One that is not wanted stays empty.
  explicit Transcript(bool wanted = false) : wanted_(wanted) {}

  // Whole commands, as they leave.
  void Out(Stage stage, std::string_view commands);
  void In(Stage stage, const Reply& reply);
  // "Out: EHLO host.example", "In:  250 relay.example": at most ipc::kTranscriptLines.
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  void Add(std::string_view direction, std::string_view line);

  bool wanted_;
  std::deque<std::string> lines_;
};

}  // namespace outpost::smtp_client
