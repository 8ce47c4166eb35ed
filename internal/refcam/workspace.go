package refcam

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Address says where a unit answers.
type Address struct {
	Host string // address or name
	// Ports is the whole range of ports that belongs to the unit, "a-b";
	// empty: all, as with a real unit.
	Ports string
	// Map says at which port a service answers, by Service.Name; empty: at
	// the ports of a real unit.
	Map map[string]uint16
}

// values is what templates see.
func (c *Camera) values() map[string]any {
	date := func(t time.Time) string { return t.Format(time.DateOnly) }
	until := c.now.AddDate(5, 0, 0)
	published := until
	if c.weak[SupportPeriodContradicts] {
		published = until.AddDate(-3, 0, 0)
	}
	guide, guideModel := Product, Model
	if c.weak[GuideOfOtherModel] {
		guide, guideModel = "Lumi Door 1", "LD-100"
	}
	return map[string]any{
		"Product": Product, "Model": Model, "Release": Release, "Maker": Maker,
		"Contact": "security@lumi.example", "ImageName": c.ImageName(), "AppName": AppName(),
		"API": apiHost, "MQTT": mqttHost, "OTA": otaHost, "NTP": ntpHost, "Track": trackHost,
		"From": date(c.now.AddDate(-1, 0, 0)), "Until": date(until), "Published": date(published),
		"Expires":      c.now.AddDate(0, 11, 0).Format(time.RFC3339),
		"Expired":      c.now.AddDate(-1, 0, 0).Format(time.RFC3339),
		"GuideProduct": guide, "GuideModel": guideModel,
		"BackdoorUser": backdoorUser, "BackdoorPassword": c.backdoorPassword(),
		"FactoryPSK": c.password("wifi"), "URLPassword": c.password("url"),
	}
}

// Workspace writes assay.yaml and evidence/ (documents, image, app) into dir,
// which it makes if need be. addr says where each unit answers; port ranges
// and maps are written for declared services only. Passwords of units are not
// written. Existing files of these names are replaced.
func (c *Camera) Workspace(dir string, addr func(unit int) Address) error {
	values := c.values()
	c.modelValues(values, addr)
	files, err := c.renderWith("template/workspace", values)
	if err != nil {
		return fmt.Errorf("reference camera, workspace: %w", err)
	}
	image, err := c.Image()
	if err != nil {
		return err
	}
	files["/evidence/"+c.ImageName()] = image
	if files["/evidence/"+AppName()], err = c.App(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, "/")))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("reference camera, workspace: %w", err)
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil {
			return fmt.Errorf("reference camera, workspace: %w", err)
		}
	}
	return nil
}

type webValue struct {
	ID, Protocol, Purpose string
	Port                  uint16
}

type functionValue struct {
	Method, Path, Right, Body string
	Safe                      bool
}

type unitValue struct{ ID, Serial, Host, Ports, Map string }

func (c *Camera) modelValues(v map[string]any, addr func(unit int) Address) {
	var roles []string
	for _, a := range c.accounts() {
		roles = append(roles, a.role)
	}
	v["RoleNames"] = strings.Join(roles, ", ")
	webs := []webValue{{"web", "https", "administration in the local network", 443}}
	if c.weak[PlainHTTP] {
		webs = append(webs, webValue{"web-plain", "http", "administration with old browsers", 80})
	}
	v["Webs"] = webs
	var fs []functionValue
	for _, f := range c.functions() {
		p := f.path
		if f.test != "" {
			p = f.test
		}
		fs = append(fs, functionValue{f.method, p, f.right, f.body, f.safe})
	}
	v["Functions"] = fs
	v["State"] = "initialised"
	if c.opt.Factory {
		v["State"] = "factory"
	}
	var us []unitValue
	for i, u := range c.units {
		a := addr(i)
		var ports []string
		for _, s := range c.Services() {
			if p, ok := a.Map[s.Name]; ok && s.Declared {
				ports = append(ports, fmt.Sprintf("%s: %d", s.Name, p))
			}
		}
		us = append(us, unitValue{u.ID, u.Serial, a.Host, a.Ports, strings.Join(ports, ", ")})
	}
	v["Units"] = us
}
