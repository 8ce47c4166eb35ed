package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/evidence"
	"assay/internal/store"
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
			return &exitError{code: exitUse, err: fmt.Errorf("%s: nothing is stored here", dir), next: a.t("ui.next.no-run")}
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
		a.json(map[string]any{"schema": "assay/verify@1", "consistent": v.Problems() == 0, "authenticated": false, "head_given": withHead,
			"runs": v.Runs, "evidence": map[string]any{"objects": v.Evidence.Objects, "bytes": v.Evidence.Bytes, "purged": len(v.Evidence.Purged), "problems": v.Evidence.Problems}})
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
		if f.reason == "" {
			return usef("--reason is missing: the tombstones keep it")
		}
		dir, err := filepath.Abs(a.dir)
		if err != nil {
			return use(err)
		}
		if !exists(filepath.Join(dir, store.Folder)) {
			return &exitError{code: exitUse, err: fmt.Errorf("%s: nothing is stored here", dir), next: a.t("ui.next.no-run")}
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
			a.json(map[string]any{"schema": "assay/purge@1", "purged": res.Purged, "left": res.Left})
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
