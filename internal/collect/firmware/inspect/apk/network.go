package apk

import (
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// File is a compiled XML file that resources.arsc names.
type File struct {
	Resource uint32
	Path     string // in the archive: "res/xml/net.xml"
}

// compiled reads which resources of the type xml are which files: what a manifest
// refers to has only a number there.
func compiled(f *inspect.File) *App {
	a := &App{Path: f.Path, Platform: "android"}
	resources(f.Data, func(r resource, values pool, index int) bool {
		if r.kind != "xml" {
			return true
		}
		if s, _ := values.at(index); strings.HasSuffix(s, ".xml") {
			a.Files = append(a.Files, File{r.id, s})
		}
		return len(a.Files) < maxListed
	})
	if a.Files == nil {
		return nil
	}
	return a
}

// network reads <network-security-config> (developer.android.com, "Network
// security configuration").
func network(root *element) *Network {
	n := &Network{}
	users := func(e *element) bool {
		for _, t := range e.find("trust-anchors") {
			for _, c := range t.find("certificates") {
				if c.attrs["src"] == "user" {
					return true
				}
			}
		}
		return false
	}
	for _, e := range root.find("base-config") {
		if n.Base = e.attrs["cleartextTrafficPermitted"]; n.Base == "true" {
			n.Cleartext = once(n.Cleartext, "*")
		}
		n.UserCAs = n.UserCAs || users(e)
	}
	var domains func(list []*element, depth int)
	domains = func(list []*element, depth int) {
		for _, e := range list {
			name := strings.Join(e.names(), " ")
			if e.attrs["cleartextTrafficPermitted"] == "true" {
				n.Cleartext = once(n.Cleartext, name)
			}
			if users(e) {
				n.UserHosts = once(n.UserHosts, name)
			}
			for _, p := range e.find("pin-set") {
				n.Pins += len(p.find("pin"))
			}
			if depth < 8 {
				domains(e.find("domain-config"), depth+1)
			}
		}
	}
	domains(root.find("domain-config"), 0)
	return n
}

// once adds s to a bounded list, unless it stands there.
func once(list []string, s string) []string {
	if len(list) < maxListed && !slices.Contains(list, s) {
		list = append(list, s)
	}
	return list
}

// names are the domains of a domain-config: text of its children.
func (e *element) names() []string {
	var out []string
	for _, d := range e.find("domain") {
		if d.text != "" {
			out = append(out, d.text)
		}
	}
	if len(out) == 0 {
		return []string{"some domains"}
	}
	return out
}

// settle finds the configuration that the manifest names among those that stand
// in the archive; of one that it doesn't name, nothing follows.
func (a *App) settle(found []App, files []File) {
	if a.Platform != "android" || !a.Configured {
		return
	}
	use := a.named(found, files)
	for _, c := range use {
		a.Config = c.Path
		a.merge(c.Network)
	}
	a.Unsettled = len(use) == 0
}

// named are the files of the configuration: more than one where it has variants,
// for versions of the system, say. Without the list of resources it is the one
// with the name that the documentation gives it, or the only one.
func (a *App) named(found []App, files []File) []App {
	var use []App
	resolved := false
	for _, f := range files {
		if reference(f.Resource) != a.Named {
			continue
		}
		resolved = true
		for _, c := range found {
			if strings.TrimPrefix(c.inside(), "/") == f.Path {
				use = append(use, c)
			}
		}
	}
	if resolved {
		return use
	}
	for _, c := range found {
		if path.Base(c.Path) == "network_security_config.xml" {
			use = append(use, c)
		}
	}
	switch {
	case len(use) == 1:
		return use
	case len(found) == 1:
		return found
	}
	return nil
}

// inside is the path in the archive.
func (a *App) inside() string { return strings.TrimPrefix(a.Path, a.Archive+":") }

func (a *App) merge(n *Network) {
	if n == nil {
		return
	}
	if a.Network == nil {
		a.Network = &Network{Base: n.Base}
	}
	if n.Base == "" {
		a.Network.Base = "" // for some phones nothing is said
	}
	a.Network.Cleartext = append(a.Network.Cleartext, n.Cleartext...)
	a.Network.OldTLS = append(a.Network.OldTLS, n.OldTLS...)
	a.Network.UserCAs = a.Network.UserCAs || n.UserCAs
	a.Network.UserHosts = append(a.Network.UserHosts, n.UserHosts...)
	a.Network.Pins += n.Pins
}
