#include "admin/mailer_user.h"

#include <sys/stat.h>
#include <unistd.h>

namespace outpost::admin {

sys::Result<conf::FileReader> FindMailerUser(const spool::SpoolPaths& paths, const std::string& mail_owner) {
  sys::Result<conf::FileReader> owner = conf::ReaderOf(mail_owner);
  if (geteuid() == 0) return owner;
  struct stat status {};
  const bool theirs = owner && stat(paths.Private().c_str(), &status) == 0 && status.st_uid == owner->uid;
  return theirs ? std::move(owner) : conf::CurrentReader();
}

}  // namespace outpost::admin
