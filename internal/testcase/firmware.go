package testcase

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/verdict"
)

// firmwareCases judge the image (IoT-1005-1 5.4.1.1, 5.4.1.2; EN 303 645
// 5.4-1, 5.4-3).
func firmwareCases() []Case {
	needs := []Need{{Kind: fact.Firmware{}.Kind()}}
	return []Case{
		{
			ID: "firmware.not-public", Kind: Conceptual, Method: Assisted, Severity: Medium, Needs: []Need{{Kind: fact.Declared{}.Kind()}},
			Subjects: images, Judge: notPublic, Empty: noImage,
			Steps: 3, Observe: []Observe{{Name: "places-searched"}, ask("found", "no")},
		},
		{
			ID: "firmware.encrypted", Kind: Functional, Method: Assisted, Severity: Medium, Needs: needs,
			Subjects: images, Judge: encrypted, Empty: noImage,
			Steps: 2, Observe: []Observe{{Name: "algorithm"}, {Name: "key-bits"}, {Name: "key-handling"}},
		},
		{
			ID: "firmware.hosts-declared", Kind: Functional, Method: Auto, Severity: Medium, Image: true,
			Needs: append(needs, Need{Kind: fact.ImageHost{}.Kind()}), Subjects: images, Judge: hostsDeclared, Empty: noImage,
		},
		{
			ID: "firmware.no-secrets", Kind: Functional, Method: Auto, Severity: High, Image: true,
			Needs: append(needs, Need{Kind: fact.ImageSecret{}.Kind()}), Subjects: images, Judge: noSecrets, Empty: noImage,
		},
		{
			ID: "storage.encrypted", Kind: Functional, Method: Assisted, Severity: High, Needs: needs,
			Judge: storedEncrypted,
			Steps: 4, Observe: []Observe{
				ask("markers-found-in-clear", "no"), {Name: "algorithms"},
			}, Attach: 1,
		},
	}
}

func imageOf(v *View, s Subject) (fact.Typed[fact.Firmware], bool) {
	got := fact.Where(v.Facts, func(f fact.Firmware) bool { return f.Image == s.Key })
	if len(got) == 0 {
		return fact.Typed[fact.Firmware]{}, false
	}
	return got[0], true
}

func notPublic(v *View, s Subject, _ Params) Outcome {
	d, ok := declaration(v, "firmware", s.Item)
	if !ok {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "firmware.public"), verdict.Because("provide.declare", "what", "firmware.public"))
	}
	switch d.Value.Value["public"] {
	case "true":
		return Fail(verdict.Because("reason.firmware-public"), d.Fact)
	case "false":
		return AskPerson(verdict.Because("reason.search-for-firmware"), d.Fact)
	}
	return Inconclusive(verdict.Because("reason.not-declared", "what", "firmware.public"), verdict.Because("provide.declare", "what", "firmware.public")).With(d.Fact)
}

// encrypted: what can be unpacked isn't encrypted. High entropy names no
// algorithm, so a person has to.
func encrypted(v *View, s Subject, _ Params) Outcome {
	img, ok := imageOf(v, s)
	if !ok {
		return unread(v, s)
	}
	if !img.Value.Analysable {
		return AskPerson(verdict.Because("reason.not-analysable", "image", s.Key, "entropy", fmt.Sprintf("%.2f", img.Value.Entropy)), img.Fact)
	}
	d, ok := declaration(v, "firmware", s.Item)
	switch {
	case ok && d.Value.Value["encrypted"] == "false":
		return Fail(verdict.Because("reason.firmware-unencrypted", "image", s.Key), img.Fact, d.Fact)
	case ok && d.Value.Value["encrypted"] == "true":
		return Inconclusive(verdict.Because("reason.firmware-handed-over", "image", s.Key), verdict.Because("provide.image-as-distributed")).With(img.Fact, d.Fact)
	}
	return Inconclusive(verdict.Because("reason.not-declared", "what", "firmware.encrypted"), verdict.Because("provide.declare", "what", "firmware.encrypted")).With(img.Fact)
}

// declaredHosts are the hosts of the flows and of the update service.
func declaredHosts(p *product.Product) []string {
	var out []string
	for _, f := range p.Flows {
		if f.Host != "" {
			out = append(out, strings.ToLower(f.Host))
		}
	}
	if p.Update != nil && p.Update.Host != "" {
		out = append(out, strings.ToLower(p.Update.Host))
	}
	return out
}

// declares says whether a host is among the declared ones, of which
// *.example.com stands for all names below example.com.
func declares(declared []string, host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(declared, func(d string) bool {
		below, wild := strings.CutPrefix(d, "*")
		return d == host || wild && strings.HasPrefix(below, ".") && strings.HasSuffix(host, below)
	})
}

// contacted says whether an image shows that it contacts a host: the value of
// a setting, what a script or a page asks for. What an older search found says
// only where the name stands.
func contacted(h fact.ImageHost) bool {
	if h.Evidence == "" {
		return h.Usage == "config" || h.Usage == "script"
	}
	return h.Usage != "document" && (h.Evidence == "configured" || h.Evidence == "script")
}

// hostsDeclared: an undeclared host that a configuration or a script contacts
// is used; one that stands in a program, or only stands there (a link for
// readers), may be, and the maker has to say.
func hostsDeclared(v *View, s Subject, _ Params) Outcome {
	declared := declaredHosts(v.Product)
	var used, open, fine []fact.Typed[fact.ImageHost]
	for _, h := range fact.Where(v.Facts, func(h fact.ImageHost) bool { return h.Image == s.Key }) {
		switch {
		case declares(declared, h.Value.Host):
			fine = append(fine, h)
		case contacted(h.Value):
			used = append(used, h)
		case h.Value.Usage != "document":
			open = append(open, h)
		}
	}
	if len(used) > 0 {
		return Fail(verdict.Because("reason.undeclared-host-used", "host", used[0].Value.Host, "path", used[0].Value.Path,
			"line", fmt.Sprint(used[0].Value.Line), "count", fmt.Sprint(len(used))), facts(used)...)
	}
	scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !whole {
		return unread(v, s)
	}
	if len(declared) == 0 {
		return Inconclusive(verdict.Because("reason.not-declared", "what", "flows"), verdict.Because("provide.declare", "what", "flows")).With(scope.Fact)
	}
	if len(open) > 0 {
		return Inconclusive(verdict.Because("reason.undeclared-host-in-program", "host", open[0].Value.Host, "path", open[0].Value.Path),
			verdict.Because("provide.declare-host", "host", open[0].Value.Host)).With(facts(open)...)
	}
	return Pass(verdict.Because("reason.hosts-declared", "count", fmt.Sprint(len(fine))), append(facts(fine), scope.Fact)...)
}

// clear says that a found secret stands in the image in clear.
func inClear(k fact.ImageSecret) bool {
	return k.Type != "password-hash" && k.Type != "private-key-encrypted" && !ofLibrary(k)
}

// ofLibrary says that a key is one that a library checks itself with: it is
// published with the library and protects nothing.
func ofLibrary(k fact.ImageSecret) bool { return k.Type == "library-test-key" }

// published says that everybody can have the key that was found, whatever
// pass phrase it stands under.
func published(k fact.ImageSecret) bool { return k.Known != "" && !ofLibrary(k) }

// secretFound is the reason why a secret breaks the case.
func secretFound(k fact.ImageSecret, n int) verdict.Reason {
	args := []string{"type", "secret." + k.Type, "path", k.Path, "line", fmt.Sprint(k.Line), "count", fmt.Sprint(n)}
	switch {
	case published(k):
		return verdict.Because("reason.published-key-in-image", append(args, "known", k.Known)...)
	case k.Used != "":
		return verdict.Because("reason.used-key-in-image", append(args, "used", k.Used)...)
	}
	return verdict.Because("reason.secret-in-image", args...)
}

func noSecrets(v *View, s Subject, _ Params) Outcome {
	var bad, open []fact.Typed[fact.ImageSecret]
	for _, k := range fact.Where(v.Facts, func(k fact.ImageSecret) bool { return k.Image == s.Key }) {
		if inClear(k.Value) || k.Value.Recovered || published(k.Value) {
			bad = append(bad, k)
		} else if !ofLibrary(k.Value) {
			open = append(open, k)
		}
	}
	if len(bad) > 0 {
		return Fail(secretFound(bad[0].Value, len(bad)), facts(bad)...)
	}
	scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
	if !whole {
		return unread(v, s)
	}
	if len(open) > 0 {
		return Inconclusive(verdict.Because("reason.secret-maybe-recoverable", "type", "secret."+open[0].Value.Type, "path", open[0].Value.Path),
			verdict.Because("provide.remove-secret", "path", open[0].Value.Path)).With(facts(open)...)
	}
	return PassAbsent(verdict.Because("reason.no-secret-in-image"), scope)
}

// weakHashes are password verifiers that the crypto policy calls not
// approved and of high severity.
var weakHashes = []string{"md5", "des", "md5crypt", "descrypt", "sha1", "plain", "nt", "lm"}

// storedEncrypted: an image can show a failure, never a pass, because it
// doesn't hold what a unit stores in use. What was read out of a unit's flash
// does; but a value that isn't found there may stand in another form.
func storedEncrypted(v *View, _ Subject, _ Params) Outcome {
	for _, m := range fact.Of[fact.ImageMarker](v.Facts) {
		return Fail(verdict.Because("reason.marker-in-clear", "name", m.Value.Name, "image", m.Value.Image, "path", m.Value.Path,
			"offset", fmt.Sprint(m.Value.Offset), "encoding", m.Value.Encoding), m.Fact)
	}
	for _, k := range fact.Where(v.Facts, func(k fact.ImageSecret) bool { return stored(v, k.Found) }) {
		switch {
		case inClear(k.Value):
			return Fail(verdict.Because("reason.stored-in-clear", "type", "secret."+k.Value.Type, "path", k.Value.Path, "line", fmt.Sprint(k.Value.Line)), k.Fact)
		case k.Value.Type == "password-hash" && slices.Contains(weakHashes, k.Value.Scheme):
			return Fail(verdict.Because("reason.stored-weakly-hashed", "scheme", k.Value.Scheme, "path", k.Value.Path, "line", fmt.Sprint(k.Value.Line)), k.Fact)
		}
	}
	var names []string
	var basis []fact.Fact
	for _, s := range stores(v) {
		scope, whole := wholeScope(v, fact.ScopeImageFiles, s.Key)
		if !whole {
			return unread(v, s)
		}
		names, basis = append(names, s.Key), append(basis, scope.Fact)
	}
	if n := len(v.Product.Markers); len(dumps(v)) > 0 && n > 0 {
		return AskPerson(verdict.Because("reason.no-marker-in-clear", "image", strings.Join(names, ", "), "count", fmt.Sprint(n)), basis...)
	}
	if len(names) > 0 {
		return AskPerson(verdict.Because("reason.image-shows-nothing-stored", "image", strings.Join(names, ", ")), basis...)
	}
	if d, ok := declaration(v, "data", ""); ok {
		return AskPerson(verdict.Because("reason.read-storage"), d.Fact)
	}
	return noImage(v)
}
