// Package cli is the command line: one file a command, flags, exit codes,
// progress and tables. It holds no logic that another front end would need.
//
// In: arguments, an environment, three streams. Out: an exit code of
// docs/json.md: 0 good, 1 something failed, 2 wrong use or bad input,
// 3 undecided, 4 a fault of Assay itself.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"assay/internal/evidence"
	"assay/internal/i18n"
	"assay/internal/store"
	"assay/internal/store/segment"
	"assay/internal/threat"
)

// The exit codes.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUse       = 2
	exitUndecided = 3
	exitFault     = 4
)

// IO is what the program talks to.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// Now is the clock; nil: the time.
	Now func() time.Time
}

// app is one invocation.
type app struct {
	IO
	args  []string // as they were given
	texts *i18n.Texts
	lang  i18n.Lang
	now   func() time.Time
	code  int

	rules    func() (*threat.Library, error) // see preload
	answer   *answer                         // --out, where it is a file for the answer
	stdout   io.Writer
	dir      string
	langFlag string
	format   string
	out      string
	quiet    bool
	verbose  bool
	noColor  bool
}

// exitError carries an exit code; text is for the reader, next says what to
// do.
type exitError struct {
	code  int
	kind  errorCode // empty: that of its cause
	err   error
	where string
	next  string
	// silent: the answer was written already, with the error in it.
	silent bool
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// use makes an error of wrong use or bad input.
func use(err error) error { return &exitError{code: exitUse, err: err} }

func usef(format string, args ...any) error { return use(fmt.Errorf(format, args...)) }

// Main runs one command and returns its exit code.
func Main(ctx context.Context, streams IO, args []string) int {
	texts, err := i18n.Load()
	if err != nil {
		fmt.Fprintln(streams.Err, "assay:", err)
		return exitFault
	}
	streams.Out = &stream{Writer: streams.Out}
	a := &app{IO: streams, stdout: streams.Out, args: args, texts: texts, now: time.Now, lang: language(streams.Getenv, args)}
	if streams.Now != nil {
		a.now = streams.Now
	}
	root := a.root()
	if f, ok := flagValue(args, "--format"); ok {
		a.format = f // an error before the flags are parsed is JSON too
	}
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	code := a.end(root.ExecuteContext(ctx))
	if a.answer != nil {
		if err := a.answer.Close(); err != nil {
			a.Out, a.answer = a.stdout, nil
			return a.fail(a.unwritable(err, a.out))
		}
	}
	return code
}

// language finds the language before the flags are parsed, because help is
// written in it too.
func language(getenv func(string) string, args []string) i18n.Lang {
	if v, ok := flagValue(args, "--lang"); ok {
		if l, err := i18n.ParseLang(v); err == nil {
			return l
		}
	}
	if l, err := i18n.ParseLang(getenv("ASSAY_LANG")); err == nil {
		return l
	}
	return i18n.FromEnvironment(getenv)
}

// flagValue finds the value of a long flag without parsing: the last one
// counts, and nothing behind -- does.
func flagValue(args []string, name string) (value string, found bool) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, name+"="); ok {
			value, found = v, true
		} else if arg == name && i+1 < len(args) {
			value, found = args[i+1], true
		}
	}
	return value, found
}

// t writes a text in the reader's language.
func (a *app) t(key string, args ...string) string { return a.texts.S(a.lang, key, args...) }

// fail prints an error and what to do next, and picks the exit code.
func (a *app) fail(err error) int {
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{code: exitFault, err: err}
		var locked *segment.LockedError
		var damaged *evidence.LogError
		switch {
		case errors.Is(err, context.Canceled):
			e = &exitError{code: exitUse, kind: codeInterrupted, err: errors.New(a.t("ui.interrupted"))}
		case errors.Is(err, store.ErrEnded), errors.Is(err, store.ErrChanged), errors.Is(err, store.ErrLink):
			e.code = exitUse
		case errors.Is(err, store.ErrNoRun):
			e.code, e.next = exitUse, a.t("ui.next.no-run")
		case errors.Is(err, store.ErrUnknownRun):
			e.code = exitUse
		case errors.As(err, &damaged):
			e.code, e.next = exitUse, "assay verify"
		case errors.As(err, &locked):
			e.code, e.next = exitUse, a.t("ui.next.locked")
		case errors.Is(err, os.ErrPermission), errors.Is(err, os.ErrNotExist), full(err):
			e.code = exitUse
		case isUsage(err):
			e.code, e.next = exitUse, a.t("ui.next.help")
		}
	}
	if !e.silent {
		a.drop()
	}
	if a.format == "json" && a.Out != nil && !e.silent {
		a.json(errorDoc{Schema: "assay/error@1", Errors: []jsonError{{Code: e.word(), Exit: e.code, Message: e.Error(), Where: e.where}}})
	}
	fmt.Fprintf(a.Err, "assay: %s\n", plain(e.Error()))
	if e.next != "" {
		fmt.Fprintf(a.Err, "%s\n", e.next)
	}
	return e.code
}

// full says whether a disk had no room, or may not be written.
func full(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// isUsage recognises the flag parser's own errors.
func isUsage(err error) bool {
	s := err.Error()
	for _, p := range []string{"unknown flag", "unknown shorthand", "unknown command", "flag needs an argument", "invalid argument", "accepts ", "requires at least", "required flag", "if any flags in the group", "bad flag syntax"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func (a *app) json(v any) {
	enc := json.NewEncoder(visible{a.Out})
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	if s, ok := a.Out.(*stream); err != nil && !(ok && s.err != nil) { // of the stream Main tells
		fmt.Fprintln(a.Err, "assay:", err)
		a.code = exitFault
	}
}

// terminal says whether a stream is one.
func terminal(w any) bool {
	f := file(w)
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// colour says whether to write colours.
func (a *app) colour() bool {
	return !a.noColor && a.Getenv("NO_COLOR") == "" && terminal(a.Out)
}

// width is the terminal's, or 80.
func (a *app) width() int {
	if f := file(a.Out); f != nil {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			return w
		}
	}
	return 80
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "assay", Short: a.t("cli.assay.short"), Long: a.t("cli.assay.long"), Example: a.t("cli.assay.example"),
		SilenceErrors: true, SilenceUsage: true, Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				err := fmt.Errorf("unknown command %q", args[0])
				if s := c.SuggestionsFor(args[0]); len(s) > 0 {
					err = fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(s, ", "))
				}
				return &exitError{code: exitUse, err: err, next: a.t("ui.next.help")}
			}
			return c.Help()
		},
		PersistentPreRunE: func(c *cobra.Command, args []string) error { return a.check(c, args) },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(a.flagError)
	f := root.PersistentFlags()
	f.StringVarP(&a.dir, "dir", "C", ".", a.t("flag.dir"))
	f.StringVar(&a.langFlag, "lang", "", a.t("flag.lang"))
	f.StringVar(&a.format, "format", "text", a.t("flag.format"))
	f.StringVar(&a.out, "out", "", a.t("flag.out"))
	f.BoolVarP(&a.quiet, "quiet", "q", false, a.t("flag.quiet"))
	f.BoolVarP(&a.verbose, "verbose", "v", false, a.t("flag.verbose"))
	f.BoolVar(&a.noColor, "no-color", false, a.t("flag.no-color"))
	root.AddCommand(
		a.demoCommand(), a.initCommand(), a.checkCommand(), a.planCommand(), a.runCommand(), a.judgeCommand(),
		a.recordCommand(), a.reportCommand(), a.guideCommand(), a.threatsCommand(), a.traceCommand(), a.compareCommand(), a.firmwareCommand(), a.deviceCommand(), a.standardsCommand(),
		a.verifyCommand(), a.purgeCommand(), a.refcamCommand(), a.versionCommand(), a.sbomCommand(),
	)
	a.completion(root)
	topic := &cobra.Command{Use: "exit-codes", Short: a.t("cli.exit-codes.short"), Long: a.t("cli.exit-codes.long")}
	topic.SetHelpTemplate("{{.Long}}\n")
	root.AddCommand(topic)
	a.usage(root)
	return root
}

// completion adds the command of that name; a shell that it doesn't know is
// wrong use.
func (a *app) completion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			var shells []string
			for _, s := range c.Commands() {
				shells = append(shells, s.Name())
			}
			return usef("completion %s: use %s", args[0], strings.Join(shells, ", "))
		}
	}
}

// usage gives help its frame in the reader's language, and every command its
// exit codes.
func (a *app) usage(root *cobra.Command) {
	root.SetUsageTemplate(a.t("ui.usage-template"))
	for _, c := range root.Commands() {
		c.SetUsageTemplate(a.t("ui.usage-template"))
	}
	root.SetHelpCommand(&cobra.Command{Use: "help [command]", Short: a.t("cli.help.short"), RunE: func(c *cobra.Command, args []string) error {
		target, rest, err := root.Find(args)
		if err != nil || target == nil || target == root && len(rest) > 0 {
			return &exitError{code: exitUse, err: fmt.Errorf("unknown command %q", strings.Join(args, " ")), next: a.t("ui.next.help")}
		}
		return target.Help()
	}})
	root.InitDefaultHelpFlag()
}

// ownOut are the commands for which --out is more than a place for the
// answer.
var ownOut = []string{"demo", "refcam", "run", "judge", "report"}

// check validates the flags that every command has, and sends the answer to
// --out.
func (a *app) check(c *cobra.Command, args []string) error {
	if a.langFlag != "" {
		if _, err := i18n.ParseLang(a.langFlag); err != nil {
			return use(err)
		}
	}
	if v := a.Getenv("ASSAY_LANG"); v != "" && a.langFlag == "" {
		if _, err := i18n.ParseLang(v); err != nil {
			fmt.Fprintf(a.Err, "assay: %s\n", a.t("ui.assay-lang", "value", plain(v)))
		}
	}
	if f := c.Flags().Lookup("out"); f != nil && f.Changed && a.out == "" {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.out-empty")), next: a.t("ui.next.flags", "command", c.CommandPath())}
	}
	if a.out == "-" {
		a.out = "" // stdout, as elsewhere
	}
	if a.out == "" || c.Name() == "demo" || c.Name() == "refcam" || c.Name() == "extract" || c.Name() == "report" && (c.Flags().Changed("documents") || c.Flags().Changed("stale")) {
		return nil
	}
	if err := a.mayWrite(a.out, args...); err != nil {
		return err
	}
	if slices.Contains(ownOut, c.Name()) {
		return nil
	}
	f, err := newAnswer(a.out)
	if err != nil {
		return a.unwritable(err, a.out)
	}
	a.answer, a.Out = f, &stream{Writer: f}
	return nil
}

// offers lets a command's help name the formats that it has, the first of them
// without asking; what it refuses stands nowhere.
func (a *app) offers(c *cobra.Command, formats ...string) *cobra.Command {
	kept := a.format // all commands are made, and one runs
	c.Flags().StringVar(&a.format, "format", formats[0], a.t("flag.format-of", "list", strings.Join(formats, ", ")))
	a.format = kept
	return c
}

// formats restricts --format for one command.
func (a *app) formats(allowed ...string) error {
	for _, f := range allowed {
		if a.format == f {
			return nil
		}
	}
	return &exitError{code: exitUse, err: errors.New(a.t("ui.no-format", "format", a.format, "list", strings.Join(allowed, ", "))), next: a.t("ui.next.format", "first", allowed[0])}
}

// command makes a cobra command with its texts.
func (a *app) command(use, name string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: a.t("cli." + name + ".short"), Long: a.t("cli." + name + ".long"),
		Example: a.t("cli." + name + ".example"), Args: a.fitting(args), RunE: run}
	c.Flags().BoolP("help", "h", false, a.t("flag.help"))
	return c
}

var _ pflag.Value = (*list)(nil)

// list is a flag that may stand several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }
func (l *list) Type() string       { return "value" }
