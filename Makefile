# What you can do here:
#
#   make demo      the whole job on a simulated camera; needs Go and nothing else
#   make test      every test: installs what they need, then fast, peers and web
#   make help      the rest

SHELL       := /bin/bash
GO          ?= go
FUZZTIME    ?= 1m
DEMO        ?=
VERSION     ?=

# Go is taken as it is installed; nothing fetches another one.
export GOTOOLCHAIN := local

FAST  = $(GO) test -json -short -timeout 15m ./...
PEERS = $(GO) test -json -count=1 -timeout 15m -tags peers ./internal/peers/... ./internal/collect/device/sweep
WEB   = env ASSAY_REQUIRE_BROWSER=1 $(GO) test -json -count=1 -timeout 10m $(shell scripts/list-packages chromedp)
SUM   = $(GO) run ./scripts/testsum

.PHONY: help demo build test deps test-fast test-peers test-web test-long race fuzz lint bench accuracy clean

help:
	@echo 'make demo        build, and assess the simulated camera (DEMO="--hardened" for the good one)'
	@echo 'make build       bin/assay, static'
	@echo 'make test        deps, test-fast, test-peers, test-web; one closing line for all'
	@echo 'make deps        install what test-peers and test-web need (Debian; as root)'
	@echo 'make test-fast   needs Go only: no root, nothing to install'
	@echo 'make test-peers  against servers and tools of others, in network name spaces of their own (as root)'
	@echo 'make test-web    the report in a real browser'
	@echo 'make test-long   the fast tests without -short, with the race detector, then every fuzz target for FUZZTIME (1m)'
	@echo 'make fuzz        every fuzz target for FUZZTIME'
	@echo 'make lint        golangci-lint where installed, else go vet and gofmt'
	@echo 'make bench       benchmarks, and the figures of docs/performance.md'
	@echo 'make accuracy    what is found in images whose secrets are known (see docs/accuracy.md)'

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/assay ./cmd/assay

# 0, 1 and 3 are answers (all good, something failed, something is undecided);
# 2 and 4 are not.
demo: build
	@rc=0; bin/assay demo $(DEMO) || rc=$$?; \
	case $$rc in 0|1|3) ;; *) echo "make demo: assay ended with exit code $$rc" >&2; exit $$rc;; esac

test: deps
	@$(SUM) 'fast: $(FAST)' 'peers: $(PEERS)' 'web: $(WEB)'

deps:
	@scripts/deps

test-fast:
	@$(SUM) 'fast: $(FAST)'

test-peers:
	@$(SUM) 'peers: $(PEERS)'

test-web:
	@$(SUM) 'web: $(WEB)'

# The race detector needs a C compiler, the program doesn't.
race:
	@$(SUM) 'race: env CGO_ENABLED=1 $(GO) test -json -race -short -timeout 30m ./...'

test-long: race
	@$(SUM) 'whole: $(GO) test -json -count=1 -timeout 45m ./...'
	@scripts/fuzz $(FUZZTIME)

fuzz:
	@scripts/fuzz $(FUZZTIME)

lint:
	@scripts/lint

bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./...
	@scripts/figures bin/assay
	@scripts/ratios bin/assay

accuracy:
	@scripts/accuracy

clean:
	rm -rf bin
