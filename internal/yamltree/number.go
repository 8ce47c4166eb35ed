package yamltree

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/pattern"
)

const maxNumber = 64 // digits

// Number is a number as JSON writes it; "" is none. It keeps its digits, so
// that what is read is written again as it was.
type Number string

var jsonNumber = pattern.New(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// Valid reports whether n can stand in JSON.
func (n Number) Valid() bool { return len(n) <= maxNumber && jsonNumber.MatchString(string(n)) }

// numberOf reads what JSON writes, and whole numbers as YAML writes them too.
func numberOf(n *yaml.Node) (Number, bool) {
	if n.Tag != "!!int" && n.Tag != "!!float" {
		return "", false
	}
	if number := Number(n.Value); number.Valid() {
		return number, true
	}
	if i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64); err == nil {
		return Number(strconv.FormatInt(i, 10)), true
	}
	f, err := strconv.ParseFloat(n.Value, 64) // .5 and 1. and +2
	if number := Number(strconv.FormatFloat(f, 'g', -1, 64)); err == nil && number.Valid() {
		return number, true
	}
	return "", false
}
