package product

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func keysOf(problems []Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.Key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// complete is a product without an open point: the full sample, with what it
// leaves out on purpose.
func complete(t *testing.T) *Product {
	t.Helper()
	p := mustLoad(t, goodFiles(t)["full"])
	yes := true
	p.Components[1].Firmware = &Firmware{File: "evidence/base.bin", Encrypted: &yes, Public: &yes, Encryption: "aes"}
	p.Components[2].UpdatedBy = "maker"
	p.Units[2].Serial = "000019"
	for _, kind := range []string{"security-txt", "secure-development", "setup-guide", "support-period", "roles", "privacy-notice"} {
		p.Documents = append(p.Documents, Document{ID: kind, Kind: kind, File: "evidence/" + kind})
	}
	if open := Check(p); len(open) > 0 {
		t.Fatalf("Check of the complete product: %v", open)
	}
	return p
}

// TestCheck takes one statement away at a time: exactly the open points that
// it answers appear.
func TestCheck(t *testing.T) {
	t.Parallel()
	no := false
	for _, c := range []struct {
		want string // keys without open.
		take func(*Product)
	}{
		{"no-standard", func(p *Product) { p.Standards = nil }},
		{"gap", func(p *Product) { p.Identity.Maker.Name = Gap }},
		{"no-category", func(p *Product) { p.Identity.Category = "" }},
		{"no-market", func(p *Product) { p.Identity.Markets = nil }},
		{"no-support", func(p *Product) { p.Identity.Support = nil }},
		{"no-support", func(p *Product) { p.Identity.Support.Until = Date{} }},
		{"no-contact", func(p *Product) { p.Identity.Maker.SecurityContact = "" }},
		{"no-device", func(p *Product) { p.Components[0].Kind = "gateway" }},
		{"no-transducer", func(p *Product) { p.Components[0].Transducers = nil }},
		{"no-network", func(p *Product) { p.Components[0].Network = nil }},
		{"no-package", func(p *Product) { p.Components[2].Package = "" }},
		{"no-operator", func(p *Product) { p.Components[2].OperatedBy = "" }},
		{"no-updater", func(p *Product) { p.Components[2].UpdatedBy = "" }},
		{"no-firmware", func(p *Product) { p.Components[0].Firmware = nil }},
		{"firmware-encrypted", func(p *Product) { p.Components[0].Firmware.Encrypted = nil }},
		{"firmware-encryption", func(p *Product) { p.Components[0].Firmware.Encryption = "" }},
		{"firmware-public", func(p *Product) { p.Components[0].Firmware.Public = nil }},
		{"no-interfaces", func(p *Product) { p.Interfaces = nil; delete(p.src.places, "interfaces") }},
		{"", func(p *Product) { p.Interfaces = nil }}, // stated as []
		{"debug-access", func(p *Product) { p.Interfaces[2].Access = "" }},
		{"debug-open", func(p *Product) { p.Interfaces[2].Access = "open" }},
		{"no-purpose", func(p *Product) { p.Interfaces[1].Purpose = "" }},
		{"no-protocol", func(p *Product) { p.Interfaces[1].Protocol = "" }},
		{"no-port", func(p *Product) { p.Interfaces[1].Port = Port{} }},
		{"no-auth", func(p *Product) { p.Interfaces[1].Auth = "" }},
		{"no-interface-roles", func(p *Product) { p.Interfaces[0].Roles = nil }},
		{"no-login", func(p *Product) { p.Interfaces[0].Login = nil }},
		{"login-identity", func(p *Product) { p.Interfaces[0].Login.Identity = "" }},
		{"login-path", func(p *Product) { p.Interfaces[0].Login.Path = "" }},
		{"login-logout", func(p *Product) { p.Interfaces[0].Login.Logout = "" }},
		{"login-functions", func(p *Product) { p.Interfaces[0].Login.Functions = nil }},
		{"function-right", func(p *Product) { p.Interfaces[0].Login.Functions[0].Right = "" }},
		{"few-roles", func(p *Product) { delete(p.Roles, "viewer") }},
		{"role-rights", func(p *Product) { p.Roles["viewer"] = Role{} }},
		{"no-users", func(p *Product) { p.Users = nil }},
		{"no-passwords", func(p *Product) { p.Passwords = nil }},
		{"password-preset", func(p *Product) { p.Passwords.Preset = "" }},
		{"password-rule", func(p *Product) { p.Passwords.Rule = "" }},
		{"password-change", func(p *Product) { p.Passwords.Change = "" }},
		{"", func(p *Product) { p.Passwords = &Passwords{Used: &no} }},
		{"no-identifier", func(p *Product) { p.Identifier = nil }},
		{"identifier-rule", func(p *Product) { p.Identifier.Rule = "" }},
		{"no-secrets", func(p *Product) { p.Secrets = nil; delete(p.src.places, "secrets") }},
		{"secret-unique", func(p *Product) { p.Secrets[0].UniqueBy = "" }},
		{"secret-protected", func(p *Product) { p.Secrets[0].ProtectedBy = "" }},
		{"no-data", func(p *Product) { p.Data = nil; delete(p.src.places, "data") }},
		{"data-purpose", func(p *Product) { p.Data[0].Purpose = "" }},
		{"data-purpose", func(p *Product) { p.Data[1].Purpose = "" }},
		{"data-necessary", func(p *Product) { p.Data[0].Necessary = "" }},
		{"data-consent", func(p *Product) { p.Data[1].Consent = "" }},
		{"data-shared", func(p *Product) { p.Data[0].SharedWith = nil }},
		{"data-stored", func(p *Product) { p.Data[0].StoredOn = nil }},
		{"data-protected", func(p *Product) { p.Data[0].ProtectedBy = "" }},
		{"data-deleted", func(p *Product) { p.Data[0].DeletedBy = nil }},
		{"no-flows", func(p *Product) { p.Flows = nil; delete(p.src.places, "flows") }},
		{"flow-host", func(p *Product) { p.Flows[0].Host = "" }},
		{"flow-protocol", func(p *Product) { p.Flows[0].Protocol = "" }},
		{"flow-why", func(p *Product) { p.Flows[2].Why = "" }},
		{"no-update", func(p *Product) { p.Update = nil }},
		{"", func(p *Product) { p.Update = &Update{Mechanism: "none"} }},
		{"update-failure", func(p *Product) { p.Update.AfterFailure = "" }},
		{"update-signed", func(p *Product) { p.Update.Signed = "" }},
		{"update-host", func(p *Product) { p.Update.Host = "" }},
		{"update-protocol", func(p *Product) { p.Update.Protocol = "" }},
		{"update-rollback", func(p *Product) { p.Update.Rollback = "" }},
		{"update-automatic", func(p *Product) { p.Update.Automatic = nil }},
		{"update-check", func(p *Product) { p.Update.Check = nil }},
		{"update-shown", func(p *Product) { p.Update.Check.ShownIn = nil }},
		{"no-document", func(p *Product) { p.Documents = p.Documents[:len(p.Documents)-1] }},
		{"document-place", func(p *Product) { p.Documents[0].File, p.Documents[0].URL = "", "" }},
		{"no-onboarding", func(p *Product) { p.Onboarding = nil }},
		{"no-environment", func(p *Product) { p.Environments = nil }},
		{"no-dependency", func(p *Product) { p.Dependencies = nil; delete(p.src.places, "dependencies") }},
		{"ai-decides", func(p *Product) { p.AIFeatures[0].Decides = "" }},
		{"ai-fallback", func(p *Product) { p.AIFeatures[0].Fallback = "" }},
		{"ai-override", func(p *Product) { p.AIFeatures[0].Override = "" }},
		{"no-units", func(p *Product) { p.Units = nil }},
		{"few-units", func(p *Product) { p.Units = p.Units[:1] }},
		{"unit-address", func(p *Product) { p.Units[1].Address = "" }},
		{"unit-serial", func(p *Product) { p.Units[1].Serial = "" }},
		{"unit-state", func(p *Product) { p.Units[1].State = "" }},
		{"unit-ports", func(p *Product) { p.Units[2].Ports = PortRange{} }},
		{"no-expendable", func(p *Product) { p.Units[0].Expendable = false }},
		{"claim-why", func(p *Product) {
			p.Claims["etsi-en-303-645"]["5.6-8"] = Claim{Support: "no"}
		}},
	} {
		t.Run(fmt.Sprint(c.want), func(t *testing.T) {
			t.Parallel()
			p := complete(t)
			c.take(p)
			open := Check(p)
			var want []string
			if c.want != "" {
				want = []string{"open." + c.want}
			}
			if diff := cmp.Diff(want, keysOf(open)); diff != "" {
				t.Fatalf("Check (-want +got):\n%s", diff)
			}
			for _, o := range open {
				if o.Severity != SeverityOpen || o.Line == 0 || o.Path == "" {
					t.Errorf("Check: no place or severity: %+v", o)
				}
				if text := o.Text(); strings.ContainsAny(text, "{}") {
					t.Errorf("Check: text with holes: %s", text)
				}
			}
		})
	}
}

func TestAffectsFollowsTheChosenStandards(t *testing.T) {
	t.Parallel()
	all := []string{"iot-1005-1 5.3.1.4", "etsi-en-303-645 5.3-13"}
	for name, c := range map[string]struct {
		chosen []string
		want   []string
	}{
		"both":    {[]string{"etsi-en-303-645", "iot-1005-1"}, all},
		"taiwan":  {[]string{"iot-1005-1"}, all[:1]},
		"etsi":    {[]string{"etsi-en-303-645"}, all[1:]},
		"another": {[]string{"nist-ir-8425"}, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := complete(t)
			p.Identity.Support = nil
			p.Standards, p.Claims = nil, nil
			for _, id := range c.chosen {
				p.Standards = append(p.Standards, Standard{ID: id})
			}
			open := Check(p)
			if len(open) != 1 {
				t.Fatalf("Check: %v", open)
			}
			if diff := cmp.Diff(c.want, open[0].Affects); diff != "" {
				t.Errorf("Affects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPointsOfOtherStandardsAreLeftOut(t *testing.T) {
	t.Parallel()
	p := complete(t)
	delete(p.Roles, "viewer") // IoT-1005-1 only
	p.Claims = nil
	for _, c := range []struct {
		standard string
		want     int
	}{{iot1005, 1}, {en303, 0}, {"nist-ir-8425", 1}} {
		p.Standards = []Standard{{ID: c.standard}}
		if got := Check(p); len(got) != c.want {
			t.Errorf("%s: %v, want %d", c.standard, got, c.want)
		}
	}
}

// TestTemplatesStayOpen shows what a newcomer sees after init.
func TestTemplatesStayOpen(t *testing.T) {
	t.Parallel()
	for _, name := range Templates() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			for _, o := range Check(mustLoad(t, template(t, name))) {
				fmt.Fprintf(&got, "%s: %s\n", o.Where(), o.Text())
			}
			file := filepath.Join("testdata", "open", name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("open points (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckFiles(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{"evidence", "evidence/fx.ipa"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{filepath.Join(dir, "evidence", "vdp.md"), filepath.Join(other, "fx.bin")} {
		if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(other, "fx.bin"), filepath.Join(dir, "evidence", "fx.bin")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	p := mustLoad(t, goodFiles(t)["full"])
	p.Documents = append(p.Documents, Document{ID: "absent", File: "evidence/absent.md"})
	problems, err := CheckFiles(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range problems {
		got[x.Args["file"]] = string(x.Severity) + " " + x.Key
	}
	want := map[string]string{
		"evidence/fx.bin":       "error problem.unreadable-file",
		"evidence/record.md":    "open open.no-file",
		"evidence/sbom.json":    "open open.no-file",
		"evidence/unit-a.flash": "open open.no-file",
		"evidence/fx.ipa":       "error problem.no-regular-file",
		"evidence/absent.md":    "open open.no-file",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CheckFiles (-want +got):\n%s", diff)
	}
	if _, err := CheckFiles(filepath.Join(dir, "nowhere"), p); err == nil {
		t.Error("CheckFiles of no folder: no error")
	}
}

// TestMessages holds the texts to each other: every key that the code can
// give has an English text here and the same, with a translation, in the
// program's texts.
func TestMessages(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../i18n/texts/product.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]struct {
		En string `yaml:"en"`
		Zh string `yaml:"zh-Hant"`
	}
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	if len(texts) != len(english) {
		t.Errorf("%d texts, %d messages", len(texts), len(english))
	}
	holes := func(s string) []string {
		var out []string
		for _, part := range strings.Split(s, "{")[1:] {
			name, _, _ := strings.Cut(part, "}")
			out = append(out, name)
		}
		slices.Sort(out)
		return out
	}
	var code strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || f == "messages.go" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	for key, text := range english {
		if texts[key].En != text {
			t.Errorf("%s: %q here, %q in the texts", key, text, texts[key].En)
		}
		if diff := cmp.Diff(holes(text), holes(texts[key].Zh)); diff != "" {
			t.Errorf("%s: placeholders differ (-en +zh):\n%s", key, diff)
		}
		for _, word := range []string{"固件", "默認", "服務器", "網絡", "信息", "軟件", "端口", "密碼"} {
			if strings.Contains(texts[key].Zh, word) {
				t.Errorf("%s: %s is not a word of Taiwan", key, word)
			}
		}
		short := strings.TrimPrefix(key, "open.")
		if !strings.HasPrefix(key, "problem.noun.") && !strings.Contains(code.String(), `"`+short+`"`) && !strings.Contains(code.String(), `"`+key+`"`) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}
