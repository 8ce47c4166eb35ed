package sqlite

import "strings"

// Row is one row of a table.
type Row struct {
	Table string
	Cells []Cell // texts and blobs; numbers and NULL are left out
}

// Cell is a text of a row.
type Cell struct {
	Column string // "" where the table's definition doesn't tell
	Text   string
	Off    int // of its first byte in the file
}

// Named calls yield for each text of a row with its name: that of its column,
// or in a table of names and values what the one cell calls the other.
func (r Row) Named(yield func(name string, c Cell)) {
	name, value := -1, -1
	for i, c := range r.Cells {
		switch plainName(c.Column) {
		case "key", "name", "param", "parameter", "item", "option", "setting", "k", "property", "configkey", "confkey", "varname", "field", "keyword", "ckey", "cfgkey", "attribute", "settingkey", "settingname", "paramname":
			if name < 0 {
				name = i
			}
		case "value", "val", "v", "data", "content", "settingvalue", "configvalue", "confvalue", "default", "varvalue", "text", "cval", "cvalue", "cfgvalue", "paramvalue":
			value = i
		}
	}
	for i, c := range r.Cells {
		switch {
		case i == value && name >= 0:
			yield(r.Cells[name].Text, c)
		case i == name && value >= 0:
		default:
			yield(c.Column, c)
		}
	}
}

func plainName(column string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(column))
}
