package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/evidence"
	"assay/internal/store"
	"assay/internal/store/segment"
)

func (a *app) verifyCommand() *cobra.Command {
	head := ""
	c := a.command("verify [DIR]", "verify", cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) (err error) {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		dir := a.dir
		if len(args) == 1 {
			dir = args[0]
		}
		if dir, err = filepath.Abs(dir); err != nil {
			return use(err)
		}
		if !exists(filepath.Join(dir, store.Folder)) {
			return &exitError{code: exitUse, kind: codeNotFound, err: fmt.Errorf("%s: nothing is stored here", dir), where: dir, next: a.t("ui.next.no-run")}
		}
		s, err := a.openStore(dir, true)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		v, err := s.Verify(c.Context(), strings.TrimSpace(head))
		if err != nil {
			return use(err)
		}
		a.verified(v, head != "")
		return nil
	})
	c.Flags().StringVar(&head, "head", "", a.t("flag.head"))
	return c
}

// verifyDoc is the `verify` document.
type verifyDoc struct {
	Schema        string           `json:"schema"`
	Consistent    bool             `json:"consistent"`    // nothing is damaged, missing or changed
	Authenticated bool             `json:"authenticated"` // signed by a trusted key; this version signs nothing
	HeadGiven     bool             `json:"head_given"`    // --head was given: compared with a noted hash
	Runs          []segment.Report `json:"runs"`          // every run, and "records" with the results of people
	Evidence      verifyEvidence   `json:"evidence"`
}

// verifyEvidence is what was seen of the stored bytes.
type verifyEvidence struct {
	Objects  int                `json:"objects"` // whose hash was computed again
	Bytes    int64              `json:"bytes"`   // in them
	Purged   int                `json:"purged"`  // gone on purpose: hash and reason are kept
	Problems []evidence.Problem `json:"problems"`
}

func verifyDocument(v store.Verified, withHead bool) verifyDoc {
	d := verifyDoc{Schema: "assay/verify@1", Consistent: v.Problems() == 0, HeadGiven: withHead, Runs: slices.Clone(filled(v.Runs)),
		Evidence: verifyEvidence{v.Evidence.Objects, v.Evidence.Bytes, len(v.Evidence.Purged), filled(v.Evidence.Problems)}}
	for i := range d.Runs {
		r := &d.Runs[i]
		r.Segments, r.Problems = filled(r.Segments), filled(r.Problems)
	}
	return d
}

// purgeDoc is the `purge` document.
type purgeDoc struct {
	Schema string               `json:"schema"`
	Purged []evidence.Tombstone `json:"purged"` // what is gone now
	Left   []evidence.Object    `json:"left"`   // files of the workspace that were left alone: --files removes them
}

// verified prints what was found, in words that promise no more than was
// shown: an unsigned chain finds damage, a noted head finds tampering.
func (a *app) verified(v store.Verified, withHead bool) {
	key := "ui.verify-consistent"
	switch {
	case v.Problems() > 0:
		key, a.code = "ui.verify-damaged", exitFailed
	case withHead:
		key = "ui.verify-head"
	}
	if a.format == "json" {
		a.json(verifyDocument(v, withHead))
		return
	}
	for _, r := range v.Runs {
		fmt.Fprintf(a.Out, "%s  %s\n", r.ID, r.Head)
		for _, p := range r.Problems {
			fmt.Fprintln(a.Out, "  "+plain(p.String()))
		}
	}
	fmt.Fprintln(a.Out, a.t("ui.verify-evidence", "objects", fmt.Sprint(v.Evidence.Objects), "bytes", fmt.Sprint(v.Evidence.Bytes), "purged", fmt.Sprint(len(v.Evidence.Purged))))
	for _, p := range v.Evidence.Problems {
		fmt.Fprintln(a.Out, "  "+plain(p.String()))
	}
	fmt.Fprintln(a.Out, a.t(key, "count", fmt.Sprint(v.Problems())))
}

func (a *app) purgeCommand() *cobra.Command {
	var f struct {
		classes list
		reason  string
		files   bool
	}
	c := a.command("purge", "purge", cobra.NoArgs, func(*cobra.Command, []string) (err error) {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		if f.reason == "" {
			return usef("--reason is missing: the tombstones keep it")
		}
		dir, err := filepath.Abs(a.dir)
		if err != nil {
			return use(err)
		}
		if !exists(filepath.Join(dir, store.Folder)) {
			return &exitError{code: exitUse, kind: codeNotFound, err: fmt.Errorf("%s: nothing is stored here", dir), where: dir, next: a.t("ui.next.no-run")}
		}
		order := evidence.PurgeOrder{Reason: f.reason, Files: f.files, Classes: []evidence.Class{evidence.Firmware, evidence.Personal, evidence.Sealed}}
		if len(f.classes) > 0 {
			order.Classes = nil
			for _, name := range f.classes {
				order.Classes = append(order.Classes, evidence.Class(name))
			}
		}
		s, err := a.openStore(dir, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		res, err := s.Evidence().Purge(order)
		if err != nil {
			return use(err)
		}
		if a.format == "json" {
			a.json(purgeDoc{Schema: "assay/purge@1", Purged: filled(res.Purged), Left: filled(res.Left)})
			return nil
		}
		for _, o := range res.Left {
			fmt.Fprintln(a.Out, a.t("ui.purge-left", "path", plain(o.Path)))
		}
		fmt.Fprintln(a.Out, a.t("ui.purged", "count", fmt.Sprint(len(res.Purged))))
		return nil
	})
	c.Flags().Var(&f.classes, "class", a.t("flag.class"))
	c.Flags().StringVar(&f.reason, "reason", "", a.t("flag.reason"))
	c.Flags().BoolVar(&f.files, "files", false, a.t("flag.purge-files"))
	return c
}
