package formats

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestMappingsThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"no JSON":             {"{\n  \"zone\": \"UTC\",\n  \"fields\": {,}\n}", "mapping line 3:"},
		"cut off":             {"{\n\"zone\":", "mapping line 2:"},
		"two":                 {"{}{}", "more than one JSON object"},
		"too long":            {strings.Repeat(" ", MaxMapping+1), "mapping: is longer than 262144 bytes"},
		"unknown setting":     {"{\n\n\"time_zone\": \"UTC\"}", `mapping line 3: "time_zone" is no setting of a mapping`},
		"unknown in a field":  {"{\"fields\": {\n\"to\": {\"colum\": \"b\"}}}", `mapping line 2: "colum" is no setting of a mapping`},
		"wrong type":          {"{\n\"rules\": {}}", "mapping line 2: rules must not be a object"},
		"unknown field":       {`{"fields": {"caller": "a"}}`, "mapping fields.caller: is no field of a call record; they are account"},
		"neither":             {`{"fields": {"to": {}}}`, "mapping fields.to: needs a column, or a value"},
		"both":                {`{"fields": {"to": {"column": "a", "value": "b"}}}`, "mapping fields.to: needs a column, or a value"},
		"values of a value":   {`{"fields": {"to": {"value": "b", "values": {"a": "b"}}}}`, "mapping fields.to.values: is for a column"},
		"time of a text":      {`{"fields": {"to": {"column": "b", "time": "epoch"}}}`, "mapping fields.to.time: is for times"},
		"pattern":             {`{"fields": {"started_at": {"column": "b", "time": "%Q"}}}`, `mapping fields.started_at.time: "%Q" is none of`},
		"a time, no pattern":  {`{"time": "2006-01-02"}`, "mapping time: has digits in it"},
		"zone":                {`{"zone": "EST5"}`, "mapping zone: use a name such as America/New_York"},
		"separator":           {`{"separator": "::"}`, "mapping separator: must be one character"},
		"no columns":          {`{"columns": []}`, "mapping columns: names none"},
		"rule without effect": {`{"rules": [{"when": {"a": "b"}, "set": {"direction": "inbound"}}, {"when": {"a": "b"}}]}`, "mapping rules[1]: needs set"},
		"rule for nobody":     {`{"rules": [{"ignore": "x"}]}`, "mapping rules[0].when: says for which records"},
		"rule sets a time":    {`{"rules": [{"when": {"a": "b"}, "set": {"started_at": "x"}}]}`, "mapping rules[0].set.started_at: is no text field"},
		"long reason":         {`{"rules": [{"when": {"a": "b"}, "ignore": "` + strings.Repeat("x", 101) + `"}]}`, "mapping rules[0].ignore: is longer than 100 bytes"},
	} {
		if _, err := ParseMapping([]byte(tt.file)); !errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// A mapping that names what the file does not have is refused before a row is
// taken.
func TestMappingsThatDoNotFit(t *testing.T) {
	for file, want := range map[string]string{
		`{"fields": {"to": "b_number"}}`:                                              `mapping fields.to: names the column "b_number", which the file does not have`,
		`{"fields": {"to": "b"}, "rules": [{"when": {"trunk": "x"}, "ignore": "x"}]}`: `mapping rules: look at the column "trunk", which the file does not have`,
	} {
		m, err := ParseMapping([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		o := plain("mapped")
		o.Mapping = m
		if err := Load(strings.NewReader("a,b\n1,2\n"), o, 0, func(Batch) error { t.Error("took a row"); return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	// The columns of a switch are known before.
	m, err := ParseMapping([]byte(`{"rules": [{"when": {"context": "x"}, "ignore": "x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	o := plain("asterisk")
	o.Mapping = m
	if err := Load(strings.NewReader(asteriskRow), o, 0, func(Batch) error { return nil }); err == nil || !strings.Contains(err.Error(), `"context"`) {
		t.Errorf("%v", err)
	}
}

func TestMappedFields(t *testing.T) {
	for name, tt := range map[string]struct {
		mapping, file string
		want          string // of started_at, or an error
	}{
		"as people write":    {`{"fields": {F, "started_at": {"column": "t", "time": "%d/%m/%y %I:%M:%S %p"}}, "zone": "America/New_York"}`, "10/11/26 09:03:00 AM", "2026-11-10T14:03:00Z"},
		"with its zone":      {`{"fields": {F, "started_at": {"column": "t", "time": "%Y%m%d"}}}`, "20261110", "line 2: started_at has no zone: name it in the mapping or with --zone"},
		"offset":             {`{"fields": {F, "started_at": {"column": "t", "time": "%Y-%m-%d %H:%M:%S %z"}}}`, "2026-11-10 09:03:00 -0500", "2026-11-10T14:03:00Z"},
		"seconds":            {`{"fields": {F, "started_at": {"column": "t", "time": "epoch"}}}`, "1794319380.5", "2026-11-10T14:03:00.5Z"},
		"milliseconds":       {`{"fields": {F, "started_at": {"column": "t", "time": "epoch_ms"}}}`, "1794319380500", "2026-11-10T14:03:00.5Z"},
		"microseconds":       {`{"time": "epoch_us", "fields": {F, "started_at": "t"}}`, "1794319380500000", "2026-11-10T14:03:00.5Z"},
		"too many":           {`{"time": "epoch", "fields": {F, "started_at": "t"}}`, "1794319380500000", "line 2: started_at must be a number, as the mapping says (epoch)"},
		"negative":           {`{"time": "epoch", "fields": {F, "started_at": "t"}}`, "-1", "line 2: started_at must be a number, as the mapping says (epoch)"},
		"no such time":       {`{"zone": "UTC", "fields": {F, "started_at": {"column": "t", "time": "%d.%m.%Y"}}}`, "31.02.2026", "line 2: started_at must be a time as in 30.11.2026, as the mapping says"},
		"as the standard":    {`{"fields": {F, "started_at": "t"}}`, "2026-11-10T09:03:00-05:00", "2026-11-10T14:03:00Z"},
		"a value not listed": {`{"fields": {F, "started_at": "t", "hung_up_by": {"column": "T", "values": {"A": "caller"}}}}`, "2026-11-10T09:03:00Z", "line 2: hung_up_by has a value in the column t that the mapping does not list"},
		"any other value":    {`{"fields": {F, "started_at": "t", "hung_up_by": {"column": "T", "values": {"*": "caller"}}}}`, "2026-11-10T14:03:00Z", "2026-11-10T14:03:00Z"},
	} {
		m, err := ParseMapping([]byte(strings.Replace(tt.mapping, "F", `"source_id": {"value": "1"}, "to": {"value": "+13125550198"}`, 1)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o := plain("mapped")
		o.Mapping, o.Zone = m, nil
		got := all(t, []byte("T,u\n"+tt.file+",\n"), o)
		say := strings.Join(lines(got.Errors), "\n")
		if len(got.Calls) == 1 {
			say = got.Calls[0].StartedAt.Format(time.RFC3339Nano)
		}
		if say != tt.want {
			t.Errorf("%s: %s, want %s", name, say, tt.want)
		}
	}
}

func TestRules(t *testing.T) {
	m, err := ParseMapping([]byte(`{"columns": ["id", "t", "to", "trunk"], "zone": "UTC", "fields": {"source_id": "id", "started_at": "t", "to": "to", "connection": "trunk"},
		"rules": [{"when": {"trunk": "pstn-*", "to": "+1202*"}, "set": {"direction": "inbound", "peer": "a"}}, {"when": {"trunk": ""}, "ignore": "no trunk"}, {"when": {"trunk": "test?"}, "ignore": "a test"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	o := plain("mapped")
	o.Mapping, o.Account, o.Connection = m, "acme", "default"
	got := all(t, []byte("1,2026-11-10 10:00:00,+12025550143,pstn-1\n2,2026-11-10 10:00:00,+13125550143,pstn-1\n3,2026-11-10 10:00:00,+13125550143,\n4,soon,x,test1\n5,2026-11-10 10:00:00,+13125550143,test12\n"), o)
	if len(got.Calls) != 3 || got.Ignored["no trunk"] != 1 || got.Ignored["a test"] != 1 || len(got.Errors) > 0 {
		t.Fatalf("%+v", got)
	}
	if c := got.Calls[0]; c.Direction != "inbound" || c.Peer != "a" || c.AccountID != "acme" || c.Connection != "pstn-1" {
		t.Errorf("%+v", c)
	}
	if c := got.Calls[1]; c.Direction != "outbound" || c.Peer != "" {
		t.Errorf("%+v", c)
	}
}

// A rule can also speak for the leg that FreeSWITCH made.
func TestFreeSWITCHSecondLegs(t *testing.T) {
	s := samples[3]
	o := s.options(t)
	m, err := ParseMapping([]byte(`{"rules": [{"when": {"sofia_profile_name": "external"}, "set": {"direction": "outbound"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Mapping, o.Direction = m, "inbound"
	got := all(t, s.bytes(t), o)
	if len(got.Calls) != 4 || got.Calls[1].Direction != "outbound" || got.Calls[1].EgressPeer != "carrier-a" || got.Calls[1].HungUpBy != "caller" || got.Calls[1].CorrelationID != got.Calls[0].SourceID {
		t.Errorf("%+v", got.Calls)
	}
}
