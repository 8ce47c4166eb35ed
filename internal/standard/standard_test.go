package standard

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	iot ID = "iot-1005-1"
	en  ID = "etsi-en-303-645"
)

// loaded is read once for the tests that only look.
var loaded = sync.OnceValues(All)

func all(t testing.TB) []*Standard {
	t.Helper()
	s, err := loaded()
	if err != nil {
		t.Fatalf("embedded standards do not load:\n%v", err)
	}
	return s
}

func get(t testing.TB, id ID) *Standard {
	t.Helper()
	for _, s := range all(t) {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("no standard %s", id)
	return nil
}

// rows reads a table of testdata: lines without comments.
func rows(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // read only
	var out []string
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if line := strings.TrimSpace(sc.Text()); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	if err := sc.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%s: %d rows, %v", name, len(out), err)
	}
	return out
}

func TestEmbeddedIsClean(t *testing.T) {
	t.Parallel()
	for _, err := range Lint(all(t)) {
		t.Error(err)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	type counts struct{ All, M, R, Conditional, Conditions, NoCases, Verified, Mappings, Aspects, Groups, Definitions, Remarks, Threats, Mitigations int }
	want := map[ID]counts{
		iot: {All: 26, M: 26, Verified: 26, Mappings: 60, Aspects: 8, Groups: 14, Definitions: 17, Remarks: 16, Threats: 10, Mitigations: 13},
		en:  {All: 68, M: 33, R: 35, Conditional: 23, Conditions: 13, NoCases: 30, Mappings: 60, Aspects: 15, Definitions: 9},
	}
	got := map[ID]counts{}
	for id := range want { // the other catalogues have tests of their own
		s := get(t, id)
		c := counts{All: len(s.Requirements), Conditions: len(s.Conditions), Aspects: len(s.Aspects), Definitions: len(s.Definitions),
			Remarks: len(s.Remarks), Threats: len(s.Threats), Mitigations: len(s.Mitigations)}
		for _, a := range s.Aspects {
			c.Groups += len(a.Groups)
		}
		for _, r := range s.Requirements {
			switch r.Status {
			case Mandatory:
				c.M++
			case Recommended:
				c.R++
			}
			if len(r.Conditions) > 0 {
				c.Conditional++
			}
			if r.Cases == nil {
				c.NoCases++
			}
			if r.Verified {
				c.Verified++
			}
			c.Mappings += len(r.MapsTo)
		}
		got[s.ID] = c
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// TestStatuses holds the provisions against a committed table.
func TestStatuses(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range get(t, en).Requirements {
		st, c := r.Status, "-"
		if len(r.Conditions) > 0 {
			c = strings.Join(r.Conditions, ",")
		}
		got = append(got, fmt.Sprintf("%s %s %s %s", r.ID, st, c, r.Subject))
	}
	want := rows(t, "etsi-en-303-645.txt")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("provisions (-want +got):\n%s", d)
	}
}

// TestAnnexD holds the mapping, both ways, against table D.1 of IoT-1005-1.
func TestAnnexD(t *testing.T) {
	t.Parallel()
	forth, back := map[Ref][]Ref{}, map[Ref][]Ref{}
	for _, line := range rows(t, "annex-d.txt") {
		item, provisions, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("annex-d.txt: %q", line)
		}
		from := Ref{iot, RequirementID(item)}
		for _, p := range strings.Fields(provisions) {
			to := Ref{en, RequirementID(p)}
			forth[from] = append(forth[from], to)
			back[to] = append(back[to], from)
		}
	}
	collect := func(s *Standard) map[Ref][]Ref {
		out := map[Ref][]Ref{}
		for _, r := range s.Requirements {
			if r.MapsTo != nil {
				out[Ref{s.ID, r.ID}] = r.MapsTo
			}
		}
		return out
	}
	if d := cmp.Diff(forth, collect(get(t, iot))); d != "" {
		t.Errorf("IoT-1005-1 to EN 303 645 (-want +got):\n%s", d)
	}
	if d := cmp.Diff(back, collect(get(t, en))); d != "" {
		t.Errorf("EN 303 645 to IoT-1005-1 (-want +got):\n%s", d)
	}
}

// TestExpressions holds the deciding expressions of the 26 items against the
// agreed list.
func TestExpressions(t *testing.T) {
	t.Parallel()
	want := map[RequirementID]string{
		"5.1.1.1": "all[identity.unique]",
		"5.1.1.2": "all[key.unique]",
		"5.1.1.3": "all[auth.required, session.logout, auth.replay]",
		"5.1.2.1": "all[access.roles, access.roles-defined]",
		"5.1.2.2": "all[login.limit{delay_only=ask|fail, fail_from=30|11, max_attempts=10, min_delay_seconds=60}]",
		"5.1.3.1": "all[password.no-common, firmware.accounts, any[password.per-unit, password.forced-change]]",
		"5.2.1.1": "all[vuln.known-high{cvss=7}]",
		"5.2.2.1": "all[service.necessary{undeclared=ask|fail}, service.start-up, service.other-transports, service.outbound]",
		"5.2.3.1": "all[doc.disclosure-policy]",
		"5.2.3.2": "all[doc.secure-development]",
		"5.2.3.3": "all[doc.setup-guide]",
		"5.2.3.4": "all[label.model]",
		"5.3.1.1": "all[update.mechanism, update.recovery]",
		"5.3.1.2": "all[update.channel]",
		"5.3.1.3": "all[update.check, update.check-seen]",
		"5.3.1.4": "all[doc.support-period]",
		"5.4.1.1": "any[all[firmware.not-public, firmware.encrypted], all[firmware.hosts-declared, firmware.no-secrets]]",
		"5.4.1.2": "all[storage.encrypted]",
		"5.4.2.1": "all[transport.clear, tls.version{min=1.2}, tls.forward-secrecy{reading=supported|enforced}, firmware.transport, traffic.outbound-secure]",
		"5.4.2.2": "all[auth.transport, tls.approved-suites{reading=preferred|all}, auth.outbound]",
		"5.5.1.1": "all[debug.serial-console, any[debug.no-path, debug.authenticated]]",
		"5.5.2.1": "all[input.validation]",
		"5.6.1.1": "all[recovery.power]",
		"5.7.1.1": "all[privacy.necessary, privacy.deletion, privacy.deletion-works]",
		"5.7.1.2": "all[privacy.telemetry, privacy.telemetry-consent]",
		"5.8.1.1": "all[alert.login]",
	}
	got := map[RequirementID]string{}
	for _, r := range get(t, iot).Requirements {
		got[r.ID] = r.Cases.String()
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("expressions (-want +got):\n%s", d)
	}
}

func TestNothingOfTheCameraStandardIsLeftOut(t *testing.T) {
	t.Parallel()
	s := get(t, iot)
	if !s.NeverNotApplicable || len(s.Conditions) != 0 {
		t.Error("no item may be NOT APPLICABLE")
	}
	for _, r := range s.Requirements {
		if r.Cases == nil {
			t.Errorf("%s has no procedure", r.ID)
		}
	}
}

// mainland lists terms that readers in Taiwan do not use, or use for something
// else. Where a term is part of a right word, that word is taken out first.
var mainland = []string{
	"固件", "默認", "默认", "服務器", "網絡", "信息", "軟件", "硬件", "端口", "數據庫", "數據", "用戶", "密碼", "登錄",
	"設備ID", "內存", "文件夾", "屏幕", "支持", "視頻", "音頻", "質量", "接口", "緩存", "鏈接", "訪問", "黑客", "調試",
	"激活", "賬", "程序員", "字符", "字節", "配置文件", "打印", "菜單", "互聯網", "移動設備", "計算機", "加載", "卸載",
	"固定IP", "登陸", "智能", "令牌", "隊列", "線程", "進程", "保存文件",
}

var rightWords = strings.NewReplacer("遙測數據", "", "哪些數據", "", "的數據", "", "密碼學", "", "密碼演算法", "", "密碼功能", "", "連接埠", "", "用戶端", "")

// simplified lists characters that never stand in Traditional Chinese.
const simplified = "这个们为时产电网设备认证书码开关传输处实体数据应该对话说请问题优质业务东车马鱼鸟龙门间闻见观现视觉讯计议论许识词读谁调谈课预领频类页顺须"

func checkLanguages(t *testing.T, texts ...Text) {
	t.Helper()
	han := regexp.MustCompile(`\p{Han}`)
	for _, x := range texts {
		rest := rightWords.Replace(x.Zh)
		for _, term := range mainland {
			if strings.Contains(rest, term) {
				t.Errorf("%q is not said in Taiwan: %s", term, x.Zh)
			}
		}
		for _, c := range x.Zh {
			if strings.ContainsRune(simplified, c) {
				t.Errorf("simplified %q in %s", c, x.Zh)
			}
		}
		if !x.IsZero() && !han.MatchString(x.Zh) {
			t.Errorf("no Chinese in %q", x.Zh)
		}
		// Terms of one letter and the Chinese spelling variants that a remark
		// quotes are the only Han characters in English texts.
		if han.MatchString(strings.NewReplacer("前向安全", "", "前向保密", "").Replace(x.En)) {
			t.Errorf("Chinese in the English text %q", x.En)
		}
		if strings.ContainsAny(x.Zh, ";!?") || strings.Contains(x.Zh, ", ") {
			t.Errorf("half-width punctuation in %s", x.Zh)
		}
	}
}

// TestEveryEntry looks at each requirement by itself, so that a report names
// the one that fails.
func TestEveryEntry(t *testing.T) {
	t.Parallel()
	known := rows(t, "cases.txt")
	standards := all(t)
	for _, s := range standards {
		for _, r := range s.Requirements {
			t.Run(fmt.Sprintf("%s/%s", s.ID, r.ID), func(t *testing.T) {
				t.Parallel()
				checkLanguages(t, r.Title, r.Text, r.Remedy, r.Note, r.Interpretation)
				for _, x := range []Text{r.Title, r.Text, r.Remedy} {
					if x.En == "" || x.Zh == "" || x.En == x.Zh {
						t.Errorf("needs two languages: %+v", x)
					}
				}
				for _, id := range r.Cases.CaseIDs() {
					if !slices.Contains(known, id) {
						t.Errorf("unknown test case %q", id)
					}
				}
				for _, c := range r.Conditions {
					if _, ok := s.Condition(c); !ok {
						t.Errorf("unknown condition %q", c)
					}
				}
				if r.Line == 0 || !strings.HasPrefix(r.File, string(s.ID)+"/requirements/") {
					t.Errorf("place is %s", r.Pos())
				}
				if r.Cases == nil && !strings.Contains(r.Note.En, "No procedure yet") {
					t.Errorf("the note must say that there is no procedure: %q", r.Note.En)
				}
			})
		}
		t.Run(string(s.ID)+"/catalog", func(t *testing.T) {
			t.Parallel()
			texts := append([]Text{s.Title, s.Rule}, s.Unverified...)
			for _, a := range s.Aspects {
				texts = append(texts, a.Title, a.Aim)
				for _, g := range a.Groups {
					texts = append(texts, g.Title)
				}
			}
			for _, c := range s.Conditions {
				texts = append(texts, c.Text, c.Proof, c.Note)
			}
			for _, d := range s.Definitions {
				texts = append(texts, d.Term, d.Text)
			}
			for _, a := range s.Annexes {
				texts = append(texts, a.Title, a.Text)
			}
			for _, m := range s.Remarks {
				texts = append(texts, m.Text)
			}
			for _, x := range s.Threats {
				texts = append(texts, x.Title)
			}
			checkLanguages(t, texts...)
		})
	}
}

// TestTermsOfClause3 asks for the terms that readers of the camera standard
// expect, in the texts and not only in the definitions.
func TestTermsOfClause3(t *testing.T) {
	t.Parallel()
	var texts strings.Builder
	for _, r := range get(t, iot).Requirements {
		texts.WriteString(r.Title.Zh + r.Text.Zh)
	}
	defined := map[string]bool{}
	for _, d := range get(t, iot).Definitions {
		defined[d.Term.Zh] = true
	}
	for _, term := range []string{"通行碼", "鑑別", "韌體", "遙測數據", "前向保密"} {
		if !strings.Contains(texts.String(), term) {
			t.Errorf("no requirement uses %s", term)
		}
		if !defined[term] {
			t.Errorf("no definition of %s", term)
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{iot, en} {
		a, err := Get(id)
		if err != nil || a.ID != id {
			t.Fatalf("%s: %v", id, err)
		}
		// Each call gives values of its own: a caller's change stays its own.
		a.Requirements[0].Title.En = "changed"
		if b, err := Get(id); err != nil || b.Requirements[0].Title.En == "changed" {
			t.Errorf("%s: a change reached the next caller (%v)", id, err)
		}
	}
	_, err := Get("iso-0")
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), string(en)+", ") || !strings.Contains(err.Error(), string(iot)) {
		t.Errorf("error must name the choices: %v", err)
	}
}

func TestAliasAndRemarks(t *testing.T) {
	t.Parallel()
	if r, ok := get(t, en).Requirement("6.3"); !ok || r.ID != "6-3" {
		t.Error("6.3 is another name of 6-3")
	}
	var ids []string
	for _, m := range get(t, iot).RemarksOn("5.2.1.1") {
		ids = append(ids, m.ID)
	}
	if d := cmp.Diff([]string{"I8", "I9", "I12"}, ids); d != "" {
		t.Errorf("remarks on 5.2.1.1 (-want +got):\n%s", d)
	}
}
