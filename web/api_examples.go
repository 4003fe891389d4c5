package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exampleFiles hold an example for each operation, by its id. TestExamples sends
// them, and with -update writes down what came back.
//
//go:embed examples/*.json
var exampleFiles embed.FS

// example is a request and its answer.
type example struct {
	Path    map[string]any  `json:"path,omitempty"`
	Query   map[string]any  `json:"query,omitempty"`
	Request json.RawMessage `json:"request,omitempty"`
	Lines   []string        `json:"lines,omitempty"` // of NDJSON
	Status  int             `json:"status"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

// describeExamples puts the examples into the description.
func describeExamples(doc *huma.OpenAPI) error {
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			raw, err := fs.ReadFile(exampleFiles, "examples/"+op.OperationID+".json")
			if errors.Is(err, fs.ErrNotExist) {
				continue // which TestExamples does not let pass
			} else if err != nil {
				return err
			}
			var x example
			if err := json.Unmarshal(raw, &x); err != nil {
				return fmt.Errorf("example of %s: %w", op.OperationID, err)
			}
			x.describe(op)
		}
	}
	return nil
}

func (x example) describe(op *huma.Operation) {
	for _, p := range op.Parameters {
		from := map[string]map[string]any{"path": x.Path, "query": x.Query}[p.In]
		if v, ok := from[p.Name]; ok {
			p.Example = v
		}
	}
	if op.RequestBody != nil {
		for _, c := range op.RequestBody.Content {
			switch {
			case len(x.Lines) > 0:
				c.Example = strings.Join(x.Lines, "\n")
			case len(x.Request) > 0:
				c.Example = x.Request
			}
		}
	}
	if r := op.Responses[strconv.Itoa(x.Status)]; r != nil && len(x.Answer) > 0 {
		for _, c := range r.Content {
			c.Example = x.Answer
		}
	}
}
