package formats

import (
	"bytes"
	"slices"
	"testing"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// fuzz holds of any bytes: every record is counted once, what is taken is right,
// and reading the same again, or from the middle, gives the same.
func fuzz(f *testing.F, s sample) {
	f.Add(s.bytes(f))
	f.Add(s.bytes(f)[:len(s.bytes(f))*2/3])
	o := s.options(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(from int) (all []cases.Call, rows int, err error) {
			err = Load(bytes.NewReader(b), o, from, func(x Batch) error {
				n := len(x.Calls)
				for _, of := range x.Refused {
					n += of
				}
				for _, of := range x.Ignored {
					n += of
				}
				if n != x.Rows || x.Rows > BatchRows {
					t.Fatalf("%d of %d rows accounted for", n, x.Rows)
				}
				all, rows = append(all, x.Calls...), rows+x.Rows
				return nil
			})
			return all, rows, err
		}
		got, rows, err := read(0)
		if err != nil {
			return
		}
		for _, c := range got {
			if _, err := calls.Check(c, o.Options); err != nil || c.SourceID == "" {
				t.Fatalf("took %+v: %v", c, err)
			}
		}
		again, more, err := read(rows / 2)
		if err != nil || more != rows-rows/2 || !slices.EqualFunc(got[len(got)-len(again):], again, func(a, b cases.Call) bool {
			return a.SourceID == b.SourceID && a.StartedAt.Equal(b.StartedAt)
		}) {
			t.Fatalf("from the middle: %d rows of %d, %v", more, rows, err)
		}
	})
}

func FuzzOwnCSV(f *testing.F)       { fuzz(f, samples[0]) }
func FuzzNDJSON(f *testing.F)       { fuzz(f, samples[1]) }
func FuzzAsterisk(f *testing.F)     { fuzz(f, samples[2]) }
func FuzzFreeSWITCH(f *testing.F)   { fuzz(f, samples[3]) }
func FuzzKamailio(f *testing.F)     { fuzz(f, samples[4]) }
func FuzzKamailioCDRs(f *testing.F) { fuzz(f, samples[5]) }
func FuzzTelnyx(f *testing.F)       { fuzz(f, samples[6]) }
func FuzzMapped(f *testing.F)       { fuzz(f, samples[7]) }

// FuzzMapping holds that a mapping that is accepted can be used.
func FuzzMapping(f *testing.F) {
	for _, name := range []string{"mapped.json", "asterisk.rules.json", "kamailio.rules.json"} {
		f.Add(sample{file: name}.bytes(f))
	}
	file := samples[7].bytes(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMapping(b)
		if err != nil {
			return
		}
		o := plain("mapped")
		o.Mapping = m
		_ = Load(bytes.NewReader(file), o, 0, func(Batch) error { return nil })
	})
}
