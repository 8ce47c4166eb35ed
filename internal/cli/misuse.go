package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/internal/collect/firmware"
)

// flagError says in the reader's language what is wrong with a flag.
func (a *app) flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	text := err.Error()
	dashed := func(name, short string) string {
		if short != "" {
			return "-" + name
		}
		return "--" + name
	}
	next := a.t("ui.next.flags", "command", c.CommandPath())
	switch {
	case errors.As(err, &unknown):
		if name := a.dashed(cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())); name != "" {
			next = a.t("ui.next.dashed", "name", plain(name)) + "\n" + next
		}
		text = a.t("ui.flag.unknown", "flag", dashed(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()))
	case errors.As(err, &value):
		text = a.t("ui.flag.needs-value", "flag", dashed(value.GetSpecifiedName(), value.GetSpecifiedShortnames()))
	case errors.As(err, &bad):
		text = a.t("ui.flag.bad-value", "flag", "--"+bad.GetFlag().Name, "value", bad.GetValue())
	}
	return &exitError{code: exitUse, err: errors.New(text), next: next}
}

// dashed finds a file that was given and taken for a flag, since its name begins
// with a dash.
func (a *app) dashed(flag string) string {
	for _, arg := range a.args {
		if !strings.HasPrefix(arg, "-") || !strings.HasSuffix(arg, flag) {
			continue
		}
		if _, err := os.Lstat(arg); err == nil {
			return arg
		}
	}
	return ""
}

// fitting wraps the check of how many arguments a command has.
func (a *app) fitting(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil || !isUsage(err) {
			return err
		}
		use := c.CommandPath() + strings.TrimPrefix(c.Use, c.Name())
		text := a.t("ui.args", "use", use, "count", fmt.Sprint(len(args)))
		if what := a.missing(c, len(args)); what != "" {
			text = a.t("ui.args-missing", "what", what, "use", use)
		}
		if len(args) > 1 {
			c.SuggestionsMinimumDistance = 2
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				text = a.t("ui.args-near", "use", use, "count", fmt.Sprint(len(args)), "near", c.CommandPath()+" "+near[0])
			}
		}
		return &exitError{code: exitUse, err: errors.New(text), next: a.t("ui.next.flags", "command", c.CommandPath())}
	}
}

// missing names what a command needs and wasn't given.
func (a *app) missing(c *cobra.Command, given int) string {
	var needs []string
	for _, word := range strings.Fields(c.Use)[1:] {
		if strings.HasPrefix(word, "[") || strings.HasPrefix(word, "-") {
			break // behind them stands what may be left out
		}
		name := strings.TrimSuffix(word, "...")
		if key := "ui.arg." + strings.ToLower(name); a.texts.Has(key) {
			name = a.t(key)
		}
		needs = append(needs, name)
	}
	if given >= len(needs) {
		return ""
	}
	out := needs[given]
	for _, name := range needs[given+1:] {
		out = a.t("ui.args-and", "a", out, "b", name)
	}
	return out
}

// unusable says in the reader's language why a file that the command was given
// can't be read, and what to give.
func (a *app) unusable(err error, path string) error {
	e := &exitError{code: exitUse, kind: (&exitError{code: exitUse, err: err}).word(), where: path, next: a.t("ui.next.file")}
	why := ""
	switch {
	case path == "":
		why, e.next, e.kind = "empty", a.t("ui.next.help"), codeUsage
	case errors.Is(err, fs.ErrNotExist) && path == "-":
		why = "stdin"
	case errors.Is(err, fs.ErrNotExist):
		why = "missing"
		if dir, err := os.Getwd(); err == nil {
			e.next = a.t("ui.next.file-missing", "dir", dir)
		}
	case errors.Is(err, fs.ErrPermission):
		why, e.next = "denied", a.t("ui.next.file-denied")
	case errors.Is(err, firmware.ErrFolder):
		why = "folder"
	case errors.Is(err, firmware.ErrNoFile):
		why = "device"
	case errors.Is(err, errNoSize):
		why = "no-size"
	default:
		e.err = errors.New(a.t("ui.file.other", "path", path, "why", cause(err)))
		return e
	}
	e.err = errors.New(a.t("ui.file."+why, "path", path))
	return e
}

// unwritable says why a folder or file can't be written.
func (a *app) unwritable(err error, path string) error {
	e := &exitError{code: exitUse, kind: (&exitError{code: exitUse, err: err}).word(), where: path, next: a.t("ui.next.write")}
	why := cause(err)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		why = a.t("ui.why.space")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		why = a.t("ui.why.denied")
	}
	e.err = errors.New(a.t("ui.lost", "out", path, "why", why))
	return e
}

// interrupted says what an interrupt left behind; other errors stay as they are.
func (a *app) interrupted(err error, key string, args ...string) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	if s, ok := a.Out.(*stream); ok && s.some && a.answer == nil && key == "ui.interrupted-nothing" {
		key = "ui.interrupted" // half of the answer is out
	}
	return &exitError{code: exitUse, kind: codeInterrupted, err: errors.New(a.t(key, args...))}
}

// cause is what the system says, without the path that stands before it.
func cause(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &link):
		return link.Err.Error()
	}
	return err.Error()
}
