#include "lib/queue/salvage.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/queue/checksum.h"
#include "lib/queue/damaged_file.h"
#include "lib/queue/mending.h"
#include "lib/queue/row_format.h"
#include "lib/queue/schema.h"
#include "lib/queue/table_shape.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;

constexpr size_t kRowsACommit = 1000;
constexpr size_t kBytesACommit = 4 * 1024 * 1024;

std::string Salvaging(const std::string& path) { return path + ".salvaging"; }
std::string Salvaged_(const std::string& path) { return path + ".salvaged"; }

void RemoveWithLog(const std::string& path) {
  unlink(path.c_str());
  unlink((path + "-wal").c_str());
}

Result<void> SyncDirectoryOf(const std::string& path) {
  const std::string directory_path = path.substr(0, path.rfind('/') + 1);
  const auto directory = sys::OpenDirectory(directory_path);
  if (!directory) return directory.error();
  return sys::SyncFile(*directory, directory_path);
}

Result<void> Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return {};
  return Error::FromErrno(Cat("rename ", from));
}

// One row after the other into the tables that they are of.
class RowCopy {
 public:
  RowCopy(Connection& connection, std::vector<TableShape> shapes)
      : connection_(connection), shapes_(std::move(shapes)) {}

  // Rows of indices, and those that fit no table, are passed over. The Error is the new database's.
  Result<void> Take(const RawRow& row) {
    for (const auto& shape : shapes_) {
      if (!shape.Fits(row)) continue;
      if (shape.name == "total") return NoteTotals(shape, row);
      if (!IsNumbered(shape, row)) return {};
      return Insert(shape, row);
    }
    return {};
  }
  Result<void> Commit() {
    rows_ = bytes_ = 0;
    if (!connection_.in_batch()) return {};
    if (auto committed = connection_.Commit(); !committed) return committed;
    return connection_.Checkpoint();
  }
  Microseconds clock() const { return clock_; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

  // Under a number that a message can have: nothing that came after one beyond all bounds would have any.
  static bool IsNumbered(const TableShape& shape, const RawRow& row) {
    MessageKey message = 1;
    if (shape.name == "message") message = row.number;
    if (shape.name == "content") message = row.number >> 20;
    if (shape.name == "recipient") message = shape.Find(row, "message")->integer;
    return message > 0 && message <= kLastMessageKey;
  }

  Result<void> NoteTotals(const TableShape& shape, const RawRow& row) {
    if (const RawValue* clock = shape.Find(row, "clock")) clock_ = std::max(clock_, Microseconds(clock->integer));
    return {};
  }

  // A row that ends early gets the defaults of what has been added since.
  Result<sqlite3_stmt*> InsertOf(const TableShape& shape, size_t columns) {
    Prepared& prepared = inserts_[{shape.name, columns}];
    if (prepared) return prepared.get();
    std::string names;
    std::string marks;
    for (size_t i = 0; i < columns; ++i) {
      names += Cat(i == 0 ? "" : ", ", shape.columns[i].name);
      marks += i == 0 ? "?" : ", ?";
    }
    const std::string sql = Cat("INSERT OR IGNORE INTO ", shape.name, "(", names, ") VALUES(", marks, ")");
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(connection_.handle(), sql.c_str(), -1, &made, nullptr) != SQLITE_OK) {
      return connection_.Fail("salvage into");
    }
    prepared.reset(made);
    return made;
  }

  static void Bind(sqlite3_stmt* insert, int position, const RawValue& value) {
    switch (value.kind) {
      case RawValue::Kind::kNull:
        sqlite3_bind_null(insert, position);
        return;
      case RawValue::Kind::kInteger:
        sqlite3_bind_int64(insert, position, value.integer);
        return;
      case RawValue::Kind::kReal:
        sqlite3_bind_double(insert, position, value.real);
        return;
      case RawValue::Kind::kText:
        sqlite3_bind_text64(insert, position, value.bytes.data(), value.bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
        return;
      case RawValue::Kind::kBlob:
        sqlite3_bind_blob64(insert, position, value.bytes.data(), value.bytes.size(), SQLITE_STATIC);
        return;
    }
  }

  Result<void> Insert(const TableShape& shape, const RawRow& row) {
    if (!connection_.in_batch()) {
      if (auto begun = connection_.Begin(); !begun) return begun;
    }
    const auto insert = InsertOf(shape, row.values.size());
    if (!insert) return insert.error();
    for (size_t i = 0; i < row.values.size(); ++i) {
      const int position = static_cast<int>(i) + 1;
      if (shape.columns[i].is_row_number) {
        sqlite3_bind_int64(*insert, position, row.number);
      } else {
        Bind(*insert, position, row.values[i]);
      }
      bytes_ += row.values[i].bytes.size();
    }
    const int stepped = sqlite3_step(*insert);
    Result<void> done = stepped == SQLITE_DONE ? Result<void>() : connection_.Fail("salvage into");
    sqlite3_reset(*insert);
    if (!done) return done;
    return ++rows_ >= kRowsACommit || bytes_ >= kBytesACommit ? Commit() : Result<void>();
  }

  Connection& connection_;
  std::vector<TableShape> shapes_;
  std::map<std::pair<std::string, size_t>, Prepared> inserts_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
  Microseconds clock_{};
};

// Each page that is of a tree, by the pointer map's word or, where that is nonsense, by that of a page above it, up to
// the table of tables in page 1.
class PageWalk {
 public:
  PageWalk(DamagedFile& file, RowCopy& copy, Salvaged& report)
      : file_(file), copy_(copy), report_(report), seen_(size_t{file.page_count()} + 1) {}

  Result<void> Run() {
    Add(1);
    for (PageNumber page = 1; page <= file_.page_count(); ++page) {
      if (IsOfATree(page)) Add(page);
      while (!to_read_.empty()) {
        const PageNumber next = to_read_.back();
        to_read_.pop_back();
        if (auto read = ReadPage(next); !read) return read;
      }
    }
    return copy_.Commit();
  }

 private:
  bool IsOfATree(PageNumber page) {
    const auto entry = file_.MapOf(page);
    return entry.kind == 1 || (entry.kind == 5 && (entry.parent == 1 || file_.MapOf(entry.parent).IsOfATree() ||
                                                   file_.MapOf(entry.parent).IsNonsense()));
  }
  // What stands in a page above it counts where the map has no word on it, or names the same page above.
  void AddChild(PageNumber parent, PageNumber child) {
    if (child < 2 || child > file_.page_count()) return;
    const auto entry = file_.MapOf(child);
    if (entry.IsNonsense() || entry.parent == parent) Add(child);
  }
  // A row of SQLite's own table of tables: type, name, table, root, text.
  void AddRoot(const RawRow& row) {
    using Kind = RawValue::Kind;
    if (!row.is_of_table || row.values.size() != 5 || row.values[0].kind != Kind::kText ||
        row.values[2].kind != Kind::kText || row.values[3].kind != Kind::kInteger) {
      return;
    }
    const int64_t root = row.values[3].integer;
    if (root < 2 || root > int64_t{file_.page_count()}) return;
    const auto entry = file_.MapOf(static_cast<PageNumber>(root));
    if (entry.IsNonsense() || entry.kind == 1) Add(static_cast<PageNumber>(root));
  }
  void Add(PageNumber page) {
    if (seen_[page]) return;
    seen_[page] = true;
    to_read_.push_back(page);
  }

  Result<void> ReadPage(PageNumber page) {
    Result<void> taken;
    const auto summary = ReadRows(file_, page, [&](const RawRow& row) {
      AddRoot(row);
      if (taken) taken = copy_.Take(row);
    });
    if (!taken) return taken;
    report_.unreadable_rows += summary.broken_rows;
    if (!summary.is_readable) ++report_.unreadable_pages;
    for (const PageNumber child : summary.children) AddChild(page, child);
    return {};
  }

  DamagedFile& file_;
  RowCopy& copy_;
  Salvaged& report_;
  std::vector<bool> seen_;
  std::vector<PageNumber> to_read_;
};

// Nothing of it has to be on stable storage before all of it is.
constexpr const char* kSettings = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF";
constexpr const char* kFinish = "PRAGMA synchronous = FULL";

Result<void> Fill(Connection& connection, const std::string& path, Salvaged& report) {
  if (auto prepared = PrepareSchema(connection); !prepared) return prepared;
  if (auto set = connection.Execute(kSettings, "salvage into"); !set) return set;
  auto file = DamagedFile::Open(path);
  if (!file) return file.error();
  auto shapes = ReadShapes(connection);
  if (!shapes) return shapes.error();
  RowCopy copy(connection, std::move(*shapes));
  if (auto walked = PageWalk(*file, copy, report).Run(); !walked) return walked;
  Mending mending(connection, copy.clock());
  if (auto mended = mending.Run(file->is_behind(), report); !mended) return mended;
  if (auto set = connection.Execute(kFinish, "salvage into"); !set) return set;
  return connection.Checkpoint();
}

std::string TimeOf(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return "unknown";
  struct tm parts {};
  char text[32];
  gmtime_r(&facts.st_mtime, &parts);
  return std::string(text, strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts));
}

}  // namespace

Result<Salvaged> Salvage(const std::string& path) {
  const std::string made = Salvaging(path);
  RemoveWithLog(made);
  Salvaged report;
  {
    auto connection = Connection::Open(made);
    if (!connection) return connection.error();
    if (auto filled = Fill(**connection, path, report); !filled) {
      connection->reset();
      RemoveWithLog(made);
      return filled.error();
    }
  }
  const auto file = sys::OpenFile(made, O_RDONLY | O_NOFOLLOW);
  if (!file) return file.error();
  if (auto synced = sys::SyncFile(*file, made); !synced) return synced.error();
  if (auto renamed = Rename(made, Salvaged_(path)); !renamed) return renamed.error();
  if (auto synced = SyncDirectoryOf(path); !synced) return synced.error();
  return report;
}

// Each step may have been taken before; its file's time names both halves alike, whenever they are moved.
Result<std::string> FinishSalvage(const std::string& path) {
  const std::string salvaged = Salvaged_(path);
  if (access(salvaged.c_str(), F_OK) != 0) return std::string();
  const std::string aside = Cat(path, ".damaged-", TimeOf(salvaged));
  for (const char* suffix : {"-wal", ""}) {
    auto moved = Rename(path + suffix, aside + suffix);
    if (!moved && moved.error().code() != ENOENT) return moved.error();
    if (auto synced = SyncDirectoryOf(path); !synced) return synced.error();
  }
  if (auto renamed = Rename(salvaged, path); !renamed) return renamed.error();
  if (auto synced = SyncDirectoryOf(path); !synced) return synced.error();
  return aside;
}

}  // namespace outpost::queue
