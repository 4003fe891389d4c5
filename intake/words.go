package intake

import (
	"embed"
	"strings"
)

// data holds the words and marks of each language, so that a rule of thumb can
// be read, discussed and extended without reading code.
//
//go:embed data
var data embed.FS

// readMarks reads a file of "kind text" lines; empty lines and those that
// begin with # count for nothing. A file that is missing is a fault of the build.
func readMarks(name string) map[string][]string {
	content, err := data.ReadFile("data/" + name)
	if err != nil {
		panic("intake: " + err.Error())
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		kind, text, _ := strings.Cut(line, " ")
		out[kind] = append(out[kind], strings.TrimSpace(text))
	}
	return out
}
