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
// would else be met when it is first used. Of functions that put one together,
// the texts that they are called with are compiled.
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
		made := 0 // expressions that no test sees here
		makers := map[types.Object]bool{}
		calls(pkg, func(call *ast.CallExpr, within *ast.FuncDecl) {
			if callee(pkg, call) != "assay/internal/pattern.New" || pkg.TypesInfo.Types[call.Args[0]].Value != nil {
				return
			}
			if within != nil && within.Type.Params.NumFields() > 0 && within.Recv == nil {
				makers[pkg.TypesInfo.Defs[within.Name]] = true
			} else {
				made++
			}
		})
		calls(pkg, func(call *ast.CallExpr, _ *ast.FuncDecl) {
			if callee(pkg, call) != "assay/internal/pattern.New" && !makers[used(pkg, call)] {
				return
			}
			for _, arg := range call.Args {
				if v := pkg.TypesInfo.Types[arg].Value; v != nil && v.Kind() == constant.String {
					n++
					if _, err := regexp.Compile(constant.StringVal(v)); err != nil {
						t.Errorf("%s: %v", pkg.Fset.Position(call.Pos()), err)
					}
				}
			}
		})
		if path := strings.TrimPrefix(pkg.PkgPath, "assay/internal/"); made > together[path] {
			t.Errorf("%s: %d expressions are made of others: have a test there use each of them, and count them here", path, made)
		}
	}
	if n < 500 {
		t.Errorf("%d expressions were found: the test doesn't see them all", n)
	}
	t.Logf("%d expressions", n)
}

// together counts the expressions of packages that are made of others; tests of
// theirs use them.
var together = map[string]int{
	"i18n": 1, // of each sentence in said.yaml
}

// calls goes over the calls of a package, with the function that each stands in.
func calls(pkg *packages.Package, fn func(call *ast.CallExpr, within *ast.FuncDecl)) {
	for _, file := range pkg.Syntax {
		for _, decl := range file.Decls {
			within, _ := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(node ast.Node) bool {
				if call, ok := node.(*ast.CallExpr); ok {
					fn(call, within)
				}
				return true
			})
		}
	}
}

// used is the function that is called, nil for methods and values.
func used(pkg *packages.Package, call *ast.CallExpr) types.Object {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return pkg.TypesInfo.Uses[f]
	case *ast.SelectorExpr:
		return pkg.TypesInfo.Uses[f.Sel]
	}
	return nil
}

func callee(pkg *packages.Package, call *ast.CallExpr) string {
	if f, ok := used(pkg, call).(*types.Func); ok {
		return f.FullName()
	}
	return ""
}
