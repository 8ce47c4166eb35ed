package product

import (
	"strings"
	"testing"
)

func TestShapeAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, kind, key string }{
		{"customers", "entries", "id"}, {"physical", "entries", "component+transducer"}, {"organisation.owners", "entries", "role"}, {"capabilities[].meets", "entries", "item+component"}, {"product.support", "group", ""},
		{"product.support.until", "date", ""}, {"product.markets", "list", ""}, {"customers[].skill", "text", ""},
		{"aftercare.fixes", "entries", "severity"}, {"components[].renewal.automatic", "yes-no", ""}, {"roles", "names", ""},
		{"update.check.every", "period", ""}, {"aftercare.current_share", "number", ""}, {"standards", "entries", "id"},
	} {
		s, ok := ShapeAt(c.path)
		if !ok || s.Kind != c.kind || strings.Join(s.Key, "+") != c.key {
			t.Errorf("ShapeAt(%s) = %s by %q, %t; want %s by %q", c.path, s.Kind, s.Key, ok, c.kind, c.key)
		}
	}
	if _, ok := ShapeAt("product.nonsense"); ok {
		t.Error("ShapeAt found product.nonsense")
	}
	if s, _ := ShapeAt("customers[2].skill"); len(s.Enum) != 3 {
		t.Errorf("choices of skill: %v", s.Enum)
	}
}
