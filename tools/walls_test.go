package tools

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"testing"

	"github.com/OpenPeeDeeP/depguard/v2"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/go/analysis"
)

const module = "github.com/abusedesk/abusedesk/"

// walls is the import table once more, by package: what each may import of
// ours. Whoever changes a wall changes it here, in .depguard.yaml and in the README.
var walls = map[string][]string{
	"cases":                         {},
	"numbers":                       {},
	"shaken":                        {},
	"intake":                        {"cases", "numbers"},
	"campaigns":                     {},
	"mailbox":                       {"cases"},
	"calls":                         {"cases", "numbers"},
	"calls/formats":                 {"cases", "calls"},
	"calls/monitor":                 {"cases", "numbers"},
	"restrict":                      {"cases", "numbers", "internal/telnyx", "internal/safehttp"},
	"restrict/telnyx":               {"cases", "numbers", "internal/telnyx", "internal/safehttp"},
	"cases/rules":                   {"cases"},
	"desk":                          {"cases", "cases/rules", "numbers", "intake", "calls", "calls/monitor", "campaigns", "shaken", "restrict"},
	"notify":                        {"cases", "numbers", "internal/safehttp"},
	"auth":                          {"cases"},
	"store":                         {"cases", "migrations"},
	"store/cdr":                     {"cases", "migrations"},
	"workers":                       {"cases", "desk"},
	"web":                           {"cases", "desk", "auth", "intake", "numbers", "restrict", "internal/altcha"},
	"internal/altcha":               {},
	"internal/safehttp":             {"cases", "numbers", "internal/safehttp"},
	"internal/evidence":             {"cases", "numbers", "internal/safehttp"},
	"internal/telnyx":               {"cases", "numbers", "internal/safehttp"},
	"internal/csvload":              {"cases", "numbers", "internal/safehttp"},
	"internal/simulate":             {"cases", "numbers", "internal/altcha", "internal/safehttp"},
	"internal/testenv":              {"cases", "numbers", "internal/safehttp"},
	"internal/testenv/cmd/testenv":  {"cases", "numbers", "internal/safehttp", "internal/testenv"},
	"internal/storetest":            {"store", "internal/testenv"},
	"internal/sti":                  {},
	"migrations":                    {},
	"e2e":                           {},
	"a/package/that/nobody/listed":  {},
	"cases/a-folder-nobody/listed":  {},
	"internal/simulate/and/a-third": {},
}

// checker loads .depguard.yaml and returns whether it lets a file import a path.
func checker(t *testing.T) func(file, path string) bool {
	t.Helper()
	raw, err := os.ReadFile("../.depguard.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var settings depguard.LinterSettings
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		t.Fatal(err)
	}
	analyzer, err := depguard.NewAnalyzer(&settings)
	if err != nil {
		t.Fatal(err)
	}
	return func(file, path string) bool {
		t.Helper()
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, fmt.Sprintf("package p\n\nimport %q\n", path), parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		allowed := true
		_, err = analyzer.Run(&analysis.Pass{
			Analyzer: analyzer, Fset: fset, Files: []*ast.File{parsed},
			Report: func(analysis.Diagnostic) { allowed = false },
		})
		if err != nil {
			t.Fatal(err)
		}
		return allowed
	}
}

func TestEveryPairOfPackages(t *testing.T) {
	allows := checker(t)
	for importer, row := range walls {
		for imported := range walls {
			want := slices.Contains(row, imported)
			if got := allows("/clone/"+importer+"/file.go", module+imported); got != want {
				t.Errorf("%s importing %s: allowed %t, want %t", importer, imported, got, want)
			}
			if allows("/clone/"+importer+"/file.go", module+imported+"/below") {
				t.Errorf("%s may import an unlisted folder below %s", importer, imported)
			}
			if !allows("/clone/"+importer+"/file_test.go", module+imported) {
				t.Errorf("a test of %s may not import %s", importer, imported)
			}
			if !allows("/clone/cmd/abusedesk/main.go", module+imported) {
				t.Errorf("cmd/abusedesk may not import %s", imported)
			}
		}
		if !allows("/clone/"+importer+"/file.go", "encoding/json") {
			t.Errorf("%s may not import the standard library", importer)
		}
		inStore := importer == "store" || importer == "store/cdr"
		for _, path := range []string{"gorm.io/gorm", "gorm.io/driver/postgres", "github.com/glebarez/sqlite"} {
			if got := allows("/clone/"+importer+"/file.go", path); got != inStore {
				t.Errorf("%s importing %s: allowed %t, want %t", importer, path, got, inStore)
			}
			if !allows("/clone/"+importer+"/file_test.go", path) {
				t.Errorf("a test of %s may not import %s", importer, path)
			}
		}
	}
}
