// Package e2e drives the built program from outside: over HTTP, over the
// mailbox that it reads and the mail server that it sends through, with its
// own command line, on both storage set-ups, and with the signals that kill
// and pause it. It knows nothing of the program's inside.
//
// `make test` builds the program first and runs the short forms; `make soak`
// runs the long ones.
package e2e
