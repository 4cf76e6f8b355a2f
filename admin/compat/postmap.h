// postmap and postalias: Postfix's commands for tables, for the hands and scripts that know them. Tables are read as
// text, so that there is nothing to build: `postmap FILE` checks the file and says so. postalias is the same for
// aliases(5) files, and writes a colon after a key.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::admin {

struct PostmapOptions {
  std::optional<std::string> key;   // -q; "-": those of standard input
  bool list = false;                // -s
  bool values_are_files = false;    // -F: a value names files, whose content it stands for
  std::string without_effect;       // letters of options about how an index is built
  std::vector<std::string> tables;  // type:name, with absolute paths
};

enum class MapProgram { kPostmap, kPostalias };

// `arguments` without the program's name; relative files are those of `directory`. An Error says what is wrong with
// them.
sys::Result<PostmapOptions> ParsePostmapOptions(std::span<const std::string> arguments,
                                                const std::string& directory,
                                                MapProgram program = MapProgram::kPostmap);

// The exit status, as Postfix has it: 0; 1 when no key was found, or something is wrong.
int Postmap(std::span<const std::string> arguments, MapProgram program = MapProgram::kPostmap);

}  // namespace outpost::admin
