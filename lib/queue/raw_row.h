// Rows as they lie in a page, read without SQLite: cells, their overflow pages, records. sqlite.org/fileformat2.html,
// sections 1.6 and 2. Every number in it is checked; what cannot be is no row.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/queue/damaged_file.h"

namespace outpost::queue {

struct RawValue {
  enum class Kind { kNull, kInteger, kReal, kText, kBlob };
  Kind kind = Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string bytes;  // of kText, kBlob
};

struct RawRow {
  bool is_of_table =
      false;  // of a table with a number for each row, which is `number`; else of an index, or of a table
              // without row numbers, which looks like one
  int64_t number = 0;
  std::vector<RawValue> values;
};

struct PageSummary {
  bool is_readable = false;  // a page of a table or index
  size_t broken_rows = 0;    // that were not given
  std::vector<PageNumber> children;
};

// Calls `take` with each row of the page `number`. At most kMaxRowBytes of a row are read; a larger one is broken.
constexpr size_t kMaxRowBytes = 1200000;
PageSummary ReadRows(const DamagedFile& file, PageNumber number, const std::function<void(RawRow&)>& take);

}  // namespace outpost::queue
