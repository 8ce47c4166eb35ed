package assess

import (
	"context"
	"errors"
	"net"
)

// closed is a network that connects to nothing: planning lists the device's
// collectors without touching a unit.
type closed struct{}

func (closed) Dial(context.Context, string, uint16) (net.Conn, error) {
	return nil, errors.New("planning doesn't touch units")
}
