#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace outpost::tests {

TemporaryDirectory::TemporaryDirectory() : path_(testing::TempDir() + "outpost-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) abort();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

std::string TemporaryDirectory::Write(std::string_view name, std::string_view text) const {
  std::string path = *this / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace outpost::tests
