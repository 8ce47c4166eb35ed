package pattern_test

import (
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"assay/internal/pattern"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	p := pattern.New(`(?P<name>[a-z]+)=(\d+)`)
	if got := p.FindStringSubmatch("x: rate=25"); len(got) != 3 || got[p.SubexpIndex("name")] != "rate" || got[2] != "25" {
		t.Errorf("%q", got)
	}
	if p.String() != `(?P<name>[a-z]+)=(\d+)` || !p.Match([]byte("a=1")) || p.MatchString("a=") {
		t.Error("it isn't the expression that it was made of")
	}
}

// TestGate is of expressions whose matches all have one of some words.
func TestGate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		source, want string
		fold         bool
	}{
		{`\b(?:gpgv?|usign)\b`, "gpg usign", false},
		{`(?i)\bVerify\b|signature`, "verify signature", true},
		{`\s*(secret|key)=(\d+)`, "secret key", false},
		{`^\d+(?:abc){2,}x?`, "abc", false},
		{`(?:abc)?\d`, "", false},
		{`abc\d+`, "", false}, // package regexp looks for it itself
		{`\d*x`, "", false},
		{`(?i)schlüssel`, "", false},
	} {
		if words, fold := pattern.Gate(row.source); strings.Join(words, " ") != row.want || fold != row.fold {
			t.Errorf("%s: %q, fold %v", row.source, words, fold)
		}
	}
	long := pattern.New(`(?i)\bsecret=\d`)
	for n := range 5000 { // across the borders of pieces
		if text := strings.Repeat("x", n) + " SeCrET=1"; !long.MatchString(text) {
			t.Fatalf("behind %d bytes it isn't found", n)
		}
	}
	if !pattern.New(`(?i)x?key=\d`).MatchString("\u212aEY=1") {
		t.Error("the Kelvin sign is a K")
	}
}

// FuzzSame holds a pattern against package regexp.
func FuzzSame(f *testing.F) {
	f.Add(`(?i)\b(?:gpgv?|usign)\b`, "runs GPGV and \u017fign")
	f.Add(`^\d+(?:abc){2,}x?`, "1abcabcx")
	f.Add(`(a|bc)(d|ef)`, "bcef ad")
	f.Add(`(?m)^x(?i:key)s*$`, "y\nxKEYs\n")
	f.Fuzz(func(t *testing.T, source, text string) {
		re, err := regexp.Compile(source)
		if err != nil || len(text) > 1<<10 {
			return
		}
		p := pattern.New(source)
		if a, b := re.FindAllStringSubmatchIndex(text, -1), p.FindAllStringSubmatchIndex(text, -1); !reflect.DeepEqual(a, b) {
			t.Errorf("%q in %q: %v, want %v", source, text, b, a)
		}
		if a, b := re.Match([]byte(text)), p.Match([]byte(text)); a != b {
			t.Errorf("%q in %q: %v, want %v", source, text, b, a)
		}
		if a, b := re.ReplaceAllString(text, "<$0>"), p.ReplaceAllString(text, "<$0>"); a != b {
			t.Errorf("%q in %q: %q, want %q", source, text, b, a)
		}
	})
}

// TestAllCompile compiles the expressions of the whole program: a wrong one
// would else be met when it is first used.
func TestAllCompile(t *testing.T) {
	t.Parallel()
	mode := packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile
	all, err := packages.Load(&packages.Config{Mode: mode}, "assay/...")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, pkg := range all {
		for _, e := range pkg.Errors {
			t.Fatal(e)
		}
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok || len(call.Args) != 1 || !isNew(pkg.TypesInfo, call.Fun) {
					return true
				}
				// What isn't constant is put together of words by the tests' own packages.
				if v := pkg.TypesInfo.Types[call.Args[0]].Value; v != nil {
					n++
					if _, err := regexp.Compile(constant.StringVal(v)); err != nil {
						t.Errorf("%s: %v", pkg.Fset.Position(call.Pos()), err)
					}
				}
				return true
			})
		}
	}
	if n < 300 {
		t.Errorf("%d expressions were found: the test doesn't see them all", n)
	}
	t.Logf("%d expressions", n)
}

// isNew says that fun is pattern.New.
func isNew(info *types.Info, fun ast.Expr) bool {
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := info.Uses[sel.Sel].(*types.Func)
	return ok && f.FullName() == "assay/internal/pattern.New"
}
