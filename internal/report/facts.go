package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/internal/fact"
)

// fact lays out one fact: who saw it, what it says, where it stands.
func (v *view) fact(set *fact.Set, f fact.Fact) factView {
	o := set.Observation(f)
	out := factView{ID: string(f.ID), Kind: foreign(string(f.Kind)).Text(), Subject: foreign(f.Subject)}
	sep := ""
	for _, s := range []phrase{foreign(o.By), v.vantage(o), foreign(o.Equipment), foreign(stamp(o.Start))} {
		if !s.Empty() {
			out.Seen = append(append(out.Seen, piece{sep, plain}), s...)
			sep = " · "
		}
	}
	out.Values = v.worded(f.Kind, values(f.Data))
	refs := evidenceOfFact(set, f)
	if len(refs) > maxRefs {
		out.More = len(refs) - maxRefs
		refs = refs[:maxRefs]
	}
	out.Evidence = v.refs(refs)
	return out
}

func (v *view) vantage(o fact.Observation) phrase {
	if o.Vantage == "" {
		return nil
	}
	p := foreign(string(o.Vantage))
	if key := "report.vantage." + string(o.Vantage); v.texts.Has(key) {
		p = ours(v.s(key))
	}
	if o.Unit != "" {
		p = append(p, piece{", ", plain}, piece{o.Unit, outside})
	}
	if o.State != "" {
		p = append(p, piece{" (" + o.State + ")", outside})
	}
	return p
}

// values flattens a fact's data into name and value, in its own order. It is
// bounded, since foreign facts can be imported.
func values(data []byte) []pair {
	var out []pair
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := flatten(dec, "", 0, &out); err != nil && !errors.Is(err, errEnough) {
		return []pair{{foreign("data"), foreign(clip(string(data), maxValue))}}
	}
	return out
}

var errEnough = errors.New("enough values")

const maxNesting = 6

func flatten(dec *json.Decoder, name string, depth int, out *[]pair) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if depth > maxNesting {
		return fmt.Errorf("fact data is nested deeper than %d", maxNesting)
	}
	add := func(value string) error {
		if value == "" {
			return nil
		}
		if len(*out) == maxValues {
			*out = append(*out, pair{foreign("…"), foreign("…")})
			return errEnough
		}
		*out = append(*out, pair{foreign(name), foreign(clip(value, maxValue))})
		return nil
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return flattenList(dec, name, depth, out, add)
		}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return err
			}
			inner := fmt.Sprint(k)
			if name != "" {
				inner = name + "." + inner
			}
			if err := flatten(dec, inner, depth+1, out); err != nil {
				return err
			}
		}
		_, err := dec.Token()
		return err
	case nil:
		return nil
	default:
		return add(fmt.Sprint(t))
	}
}

// flattenList writes a list of scalars on one line, and a list of objects as
// one line each.
func flattenList(dec *json.Decoder, name string, depth int, out *[]pair, add func(string) error) error {
	var scalars []string
	for n := 0; dec.More(); n++ {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if len(raw) > 0 && raw[0] == '{' {
			var parts []pair
			in := json.NewDecoder(bytes.NewReader(raw))
			in.UseNumber()
			if err := flatten(in, "", depth+1, &parts); err != nil && !errors.Is(err, errEnough) && !errors.Is(err, io.EOF) {
				return err
			}
			var line []string
			for _, p := range parts {
				line = append(line, p.Name.raw()+" "+p.Value.raw())
			}
			if err := add(strings.Join(line, ", ")); err != nil {
				return err
			}
			continue
		}
		if n < maxValues {
			scalars = append(scalars, strings.Trim(string(raw), `"`))
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	return add(strings.Join(scalars, ", "))
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
