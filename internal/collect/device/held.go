package device

import (
	"net/netip"
	"net/url"
	"strings"

	"assay/internal/collect/device/httpprobe"
	"assay/internal/product"
)

// destructive are words of functions that may end, empty or move a unit. A
// workspace may be a stranger's: it says what runs with the tester's account,
// so what it calls safe is not enough for these.
var destructive = []string{"reset", "factory", "reboot", "restart", "format", "upgrade", "firmware", "erase", "delete",
	"remove", "restore", "shutdown", "poweroff", "ptz", "siren"}

// harmful reports whether a path, its query or the body of a call names
// something destructive, however it is spelt: percent-encoded, with dashes, in
// capitals.
func harmful(parts ...string) bool {
	for _, s := range parts {
		for range 3 { // encoded twice is decoded by some servers
			low := strings.ToLower(s)
			low = strings.NewReplacer("-", "", "_", "", ".", "", "+", "", " ", "", "power/off", "poweroff").Replace(low)
			low = strings.NewReplacer("informat", "", "preset", "").Replace(low) // hold "format" and "reset"
			for _, word := range destructive {
				if strings.Contains(low, word) {
					return true
				}
			}
			plain, err := url.PathUnescape(s)
			if err != nil || plain == s {
				break
			}
			s = plain
		}
	}
	return false
}

// trusted reports whether a unit is a program on the tester's own machine:
// only there does a workspace alone decide what may be called.
func trusted(u product.Unit) bool {
	a, err := netip.ParseAddr(u.Address)
	return err == nil && a.Unmap().IsLoopback() && u.Simulated
}

// callable reports whether a test may call a function of a unit: what changes
// nothing; what the model calls safe; what else it doesn't call unsafe, on an
// expendable unit and with --intrusive. Nothing destructive, except where the
// unit is a program of the tester's own.
func (c *Config) callable(u product.Unit, f product.Function) bool {
	safe := f.Safe != nil && *f.Safe
	switch {
	case f.Safe != nil && !safe:
		return false
	case harmful(f.Path, f.Body) || f.Method == "DELETE":
		return safe && trusted(u)
	}
	return f.Method == "" || f.Method == "GET" || f.Method == "HEAD" || safe || c.Intrusive && u.Expendable
}

// describe describes an interface of a unit to the prober, from the model's
// login. held are the functions, and the other paths, that it may not call
// although the model doesn't call them unsafe.
func (c *Config) describe(u product.Unit, i *product.Interface) (a httpprobe.API, held []string) {
	l := i.Login
	// These are called with an account as well, whatever they are named for.
	own := func(method, path string) string {
		if path != "" && harmful(path) && !trusted(u) {
			held = append(held, method+" "+path)
			return ""
		}
		return path
	}
	a = httpprobe.API{LoginPath: own("POST", l.Path), Form: httpprobe.Form(l.Form), UserField: l.UserField, PassField: l.PassField,
		LogoutPath: own("POST", l.Logout), IdentityPath: own("GET", l.Identity)}
	for _, f := range l.Functions {
		method := f.Method
		if method == "" {
			method = "GET"
		}
		fn := httpprobe.Function{Name: method + " " + f.Path, Method: method, Path: f.Path, Body: f.Body, Roles: f.Roles}
		if !c.callable(u, f) {
			if f.Safe == nil || *f.Safe {
				held = append(held, fn.Name)
			}
			continue
		}
		if f.Body != "" {
			fn.ContentType = "application/json"
		}
		if len(fn.Roles) == 0 && f.Right != "" {
			for _, role := range i.Roles {
				if has(c.Product.Roles[role].May, f.Right) {
					fn.Roles = append(fn.Roles, role)
				}
			}
		}
		a.Protected = append(a.Protected, fn)
	}
	return a, held
}

// api describes an interface for logging in alone, on whatever unit.
func (c *Config) api(i *product.Interface) httpprobe.API {
	a, _ := c.describe(product.Unit{}, i)
	return a
}
