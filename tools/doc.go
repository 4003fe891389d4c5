// Package tools pins the programs that `make lint` runs, in a go.mod of their
// own, and tests what .depguard.yaml allows against the import table.
package tools
