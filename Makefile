# Everything here works on a bare Debian 12 with make, Go, gcc and Node 20. The
# programs that the tests need beyond that (PostgreSQL, Redis, Dovecot, Chromium)
# are installed by the tests themselves when run as root.

# Without a home to write to, as in CI, everything is cached here.
ifneq ($(shell [ -n "$$HOME" ] && [ -w "$$HOME" ] && echo yes),yes)
export HOME := $(CURDIR)/.cache/home
export GOFLAGS += -modcacherw
$(shell mkdir -p '$(HOME)')
endif

# The same flags for build, vet and lint, so that they share compiled packages;
# the tests' race detector needs cgo and has its own.
GO := CGO_ENABLED=0 go
BUILD := -trimpath -buildvcs=false
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
# Small tools of lint, with a go.mod apart from ours.
TOOL := CGO_ENABLED=0 GOFLAGS='$(strip $(GOFLAGS) $(BUILD))' go tool -modfile=tools/go.mod

# SQLite is C, translated, and patterns of numbers are matched by the million:
# watching that memory finds nothing of ours and makes it several times slower.
RACE := -race -gcflags='modernc.org/...=-race=false' -gcflags='regexp/...=-race=false' -gcflags='github.com/nyaruka/...=-race=false'

# How long one pass of the tests of `make soak` takes at most, and each of its fuzz
# targets; those of `make test` are three minutes together.
SOAKTIME ?= 3h
FUZZTIME ?= 1h

MODULES := web/assets/node_modules/.package-lock.json
ASSETS := web/static/manifest.json
ASSET_SOURCES := $(shell find web/assets -name node_modules -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help run demo build assets test test-go test-fuzz test-browser soak fuzz bench lint vet clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: build ## run the service on embedded defaults; the first start prints the link that makes the admin
	bin/abusedesk serve

demo: build ## run everything in one process on a synthetic carrier with live reports
	bin/abusedesk demo

build: bin/abusedesk ## build bin/abusedesk with its web assets

bin/abusedesk: $(ASSETS) FORCE
	$(GO) build $(BUILD) -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/abusedesk

assets: $(ASSETS) ## build the style and script of the web pages into web/static

$(ASSETS): $(MODULES) $(ASSET_SOURCES)
	npm run build --prefix web/assets

$(MODULES): web/assets/package-lock.json
	npm ci --prefix web/assets

test: vet test-go test-fuzz test-browser ## everything that CI runs; starts and stops the servers it needs

vet: $(ASSETS)
	$(GO) vet $(BUILD) ./...

# vet has looked already.
test-go: vet build bin/testenv
	TESTENV_BINARY='$(CURDIR)/bin/abusedesk' bin/testenv -- \
		go test $(RACE) -vet=off -shuffle=on -timeout 30m ./...

test-fuzz:
	@$(MAKE) --no-print-directory fuzz FUZZTIME=2s

# Runs the "test" script of web/assets/package.json against the built program.
test-browser: build bin/testenv $(MODULES)
	ABUSEDESK_BINARY='$(CURDIR)/bin/abusedesk' bin/testenv -- npm run test --prefix web/assets

bin/testenv: FORCE
	$(GO) build $(BUILD) -o $@ ./internal/testenv/cmd/testenv

soak: build bin/testenv ## the long faults, load and fuzzing (SOAKTIME, FUZZTIME)
	TESTENV_SOAK=1 TESTENV_BINARY='$(CURDIR)/bin/abusedesk' bin/testenv -- \
		go test $(RACE) -count=1 -timeout $(SOAKTIME) ./e2e/...
	$(MAKE) fuzz

fuzz: ## run each fuzz target for FUZZTIME, one after the other
	@grep -rnoE '^func Fuzz[A-Za-z]+' --include='*_test.go' --exclude-dir=node_modules --exclude-dir=.cache . | sort | \
	while IFS=: read -r file line target; do \
		echo "$${target#func } of $$(dirname $$file)"; \
		$(GO) test $(BUILD) -vet=off -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZTIME) $$(dirname $$file) || exit 1; \
	done

# What analysts corrected, of the installation that the environment names, is scored too.
bench: build bin/testenv ## benchmarks
	@if [ -n "$$ABUSEDESK_DATABASE_URL$$ABUSEDESK_DATABASE_URL_FILE" ] || [ -e "$${ABUSEDESK_DATA_DIR:-data}/abusedesk.db" ]; then \
		(umask 077; bin/abusedesk corrections > bin/corrections.jsonl) || echo 'what was corrected there cannot be read, and is not scored' >&2; fi
	@trap 'rm -f bin/corrections.jsonl' EXIT; \
	ABUSEDESK_LABELLED="$${ABUSEDESK_LABELLED:-$(CURDIR)/bin/corrections.jsonl}" TESTENV_BINARY='$(CURDIR)/bin/abusedesk' bin/testenv -- \
		go test -run '^$$' -bench . -benchmem -timeout 1h ./...

lint: $(ASSETS) vet ## gofmt, go vet, staticcheck, types of the scripts, and who may import whom
	@unformatted=$$(find . -name node_modules -prune -o -path ./.cache -prune -o -name '*.go' -print | xargs gofmt -l); \
		[ -z "$$unformatted" ] || { echo "not gofmt'd:" $$unformatted; exit 1; }
	@! grep -rnE 'os\.(Getenv|LookupEnv)\(' --include='*.go' --exclude='*_test.go' \
		--exclude-dir=cmd --exclude-dir=testenv --exclude-dir=node_modules --exclude-dir=.cache . || \
		{ echo 'only cmd/abusedesk reads the environment'; exit 1; }
	$(TOOL) staticcheck ./...
	$(TOOL) depguard -test=false ./...
	$(GO) test -C tools $(BUILD) ./...
	npm run check --prefix web/assets

clean: ## remove what was built, and the caches made here
	rm -rf bin web/assets/node_modules .cache
	find web/static -type f ! -name README.md -delete
