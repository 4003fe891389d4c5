// Package testenv starts the servers that tests need: PostgreSQL, Redis and
// Dovecot from Debian's packages, each on a free loopback port with a folder
// of its own. Nothing is shared with a server that the machine may run, and
// nothing outlives the process that asked for it, however that process ends.
//
// A missing package is installed when running as root; otherwise the test
// fails and says which package to install. A test never skips: without its
// database it has proved nothing.
//
// PostgreSQL is one server for all packages when the command in cmd/testenv
// runs the tests, as `make test` does; a plain `go test` starts one for each
// test process. Redis and Dovecot start in tens of milliseconds, so each test
// gets one of its own, which it may also kill, empty and restart.
//
// The package knows nothing of abusedesk's schema: the caller passes a function
// that migrates an empty database. Linux only, like the packages it runs.
package testenv
