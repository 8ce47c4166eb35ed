package report

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/i18n"
)

// sayable are the kinds of facts whose sentences are those of the readers of
// images: in technical English, since no reader's language is known there.
var sayable = []fact.Kind{fact.Part{}.Kind(), fact.ImageUnattributed{}.Kind(), fact.ImageGuard{}.Kind()}

// worded writes the sentences of ours among a fact's values in the reader's
// language: keys of the texts, and what readers of images say. All else is as
// the product has it.
func (v *view) worded(kind fact.Kind, list []pair) []pair {
	reader := slices.Contains(sayable, kind) || kind == fact.Scope{}.Kind() && slices.ContainsFunc(list, func(p pair) bool {
		return p.Name.raw() == "what" && p.Value.raw() == fact.ScopeImageFiles
	})
	for i, p := range list {
		name, value := p.Name.raw(), p.Value.raw()
		switch {
		case (name == "why" || name == "cut") && strings.HasPrefix(value, "cut.") && v.texts.Has(value):
			list[i].Value = ours(v.s(value))
		case (name == "why" || name == "note") && v.lang == i18n.Zh && reader:
			list[i].Value = foreign(v.texts.Said(v.lang, value))
		}
	}
	return list
}

// spoken are the excerpts that are sentences of the readers and no content of
// an image, each in the reader's language.
func (v *view) spoken(set *fact.Set) map[string]string {
	out := make(map[string]string)
	if v.lang != i18n.Zh || set == nil {
		return out
	}
	for _, f := range fact.Of[fact.ImageUnattributed](set) {
		out[f.Value.Why] = v.texts.Said(v.lang, f.Value.Why)
	}
	for _, f := range fact.Of[fact.Part](set) {
		if f.Value.Note != "" {
			out[f.Value.Format+" "+f.Value.Note] = f.Value.Format + " " + v.texts.Said(v.lang, f.Value.Note)
		}
	}
	for _, f := range fact.Of[fact.ImageWeakness](set) {
		mode := "mode " + f.Value.Detail
		out[mode] = v.texts.Said(v.lang, mode)
	}
	for _, f := range fact.Of[fact.Firmware](set) {
		size := fmt.Sprintf("%d bytes, %d files, entropy %.2f", f.Value.Size, f.Value.Files, f.Value.Entropy)
		out[size] = v.texts.Said(v.lang, size)
	}
	return out
}
