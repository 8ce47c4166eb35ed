package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/internal/limit"
)

// Run performs the job in a child and gives each record to sink, in order and
// on the calling goroutine, as soon as it is there. If the parse did not come
// to its end, the error is an *Error with the reason (it wraps sink's error and
// the context's), and Result has what is known. Other errors mean that no child
// was started.
func Run(ctx context.Context, job Job, sink func(json.RawMessage) error) (Result, error) {
	job.Limits = job.Limits.defaults()
	if job.Input == nil {
		return Result{}, errors.New("sandbox: no input file")
	}
	input, err := readOnly(job.Input)
	if err != nil {
		return Result{}, fmt.Errorf("sandbox: input: %w", err)
	}
	defer input.Close() // read only: nothing to lose
	// The kernel sends the death signal when the *thread* that started the child
	// ends, so that thread has to live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(ctx, job.Limits.Deadline)
	defer cancel()
	c, err := start(job, input)
	if err != nil {
		return Result{}, err
	}
	return c.collect(ctx, sink)
}

// proc is a running child.
type proc struct {
	job    Job
	cmd    *exec.Cmd
	out    *os.File
	stderr *head
	res    Result
	held   []string // what the parent set up
	cpu    uint64   // seconds

	mu     sync.Mutex
	ended  bool   // no more signals: the number may be another's soon
	reason string // why it was killed
	cause  error
	peak   int64
}

func start(job Job, input *os.File) (*proc, error) {
	o := order{
		Parser: job.Parser, Args: job.Args, AddressSpace: job.Limits.AddressSpace,
		CPUSeconds: uint64(job.Limits.Deadline.Seconds()+1) * uint64(job.Limits.Procs),
		Until:      time.Now().Add(soft(job.Limits.Deadline)), MaxOutput: job.Limits.MaxOutput, MaxLine: job.Limits.MaxLine,
	}
	if o.Args == nil {
		o.Args = json.RawMessage("null")
	}
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("sandbox: arguments of parser %s: %w", job.Parser, err)
	}
	if len(b) > maxJob {
		return nil, fmt.Errorf("sandbox: job for parser %s has %d bytes, at most %d", job.Parser, len(b), maxJob)
	}
	jobR, jobW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: %w", err), jobR.Close(), jobW.Close())
	}
	c := &proc{job: job, out: outR, cpu: o.CPUSeconds, stderr: &head{max: int(limit.Default().Parse.Message)}}
	c.cmd, c.held, err = startChild(func() *exec.Cmd {
		cmd := exec.Command(self())
		cmd.Args = []string{"assay", command}
		cmd.Dir = "/"
		// GOMEMLIMIT is below Memory: the collector works harder before the
		// child is killed for what is not garbage.
		cmd.Env = []string{
			fmt.Sprintf("GOMEMLIMIT=%d", job.Limits.Memory/8*7),
			fmt.Sprintf("GOMAXPROCS=%d", job.Limits.Procs),
		}
		cmd.Stderr = c.stderr
		cmd.ExtraFiles = []*os.File{jobR, outW, input}
		cmd.WaitDelay = time.Second
		return cmd
	})
	// These two are the child's now; closing them can't lose anything.
	_, _ = jobR.Close(), outW.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: start the child: %w", err), jobW.Close(), outR.Close())
	}
	go func() {
		// A child that dies before it has read its job breaks the pipe; how it
		// died is what gets reported.
		_, _ = jobW.Write(b)
		_ = jobW.Close()
	}()
	return c, nil
}

// self names this program. On Linux the link into the running process is used:
// it is the same code even if the file was replaced since.
func self() string {
	const link = "/proc/self/exe"
	if _, err := os.Stat(link); err == nil {
		return link
	}
	exe, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return exe
}

// collect reads the child to its end.
func (c *proc) collect(ctx context.Context, sink func(json.RawMessage) error) (Result, error) {
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { c.watch(ctx, stop) })
	last, said, err := c.read(sink)
	if err != nil {
		c.kill(err.Reason, err.cause)
	}
	// A child that closed its pipe but does not end gets no time for it.
	grace := time.AfterFunc(2*time.Second, func() { c.kill(ReasonProtocol, nil) })
	awaitExit(c.cmd.Process.Pid)
	c.mu.Lock()
	c.ended = true
	killGroup(c.cmd.Process.Pid) // what it may have started; it is not reaped yet
	c.mu.Unlock()
	grace.Stop()
	waitErr := c.cmd.Wait()
	close(stop)
	watching.Wait()
	closeErr := c.out.Close()
	res := c.result(last)
	switch {
	case err != nil:
		res.Killed = true
	case said && last.Reason == "":
		// Everything is read, so neither error changes what is known.
		return res, nil
	case said:
		err = c.fail(last.Reason, last.Detail, nil)
		err.Stack = text(last.Stack)
		res.Killed = last.Reason == ReasonOutput || last.Reason == ReasonLine
	case c.reason != "":
		err = c.fail(c.reason, "", c.cause)
		res.Killed = true
	default:
		err = c.died(waitErr, closeErr)
		res.Killed = err.Reason == ReasonMemory || err.Reason == ReasonCPU
	}
	res.Reason = err.Reason
	return res, err
}

func (c *proc) result(last end) Result {
	res := c.res
	c.mu.Lock()
	defer c.mu.Unlock()
	// The child's own figure counts only as far as it may be true.
	res.PeakBytes = max(c.peak, min(last.Peak, c.job.Limits.Memory+c.job.Limits.AddressSpace))
	if ps := c.cmd.ProcessState; ps != nil {
		res.CPU = ps.UserTime() + ps.SystemTime()
	}
	res.Confinement = append(res.Confinement, c.held...)
	slices.Sort(res.Confinement)
	res.Confinement = slices.Compact(res.Confinement)
	return res
}

func (c *proc) fail(reason, detail string, cause error) *Error {
	if detail == "" && cause != nil {
		detail = cause.Error()
	}
	return &Error{Parser: c.job.Parser, Reason: reason, Detail: text(detail), cause: cause}
}

// died explains a child that ended without an end line, by what the runtime
// wrote to standard error.
func (c *proc) died(errs ...error) *Error {
	msg, stack := splitPanic(c.stderr.String())
	reason := ReasonCrash
	switch {
	case strings.Contains(msg, "out of memory"), strings.Contains(msg, "cannot allocate memory"),
		strings.Contains(msg, "stack overflow"), strings.Contains(msg, "stack exceeds"),
		strings.Contains(msg, "failed to allocate"), strings.Contains(msg, "address space"), strings.Contains(msg, "failed to create new OS thread"):
		reason = ReasonMemory
	case strings.HasPrefix(msg, "panic: "):
		reason, msg = ReasonPanic, strings.TrimPrefix(msg, "panic: ")
	case overCPU(c.cmd.ProcessState, c.cpu):
		reason = ReasonCPU
	}
	if msg == "" {
		msg = fmt.Sprint(errors.Join(errs...))
	}
	e := c.fail(reason, msg, nil)
	e.Stack = text(stack)
	return e
}

// splitPanic finds the runtime's message: the first line that begins as one.
func splitPanic(s string) (msg, stack string) {
	at := len(s)
	for _, start := range []string{"panic: ", "fatal error: ", "runtime: goroutine stack exceeds"} {
		if i := strings.Index(s, start); i >= 0 && i < at && (i == 0 || s[i-1] == '\n') {
			at = i
		}
	}
	if at == len(s) {
		return strings.TrimSpace(s), ""
	}
	msg, stack, _ = strings.Cut(s[at:], "\n\n")
	return strings.TrimSpace(msg), strings.TrimSpace(stack)
}

// read takes the child's lines until they end. said reports an end line.
func (c *proc) read(sink func(json.RawMessage) error) (last end, said bool, fail *Error) {
	br := bufio.NewReaderSize(c.out, 64<<10)
	max := c.job.Limits.MaxLine
	for n := 0; ; n++ {
		line, err := readLine(br, max+1)
		switch {
		case errors.Is(err, errLine):
			return last, false, c.fail(ReasonLine, fmt.Sprintf("record %d is over %d bytes", c.res.Records, max), nil)
		case err != nil:
			// The end, or a deadline of the pipe after a kill. A line without
			// its newline was being written when the child was killed.
			return last, said, nil
		case said:
			return last, said, c.fail(ReasonProtocol, "lines behind the end", nil)
		}
		letter, body := line[0], line[1:]
		var h hello
		switch {
		case letter == lineHello && n == 0 && json.Unmarshal(body, &h) == nil && len(h.Confinement) < 32:
			c.res.Confinement = h.Confinement
		case letter == lineEnd && json.Unmarshal(body, &last) == nil:
			// It has nothing more to do; a child that was taken over might.
			said = true
			c.end()
		case letter == lineRecord && n > 0 && json.Valid(body):
			if c.res.Bytes += int64(len(body)); c.res.Bytes > c.job.Limits.MaxOutput {
				c.res.Bytes -= int64(len(body))
				return last, false, c.fail(ReasonOutput, fmt.Sprintf("over %d bytes", c.job.Limits.MaxOutput), nil)
			}
			if err := sink(bytes.Clone(body)); err != nil {
				return last, false, c.fail(ReasonSink, "", err)
			}
			c.res.Records++
		default:
			return last, false, c.fail(ReasonProtocol, fmt.Sprintf("line %d is none that a child writes", n+1), nil)
		}
	}
}

// readLine returns a line of 1 to max bytes without its newline. The slice is
// valid until the next call.
func readLine(br *bufio.Reader, max int64) ([]byte, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		if err == nil {
			part = part[:len(part)-1]
		}
		if int64(len(line)+len(part)) > max {
			return nil, errLine
		}
		line = append(line, part...)
		switch {
		case err == nil && len(line) == 0:
			return []byte{0}, nil // no letter: the caller finds no such line
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// watch kills the child at its deadline and above its memory, until stop.
func (c *proc) watch(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	done := ctx.Done()
	for {
		select {
		case <-stop:
			return
		case <-done:
			reason := ReasonCancelled
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				reason = ReasonDeadline
			}
			c.kill(reason, context.Cause(ctx))
			done = nil
		case <-tick.C:
			now, peak := memoryOf(c.cmd.Process.Pid)
			c.mu.Lock()
			c.peak = max(c.peak, peak)
			c.mu.Unlock()
			if now > c.job.Limits.Memory {
				c.kill(ReasonMemory, fmt.Errorf("%d bytes resident, at most %d", now, c.job.Limits.Memory))
			}
		}
	}
}

// kill ends the child's process group, once, for the first reason given.
func (c *proc) kill(reason string, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.reason != "" {
		return
	}
	c.reason, c.cause = reason, cause
	c.endLocked()
}

// end ends the process group of a child that has said its last.
func (c *proc) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.endLocked()
	}
}

func (c *proc) endLocked() {
	if c.cmd != nil {
		killGroup(c.cmd.Process.Pid)
	}
	// What is in the pipe is still read; something that inherited it and
	// escaped the group can't keep us waiting. Pipes of os take deadlines.
	_ = c.out.SetReadDeadline(time.Now().Add(time.Second))
}

// head keeps the first bytes of what is written: a panic's message comes first.
type head struct {
	mu  sync.Mutex
	b   []byte
	max int
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, p[:min(len(p), h.max-len(h.b))]...)
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.b)
}

var _ io.Writer = (*head)(nil)
