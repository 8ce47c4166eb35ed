package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"assay/internal/collect/document"
	"assay/internal/network"
)

// pages fetches documents of the hosts that --public names, through the door
// to the network: the address is pinned, and a redirect leads nowhere else.
type pages struct {
	door  *network.Net
	hosts map[string]bool
}

// fetcher opens the door to the hosts of --public; nil where there are none.
func (a *app) fetcher(ctx context.Context, public []string, by string) (document.Fetcher, error) {
	if len(public) == 0 {
		return nil, nil
	}
	auth, err := a.authorisations(public, by)
	if err != nil {
		return nil, err
	}
	p := &pages{hosts: make(map[string]bool)}
	cfg := network.Config{Now: a.now}
	for host, x := range auth {
		p.hosts[host] = true
		cfg.Targets = append(cfg.Targets, network.Target{Unit: "public " + host, Host: host, Public: x, Ports: network.Port(443)})
	}
	if p.door, err = network.Open(ctx, cfg); err != nil {
		return nil, &exitError{code: exitUse, err: err, next: a.t("ui.next.address")}
	}
	return p, nil
}

const maxPage = 4 << 20

// Fetch implements document.Fetcher.
func (p *pages) Fetch(ctx context.Context, raw string) ([]byte, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" || !p.hosts[u.Hostname()] {
		return nil, fmt.Errorf("%s: only https pages of hosts named by --public are fetched", u.Hostname())
	}
	client := &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
				host, port, err := net.SplitHostPort(addr)
				if err != nil {
					return nil, err
				}
				n, err := strconv.ParseUint(port, 10, 16)
				if err != nil {
					return nil, err
				}
				return p.door.Dial(ctx, "public "+host, uint16(n))
			},
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, raw, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	err = errors.Join(err, resp.Body.Close())
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answered %d", u.Hostname(), resp.StatusCode)
	case len(b) > maxPage:
		return nil, fmt.Errorf("%s: longer than %d bytes", raw, maxPage)
	}
	return b, nil
}
