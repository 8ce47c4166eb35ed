// Command testsum runs go test and says in a few lines what came of it. In:
// stages as arguments, each "name: command and arguments", where the command
// writes the stream of go test -json. Out: the output of tests that failed as
// they fail, then the slowest tests, every skip with its reason, and last a line
// "N passed, N failed, N skipped".
//
// It exits with 1 where a test failed, where a stage couldn't run, where no test
// ran at all, and where a test was skipped for the lack of something that is
// installed here: such a skip means that the test looks in the wrong place.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(stages []string, out, errs io.Writer) int {
	if len(stages) == 0 {
		fmt.Fprintln(errs, "testsum: no stage given; usage: testsum 'NAME: COMMAND ARG…'…")
		return 2
	}
	all := newTally(installed)
	for _, s := range stages {
		name, command, ok := strings.Cut(s, ":")
		args := strings.Fields(command)
		if !ok || len(args) == 0 {
			fmt.Fprintf(errs, "testsum: stage %q is not 'NAME: COMMAND ARG…'\n", s)
			return 2
		}
		begin := time.Now()
		fmt.Fprintf(out, "== %s: %s\n", name, strings.Join(args, " "))
		before := all.counted()
		if err := stage(all, name, args, out, errs); err != nil {
			all.broken = append(all.broken, fmt.Sprintf("%s: %v", name, err))
		}
		if all.counted() == before {
			all.broken = append(all.broken, name+": no test ran")
		}
		fmt.Fprintf(out, "== %s took %.1f s\n", name, time.Since(begin).Seconds())
	}
	return all.print(out)
}

// stage runs one command and reads its stream to the end. A test that failed
// is no error here: the stream told so.
func stage(all *tally, name string, args []string, out, errs io.Writer) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = errs
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failed := all.failures()
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			all.line(name, line, out)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := cmd.Wait(); err != nil && all.failures() == failed {
		return fmt.Errorf("%s: %w, and no test failed", args[0], err)
	}
	return nil
}

// installed says whether a command is there, also where only root looks.
func installed(command string) bool {
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if _, err := exec.LookPath(dir + command); err == nil {
			return true
		}
	}
	return false
}
