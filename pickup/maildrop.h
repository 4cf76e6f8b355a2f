// The maildrop: records that were left while nobody answered on the socket. A file belongs to whoever submitted it,
// and may be anything: it is opened without following links or waiting, judged by its descriptor, and copied once
// before it is looked at. It is unlinked only after the runner's commit; should it come back after a crash, or be
// submitted again by a sendmail whose drop was killed, the runner knows it. What can never be accepted goes to corrupt/,
// or is removed where it holds nothing: it is told of once.
#pragma once

#include <cstdint>
#include <dirent.h>
#include <memory>
#include <set>
#include <string>

#include "lib/sys/error.h"
#include "lib/sys/log.h"
#include "lib/sys/unique_fd.h"
#include "pickup/queue_link.h"
#include "pickup/reception.h"
#include "pickup/work_queue.h"

namespace outpost::pickup {

class Maildrop {
 public:
  struct Directories {
    sys::FdView maildrop;
    sys::FdView corrupt;
    sys::FdView temporary;
  };
  // All must outlive this.
  Maildrop(const Directories& directories, const sys::Log& log, WorkQueue& work, Reception& reception,
           QueueLink& link);
  Maildrop(const Maildrop&) = delete;
  Maildrop& operator=(const Maildrop&) = delete;

  sys::Result<void> Start();
  // Looks at every file once, a bounded number and size of them at a time; again afterwards, when called meanwhile.
  void Scan();
  // After a round of events: ends the scan when all is answered for.
  void AfterRound();
  bool idle() const { return !scanning_; }

 private:
  struct File;
  struct Copy;
  // Goes on with the scan, unless it does.
  void Walk();
  // Some names of it; true when there are no more, or enough is in flight.
  bool WalkSome();
  // The next name of the directory; false at its end.
  bool NextName(std::string& name);
  void TakeFile(const std::string& name);
  void Take(File file, sys::UniqueFd fd);
  bool StepCopy(Copy& copy);
  void OnFate(const File& file, const Fate& fate);
  void Unlink(const std::string& name);
  void Remove(const std::string& name, std::string_view why);
  void SetAside(const std::string& name, std::string_view why);
  void Stuck(const std::string& name, std::string_view why, const sys::Error& error);
  void Leave(const std::string& name, std::string_view why);
  void EndScan();

  struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  Directories directories_;
  const sys::Log& log_;
  WorkQueue& work_;
  Reception& reception_;
  QueueLink& link_;
  std::unique_ptr<DIR, CloseDirectory> listing_;
  bool scanning_ = false;
  bool scan_again_ = false;
  bool at_end_ = false;   // of the directory
  bool walking_ = false;  // WalkSome() runs, or will
  size_t in_flight_ = 0;
  uint64_t in_flight_bytes_ = 0;
  std::string block_;  // for reading files; one serves all
  uint64_t left_ = 0;
  std::string left_why_;         // of the first of them
  std::set<std::string> stuck_;  // what can be neither moved nor removed, and has been told of
};

}  // namespace outpost::pickup
