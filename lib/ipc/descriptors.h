// The descriptors with which queue-runner starts its programs. 0 and 1 are /dev/null, 2 is the runner's own.
#pragma once

namespace outpost::ipc {

constexpr int kChannelFd = 3;     // to the runner
constexpr int kListenerFd = 4;    // pickup: public/submit, listening
constexpr int kLogFd = 5;         // where maillog_file is set
constexpr int kAgentsLockFd = 6;  // delivery programs: agents.lock, on which each process holds a read lock

}  // namespace outpost::ipc
