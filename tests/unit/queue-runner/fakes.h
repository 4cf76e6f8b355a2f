// outpost-pickup and outpost-smtp as the runner's tests want them: this same test program under their names. What
// they shall do is written in files of the configuration directory; what they did is read from there.
#pragma once

#include <string>

namespace outpost::queue_runner {

// If this process was started as one of the two, plays it and ends. Called before main.
void PlayIfAsked();

// Files in the configuration directory.
inline constexpr const char* kInjectFile = "/inject";    // lines "ID SENDER RECIPIENT[,RECIPIENT] BYTES [TOKEN]"
inline constexpr const char* kAnswersFile = "/answers";  // lines "accepted ID" or "refused TEXT"
inline constexpr const char* kAheadFile = "/ahead";      // seconds by which outpost-pickup's clock is
inline constexpr const char* kModeFile = "/mode";        // how outpost-smtp behaves, see fakes.cc
inline constexpr const char* kDeliveredFile = "/delivered";  // lines "ID SENDER RECIPIENT NEXT-HOP [duplicate]"
inline constexpr const char* kRefusedFile = "/refused";  // the same, of modes that refuse the account or the sender
inline constexpr const char* kConnectionsFile = "/connections";  // a line for each connection
inline constexpr const char* kNoticeFile = "/content";           // content of the last message delivered

}  // namespace outpost::queue_runner
