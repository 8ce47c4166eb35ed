// Command assay tests connected products against security standards.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"assay/internal/assess"
	"assay/internal/cli"
	"assay/internal/sandbox"
)

func main() {
	// The same program, executed again, is the confined child that reads
	// hostile bytes.
	if handled, code := sandbox.Main(assess.Parsers(), os.Args); handled {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}
