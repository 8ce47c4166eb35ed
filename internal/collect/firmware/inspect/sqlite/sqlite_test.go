package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/sqlite"
)

// database is one that sqlite3 wrote, with pages of 1 KiB.
func database(t testing.TB) []byte {
	t.Helper()
	for _, l := range inspecttest.Set(t, "heldout-a") {
		if strings.HasSuffix(l.Path, ".db") {
			return l.Data
		}
	}
	t.Fatal("the set has no database")
	return nil
}

func TestRows(t *testing.T) {
	t.Parallel()
	b := database(t)
	var got []string
	sqlite.Rows(b, func(r sqlite.Row) bool {
		line := r.Table
		for _, c := range r.Cells {
			if string(b[c.Off:c.Off+len(c.Text)]) != c.Text {
				t.Errorf("%s.%s: %q does not stand at %d", r.Table, c.Column, c.Text, c.Off)
			}
			line += " " + c.Column
		}
		got = append(got, line)
		return true
	})
	want := []string{
		"users name password role", "users name password role",
		"settings key value", "settings key value", "settings key value", "settings key value", "settings key value",
		"labels password_label",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	b := database(t)
	n := 0
	if err := sqlite.Table(b, "settings", 1<<20, func(sqlite.Row) bool { n++; return true }); err != nil || n != 5 {
		t.Errorf("%d rows, %v", n, err)
	}
	for name, b := range map[string][]byte{"no such table": b, "settings": b[:600], "users": []byte("SQLite format 3")} {
		if err := sqlite.Table(b, name, 1<<20, func(sqlite.Row) bool { return true }); !errors.Is(err, sqlite.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRowsEnd(t *testing.T) {
	t.Parallel()
	n := 0
	sqlite.Rows(database(t), func(sqlite.Row) bool { n++; return false })
	if n != 1 {
		t.Errorf("%d rows after the first was enough", n)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	b := database(t)
	for cut := 0; cut < len(b); cut += 61 {
		sqlite.Rows(b[:cut], func(sqlite.Row) bool { return true })
	}
	// A page that names itself as its child is read once.
	loop := append([]byte(nil), b...)
	loop[100] = 5
	copy(loop[108:], []byte{0, 0, 0, 1})
	sqlite.Rows(loop, func(sqlite.Row) bool { return true })
}

func FuzzRows(f *testing.F) {
	b := database(f)
	f.Add(b)
	f.Add(b[:2048])
	f.Fuzz(func(t *testing.T, b []byte) {
		sqlite.Rows(b, func(r sqlite.Row) bool {
			for _, c := range r.Cells {
				if c.Off <= 0 || c.Off > len(b) {
					t.Errorf("%+v in %d bytes", c, len(b))
				}
			}
			return true
		})
		_ = sqlite.Table(b, "users", 1<<20, func(sqlite.Row) bool { return true }) // any error will do, a panic not
	})
}

// TestNamed: where one cell of a row names another, it is its name.
func TestNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		columns string
		want    string
	}{
		{"k v", "a=b"},
		{"id config_key config_value", "id=a b=c"},
		{"user password", "user=a password=b"},
		{"name phone", "name=a phone=b"},
	} {
		var r sqlite.Row
		for i, c := range strings.Fields(row.columns) {
			r.Cells = append(r.Cells, sqlite.Cell{Column: c, Text: string(rune('a' + i))})
		}
		var got []string
		r.Named(func(name string, c sqlite.Cell) { got = append(got, name+"="+c.Text) })
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s: %s, want %s", row.columns, s, row.want)
		}
	}
}
