package shell_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/shell"
)

func lines(src string) []string {
	var out []string
	for _, c := range shell.Commands([]byte(src)) {
		var words []string
		for _, w := range c.Words {
			words = append(words, w.Text)
		}
		for _, w := range c.To {
			words = append(words, ">"+w.Text)
		}
		out = append(out, strings.Join(words, "_"))
	}
	return out
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, src string
		want      []string
	}{
		{"words", "a  b\tc\n", []string{"a_b_c"}},
		{"quotes", `a "b c" 'd $x' e\ f`, []string{"a_b c_d $x_e f"}},
		{"lists", "a; b && c || d | e & f", []string{"a", "b", "c", "d", "e", "f"}},
		{"comment", "#!/bin/sh\n# a\nb # c\nd#e\n", []string{"b", "d#e"}},
		{"continued", "a \\\n b\r\nc\r\n", []string{"a_b", "c"}},
		{"variable", "D=/usr/sbin/x\n$D -p ${P:-80} \"$D.conf\" $1 $?", []string{"/usr/sbin/x_-p_80_/usr/sbin/x.conf_$1_$?"}},
		{"fields", "A=\"-p 80 -l\"\nB=$A\nx $A \"$A\" a$A $B C=$A\n", []string{"x_-p_80_-l_-p 80 -l_a-p_80_-l_-p_80_-l_C=-p 80 -l"}},
		{"fields-of-substitution", "x $(a b) $((1 + 2))", []string{"x_$(a b)_$((1 + 2))", "a_b"}},
		{"export", "export A=1 B=2; x $A ${B} $C", []string{"x_1_2_$C"}},
		{"assignment-before", "LANG=C x", []string{"x"}},
		{"if", "if [ -x /a ]; then /a; else ! b; fi", []string{"[_-x_/a_]", "/a", "b"}},
		{"for", "for i in a b; do \"$i\" start; done", []string{"{a,b}_start"}},
		{"for-pattern", "for i in /etc/rc.d/S*; do $i start; done", []string{"/etc/rc.d/S*_start"}},
		{"for-arguments", "for i; do $i; done; for i in $X y; do $i; done", []string{"$i", "$i"}},
		{"exit", "a\nexit 0\nb", []string{"a", "exit_0"}},
		{"exec", "exec 3>x\na\nexec b\nc", []string{"exec_>x", "a", "exec_b"}},
		{"exit-perhaps", "a || exit\nb &&\n exit\nif c; then exit; fi\nf() { exit; }\ncase x in y) exit;; esac\n(exit)\nwhile d; do exit; done\ne", []string{"a", "exit", "b", "exit", "c", "exit", "exit", "exit", "exit", "d", "exit", "e"}},
		{"again", "sh -c 'a; b | c'\nsu -c \"d e\" root\neval f g\nsh -c h i\nsudo bash -lc 'sh -c \"j k\"'", []string{"sh_-c_a; b | c", "a", "b", "c", "su_-c_d e_root", "d_e", "eval_f_g", "f_g", "sh_-c_h_i", "h", "sudo_bash_-lc_sh -c \"j k\"", "sh_-c_j k", "j_k"}},
		{"again-behind-wrappers", "flock -n /l -c 'a b'\nsudo su -c 'c' root\nnice flock /l -c \"d; e\"\nsu", []string{"flock_-n_/l_-c_a b", "a_b", "sudo_su_-c_c_root", "c", "nice_flock_/l_-c_d; e", "d", "e", "su"}},
		{"time", "time -p a b\ntime a\ntime -f %e -o /x A=1 c -p d\nb -p time\ntime", []string{"a_b", "a", "c_-p_d", "b_-p_time"}},
		{"not-again-flock", "flock /l grep -c a b\nflock 9\nflock -c", []string{"flock_/l_grep_-c_a_b", "flock_9", "flock_-c"}},
		{"not-again", "sh a -c b\ngrep -c x y\nsh -x", []string{"sh_a_-c_b", "grep_-c_x_y", "sh_-x"}},
		{"case", "case \"$1\" in\n start|on) a -x ;;\n (stop) b;;\n*) c\nesac\nd", []string{"a_-x", "b", "c", "d"}},
		{"case-in-subshell", "(case $1 in a) b;; esac; c)\nd", []string{"b", "c", "d"}},
		{"function", "start() {\n a\n}\nfunction x { b; }\n", []string{"a"}},
		{"substitution", "a $(b \"$(c)\") `d` \"x`e`\"", []string{"a_$(b \"$(c)\")_`d`_x`e`", "b_$(c)", "c", "d", "e"}},
		{"arithmetic", "a $((1 + (2))) b", []string{"a_$((1 + (2)))_b"}},
		{"redirections", "a > /dev/mtd3 2>&1 < x >>y", []string{"a_>/dev/mtd3_>1_>y"}},
		{"here-document", "cat > f <<-'EOF'\n a; b\n\tEOF\nc <<X\nX\nd\n", []string{"cat_>f", "c", "d"}},
		{"here-string", "a <<< b\nc", []string{"a", "c"}},
		{"process", "a <(b)", []string{"a", "b"}},
		{"open-quote", "a 'b\nc", []string{"a_b\nc"}},
		{"one-too-many", "a ) b", []string{"b"}},
		{"brace", "{ a; }", []string{"a"}},
		{"quoted-assignment", "\"A=b\" c", []string{"A=b_c"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, lines(row.src)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	src := []byte("A=1\nif true; then  curl -k \"https://u\" ; fi")
	for _, c := range shell.Commands(src) {
		if c.Words[0].Text != "curl" {
			continue
		}
		if got := string(src[c.Off:c.End]); got != `curl -k "https://u"` {
			t.Errorf("%q", got)
		}
		if w := c.Words[1]; string(src[w.Off:w.Off+2]) != "-k" {
			t.Errorf("%+v", w)
		}
	}
}

// TestPipes shows commands with the number of their pipeline, counted anew.
func TestPipes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		{"a | b; c", "a1 b1 c2"},
		{"a |\n b || c && d & e", "a1 b1 c2 d3 e4"},
		{"a $(x | y) | b", "a1 x2 y2 b1"},
		{"a |& b\nc", "a1 b1 c2"},
		{"sh -c 'a | b'; sh -c '\nc\nd'", "sh1 a2 b2 sh3 c4 d5"},
		{"case $1 in a|b) c | d;; esac", "c1 d1"},
	} {
		numbers := map[int]int{}
		var got []string
		for _, c := range shell.Commands([]byte(row.src)) {
			if numbers[c.Pipe] == 0 {
				numbers[c.Pipe] = len(numbers) + 1
			}
			got = append(got, fmt.Sprint(c.Arg(0), numbers[c.Pipe]))
		}
		if d := cmp.Diff(row.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%q: %s", row.src, d)
		}
	}
}

func TestPlacesOfTexts(t *testing.T) {
	t.Parallel()
	src := "x\nsh -c 'a\n bb c' y\neval $Z d\n"
	for _, c := range shell.Commands([]byte(src)) {
		if c.Arg(0) == "bb" && src[c.Off:c.End] != "bb c" {
			t.Errorf("%q", src[c.Off:c.End])
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"$(", "`", "(", "${", "\"", "'", "case x in ", "a<<E\n", "A=$A$A\n", "`$(", "$(`", "\"$(", "\"`", "a ", ";;", "\\", "sh -c '", "A='sh -c \"$A\";sh -c \"$A\"'\n$A\nsh -c \"$A\"\n", "eval ", "for a in b c;"} {
		n := len(shell.Commands(bytes.Repeat([]byte(unit), 200_000/len(unit))))
		if n > 20_000 {
			t.Errorf("%q: %d commands", unit, n)
		}
	}
}

func FuzzCommands(f *testing.F) {
	for _, s := range []string{"a $(b `c` \"${d:-e}\")", "case $1 in a|b) c;; esac", "cat <<E\nx\nE\n", "A=b; $A > c 2>&1", "f() { a; }", "$((", "sh -c 'a|b' c", "eval \"$A\"", "for a in b c; do $a|d; done", "`\"`"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		last := 0
		for _, c := range shell.Commands(b) {
			if len(c.Words) == 0 || c.Off < last || c.End < c.Off || c.End > len(b) {
				t.Errorf("%+v in %d bytes", c, len(b))
			}
			last = c.Off
			for _, w := range c.Words {
				if w.Off < 0 || w.Off >= len(b) {
					t.Errorf("%+v", w)
				}
			}
		}
	})
}
