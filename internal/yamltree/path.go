package yamltree

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// FieldPath joins a path and the name of a field or the key of a map; keys
// that are not plain words are quoted in brackets.
func FieldPath(path, key string) string {
	if !plainKey(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// ItemPath appends an index from 0.
func ItemPath(path string, index int) string { return path + "[" + strconv.Itoa(index) + "]" }

// ParentPath removes the last step. Quoted keys may hold dots and brackets,
// so a quoted last step is cut at its opening bracket.
func ParentPath(path string) string {
	if strings.HasSuffix(path, `"]`) {
		for i := len(path) - 3; i > 0; i-- {
			if path[i] == '"' && path[i-1] == '[' {
				if _, err := strconv.Unquote(path[i : len(path)-1]); err == nil {
					return path[:i-1]
				}
			}
		}
		return ""
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

func plainKey(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// Shape is a path with `*` for every key that is data, `[]` for every index
// and `?` for a field that the type of v, a struct that Decode fills, doesn't
// have: the same for all entries of a list.
func Shape(v any, path string) string {
	var steps []string
	for path != "" {
		parent := ParentPath(path)
		last := strings.TrimPrefix(path[len(parent):], ".")
		if inner, ok := strings.CutPrefix(last, "["); ok {
			if key, err := strconv.Unquote(strings.TrimSuffix(inner, "]")); err == nil {
				last = key
			}
		}
		steps = append(steps, last)
		path = parent
	}
	slices.Reverse(steps)
	t := reflect.TypeOf(v)
	var b strings.Builder
	for _, s := range steps {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case t == nil:
			return b.String()
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && tagged(t.Elem(), ",key") >= 0:
			b.WriteString(".*")
			if t = t.Elem(); tagged(t, ",value") >= 0 {
				t = t.Field(tagged(t, ",value")).Type
			}
		case t.Kind() == reflect.Slice:
			b.WriteString("[]")
			t = t.Elem()
		case t.Kind() == reflect.Struct:
			i := tagged(t, s)
			if i < 0 || strings.HasPrefix(s, ",") {
				b.WriteString(".?")
				return strings.TrimPrefix(b.String(), ".")
			}
			b.WriteString("." + s)
			t = t.Field(i).Type
		default:
			b.WriteString(".*") // an attribute
			t = nil
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
