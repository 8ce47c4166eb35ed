package pattern_test

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
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
