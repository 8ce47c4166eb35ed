package image

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// The part of SARIF 2.1.0 (OASIS) that is written.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Artifacts   []sarifArtifact   `json:"artifacts"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifArtifact struct {
	Location sarifURI          `json:"location"`
	Length   int64             `json:"length"`
	Hashes   map[string]string `json:"hashes,omitempty"`
}

type sarifURI struct {
	URI string `json:"uri"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	Rule         string            `json:"ruleId"`
	Index        int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifURI    `json:"artifactLocation"`
	Region   sarifRegion `json:"region"`
}

type sarifRegion struct {
	Line   int    `json:"startLine,omitempty"`
	Offset *int64 `json:"byteOffset,omitempty"`
	Length *int64 `json:"byteLength,omitempty"`
}

// SARIF writes the findings: a rule a kind, a result a finding, placed in the
// image's file. What was not read is a notification, and the invocation isn't
// called successful then.
func SARIF(w io.Writer, d Doc) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "assay", Version: d.Tool, Rules: []sarifRule{}}},
		Artifacts:   []sarifArtifact{{Location: sarifURI{place(d.Name)}, Length: d.Size}},
		Invocations: []sarifInvocation{{Successful: len(d.Gaps) == 0, Notifications: []sarifNotification{}}},
		Results:     []sarifResult{},
	}
	if d.SHA256 != "" {
		run.Artifacts[0].Hashes = map[string]string{"sha-256": d.SHA256}
	}
	for _, g := range d.Gaps {
		inv := &run.Invocations[0]
		inv.Notifications = append(inv.Notifications, sarifNotification{"warning", sarifText{clean(g)}})
	}
	at := make(map[string]int)
	for _, f := range d.Findings {
		i, ok := at[f.Kind]
		if !ok {
			i = len(run.Tool.Driver.Rules)
			at[f.Kind] = i
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: f.Kind, Short: sarifText{f.Title}})
		}
		region := sarifRegion{Line: f.Line}
		if f.Line == 0 {
			one := int64(1)
			region.Offset, region.Length = &f.Offset, &one
		}
		run.Results = append(run.Results, sarifResult{Rule: f.Kind, Index: i, Level: level(f.Severity), Message: sarifText{clean(strings.TrimSpace(f.Title + ": " + f.Text))},
			Locations:    []sarifLocation{{sarifPhysical{sarifURI{place(f.Path)}, region}}},
			Fingerprints: map[string]string{"place/v1": fmt.Sprintf("%s:%s:%d:%d", f.Kind, clean(f.Path), f.Line, f.Offset)}})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func level(severity string) string {
	switch severity {
	case "high":
		return "error"
	case "medium":
		return "warning"
	}
	return "note"
}

// place is a path as a relative URI reference (RFC 3986): what would end or
// change it is escaped.
func place(path string) string {
	u := url.URL{Path: strings.TrimLeft(path, "/")}
	parts := strings.Split(u.EscapedPath(), "/")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], ":", "%3A") // no scheme
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == ".." })
	return strings.Join(parts, "/")
}

// clean keeps what a viewer shows as text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
