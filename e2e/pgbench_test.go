package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// eavesdropper hears the statements that a program sends to its database, in
// the server's own log.
type eavesdropper struct {
	t        testing.TB
	super    *pgx.Conn
	log      string
	database string
	tables   map[string]int64 // where the ids of each table begin
	given    map[string]bool  // tables of which the script has an id of its own
}

// idStep is between the ids of two tables, so that an id tells its table.
const idStep = 1_000_000_000

func eavesdrop(t testing.TB, databaseURL string) *eavesdropper {
	t.Helper()
	ctx := context.Background()
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	super, err := pgx.Connect(ctx, os.Getenv(testenv.PostgresURL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { super.Close(ctx) })
	e := &eavesdropper{t: t, super: super, database: cfg.Database, tables: map[string]int64{}}
	var data string
	if err := super.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		t.Fatal(err)
	}
	e.log = filepath.Join(filepath.Dir(data), "log")
	own, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close(ctx)
	rows, err := own.Query(ctx, "SELECT table_name FROM information_schema.columns WHERE is_identity = 'YES' AND column_name = 'id' AND data_type = 'bigint' AND table_schema = current_schema() ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		e.tables[name] = int64(i+1) * idStep
		if _, err := own.Exec(ctx, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN id RESTART WITH %d", name, e.tables[name])); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func (e *eavesdropper) set(statements ...string) {
	e.t.Helper()
	for _, s := range append(statements, "SELECT pg_reload_conf()") {
		if _, err := e.super.Exec(context.Background(), s); err != nil {
			e.t.Fatal(err)
		}
	}
}

// statement is one that was executed, and its parameters as text.
type statement struct {
	sql    string
	params []*string // nil: NULL
}

// hear returns the statements of the transactions that do concerns, in order.
func (e *eavesdropper) hear(do func()) []statement {
	e.t.Helper()
	e.set("ALTER SYSTEM SET log_min_duration_statement = 0")
	own := fmt.Sprintf("listening from here %d", os.Getpid())
	testenv.Eventually(e.t, testTimeout, func() bool {
		if _, err := e.super.Exec(context.Background(), "SELECT '"+own+"'"); err != nil {
			e.t.Fatal(err)
		}
		return strings.Contains(e.text(), own)
	}, "the server to log statements")
	from := len(e.text())
	do()
	var heard []statement
	// A backend logs what it did after it has answered.
	testenv.Eventually(e.t, testTimeout, func() bool {
		heard = e.parse(e.text()[from:])
		i := slices.IndexFunc(heard, func(s statement) bool { return strings.Contains(s.sql, "UPDATE messages SET state = 'filed'") })
		return i >= 0 && i+1 < len(heard) && heard[len(heard)-1].sql == "commit"
	}, "a report that was filed")
	e.set("ALTER SYSTEM RESET log_min_duration_statement")
	return heard
}

func (e *eavesdropper) text() string {
	b, err := os.ReadFile(e.log)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(b)
}

var (
	logLine  = regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \S+ UTC \[(\d+)\] (\S*) (LOG|DETAIL):  `)
	executed = regexp.MustCompile(`(?s)^duration: \S+ ms  (?:execute [^:]*|statement): (.*)$`)
	// What the program asks besides, whatever is reported.
	besides = regexp.MustCompile(`(?i)restriction_|replicas|\bleases\b|\bpg_|mailboxes`)
)

// parse groups what each session did into transactions.
func (e *eavesdropper) parse(text string) []statement {
	type unit struct {
		at  int
		all []statement
	}
	open := map[string]*unit{} // transaction of a session
	var units []*unit
	last := map[string]*statement{}
	places := logLine.FindAllStringSubmatchIndex(text, -1)
	for i, m := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		pid, database, kind := text[m[2]:m[3]], text[m[4]:m[5]], text[m[6]:m[7]]
		body := strings.TrimSpace(strings.ReplaceAll(text[m[1]:end], "\n\t", " "))
		if database != e.database {
			continue
		}
		if s := last[pid]; kind == "DETAIL" {
			if s != nil && strings.HasPrefix(body, "parameters: ") {
				s.params = params(strings.TrimPrefix(body, "parameters: "))
			}
			last[pid] = nil
			continue
		}
		x := executed.FindStringSubmatch(body)
		if x == nil { // parse and bind
			last[pid] = nil
			continue
		}
		u := open[pid]
		if u == nil {
			u = &unit{at: m[0]}
			units = append(units, u)
		}
		u.all = append(u.all, statement{sql: strings.Join(strings.Fields(x[1]), " ")})
		last[pid] = &u.all[len(u.all)-1]
		switch x[1] {
		case "begin":
			open[pid] = u
		case "commit", "rollback":
			delete(open, pid)
		}
	}
	slices.SortStableFunc(units, func(a, b *unit) int { return cmp.Compare(a.at, b.at) })
	var out []statement
	for _, u := range units {
		if !slices.ContainsFunc(u.all, func(s statement) bool { return besides.MatchString(s.sql) }) {
			out = append(out, u.all...)
		}
	}
	return out
}

// params reads "$1 = 'a', $2 = NULL".
func params(s string) []*string {
	var out []*string
	for s != "" {
		_, rest, ok := strings.Cut(s, " = ")
		if !ok {
			break
		}
		if after, null := strings.CutPrefix(rest, "NULL"); null {
			out, s = append(out, nil), strings.TrimPrefix(after, ", ")
			continue
		}
		var v strings.Builder
		i := 1
		for ; i < len(rest); i++ {
			if rest[i] == '\'' {
				if i+1 < len(rest) && rest[i+1] == '\'' {
					i++
				} else {
					break
				}
			}
			v.WriteByte(rest[i])
		}
		value := v.String()
		out, s = append(out, &value), strings.TrimPrefix(rest[min(i+1, len(rest)):], ", ")
	}
	return out
}

// script makes of the statements of two alike reports one of pgbench's, that
// sends the same for ever new reports: what differs between the two is made
// anew in each run, and ids are those that the database gave.
func (e *eavesdropper) script(a, b []statement) string {
	e.t.Helper()
	if len(a) != len(b) || len(a) < 10 {
		e.t.Fatalf("two alike reports took %d and %d statements", len(a), len(b))
	}
	var unique []pair
	var differing []pair
	for i := range a {
		if a[i].sql != b[i].sql || len(a[i].params) != len(b[i].params) {
			e.t.Fatalf("two alike reports differ in statement %d:\n%s\n%s", i, a[i].sql, b[i].sql)
		}
		for j, v := range a[i].params {
			if w := b[i].params[j]; v != nil && w != nil && *v != *w && !asItWas.MatchString(*v) {
				differing = append(differing, pair{*v, *w})
			}
		}
	}
	slices.SortStableFunc(differing, func(x, y pair) int { return cmp.Compare(len(x.a), len(y.a)) })
	for _, d := range differing {
		// Documents hold what differs; they are no names themselves.
		if !isDocument(d.a) && e.mask(d.a, unique, 0) != e.mask(d.b, unique, 1) {
			unique = append(unique, d)
		}
	}
	var out strings.Builder
	e.given = map[string]bool{}
	inserted := ""
	out.WriteString("\\set i :i + 1\n\\set u 1000000000 + :run * 100000000 + :client_id * 1000000 + :i\n")
	for _, s := range a {
		sql := placeholder.ReplaceAllStringFunc(s.sql, func(p string) string {
			n, _ := strconv.Atoi(p[1:])
			return e.literal(s.params[n-1], unique)
		})
		out.WriteString(sql)
		table := ""
		if m := insertInto.FindStringSubmatch(s.sql); m != nil {
			if inserted = m[1]; strings.Contains(s.sql, " RETURNING id") {
				table = m[1]
			}
		} else if strings.HasPrefix(s.sql, "SELECT id,") && inserted != "" && strings.Contains(s.sql, " FROM "+inserted+" ") {
			table = inserted // of what was just inserted, or was there before
		}
		if table == "" {
			out.WriteString(";\n")
			continue
		}
		fmt.Fprintf(&out, "\n\\gset %s_\n", table)
		e.given[table] = true
	}
	return out.String()
}

// pair is one value of two reports.
type pair struct{ a, b string }

var (
	// asItWas are numbers and times, which are sent as they were.
	asItWas     = regexp.MustCompile(`^-?[0-9.]+$|^\d{4}-\d\d-\d\d `)
	aTime       = regexp.MustCompile(`^\d{4}-\d\d-\d\d `)
	placeholder = regexp.MustCompile(`\$\d+`)
	insertInto  = regexp.MustCompile(`INSERT INTO (\w+) \(`)
	anID        = regexp.MustCompile(`\d{10,11}`)
)

// mask leaves of a value what is the same for every report.
func (e *eavesdropper) mask(v string, unique []pair, side int) string {
	for i := len(unique) - 1; i >= 0; i-- {
		v = strings.ReplaceAll(v, [2]string{unique[i].a, unique[i].b}[side], fmt.Sprintf("\x00%d\x00", i))
	}
	return anID.ReplaceAllStringFunc(v, func(d string) string {
		if t := e.tableOf(d); t != "" && (e.given == nil || e.given[t]) {
			return "\x00" + t + "\x00"
		}
		return d
	})
}

func (e *eavesdropper) tableOf(digits string) string {
	n, _ := strconv.ParseInt(digits, 10, 64)
	for t, base := range e.tables {
		if n >= base && n < base+idStep/100 {
			return t
		}
	}
	return ""
}

// literal writes a parameter for pgbench.
func (e *eavesdropper) literal(v *string, unique []pair) string {
	if v == nil {
		return "NULL"
	}
	masked := strings.Split(e.mask(*v, unique, 0), "\x00")
	var parts []string
	for i, m := range masked {
		switch {
		case i%2 == 0 && m != "":
			parts = append(parts, quoted(m))
		case i%2 == 0:
		case e.tables[m] != 0:
			if len(masked) == 3 && masked[0] == "" && masked[2] == "" {
				return ":" + m + "_id"
			}
			parts = append(parts, "CAST(:"+m+"_id AS text)")
		default:
			n, _ := strconv.Atoi(m)
			// As long as it was, and ending with what no other report has.
			u := unique[n].a
			parts = append(parts, quoted(u[:max(0, len(u)-10)]), "CAST(:u AS text)")
		}
	}
	whole := strings.Join(parts, " || ")
	switch {
	case len(parts) == 0:
		return "''"
	case !strings.Contains(whole, "||"):
		return whole
	case aTime.MatchString(*v):
		return "CAST(" + whole + " AS timestamptz)"
	case isDocument(*v):
		return "CAST(" + whole + " AS jsonb)"
	case strings.HasPrefix(*v, `\x`):
		return "CAST(" + whole + " AS bytea)"
	}
	return "(" + whole + ")"
}

func isDocument(v string) bool { return strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[{") }

// quoted is a literal in which pgbench sees no variable of its own.
func quoted(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	return "'" + strings.ReplaceAll(s, ":", "' || chr(58) || '") + "'"
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench runs the script n times for each of the clients and says how often a
// second.
func pgbench(t testing.TB, databaseURL, script string, clients, n, run int) float64 {
	t.Helper()
	program, err := exec.LookPath("pgbench")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
		if len(found) == 0 {
			t.Fatal("pgbench comes with Debian's postgresql; it is not there")
		}
		program = found[0]
	}
	cmd := exec.CommandContext(t.Context(), program, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-t", strconv.Itoa(n), "-D", "i=0", "-D", fmt.Sprintf("run=%d", run),
		"-f", file(t, "report.sql", script), databaseURL)
	out, err := cmd.CombinedOutput()
	m := tps.FindSubmatch(out)
	if err != nil || m == nil || strings.Contains(string(out), "aborted") {
		t.Fatalf("pgbench: %v\n%s\n%s", err, out, script)
	}
	rate, _ := strconv.ParseFloat(string(m[1]), 64)
	return rate
}
