package intake

import (
	"strings"
	"sync"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// offsets says where the writer's clock may stand, in minutes east of Greenwich.
func (f timeFinder) offsets() (low, high int) {
	if f.clockAt == nil {
		low, high = f.findOffsets()
		return low, high
	}
	return f.clockAt[0], f.clockAt[1]
}

func (f timeFinder) findOffsets() (low, high int) {
	if _, seconds := f.context.ReceivedAt.Zone(); f.context.ReceivedAt.Location() != time.UTC {
		return seconds / 60, seconds / 60
	}
	if z, ok := f.ownOffsets(); ok {
		return z[0], z[1]
	}
	if z, ok := lex().zones[strings.ToUpper(f.context.Region)]; ok {
		return z[0], z[1]
	}
	return -12 * 60, 14 * 60
}

// ownZones are the zones that the called number's range lies in: whoever was
// called tells his own time. A range that spans a country says nothing.
func ownZones(p *cases.Parsed) []string {
	called := p.Reporter.Phone
	if n := p.Number(cases.RoleCalled); n != "" {
		called = n
	}
	if called == "" {
		return nil
	}
	zones := numbers.TimeZones(called)
	if len(zones) > 3 {
		return nil
	}
	return zones
}

// ownOffsets are the least and the greatest offset of the called number's zones
// when the message came.
func (f timeFinder) ownOffsets() (out [2]int, ok bool) {
	for _, name := range f.own {
		location := loadZone(name)
		if location == nil {
			continue
		}
		_, seconds := f.context.ReceivedAt.In(location).Zone()
		minutes := seconds / 60
		if !ok {
			out = [2]int{minutes, minutes}
		}
		out, ok = [2]int{min(out[0], minutes), max(out[1], minutes)}, true
	}
	return out, ok
}

// loaded keeps zones: reading one from the disk costs as much as a report. Only
// names out of libphonenumber's table come here.
var loaded sync.Map

func loadZone(name string) *time.Location {
	if l, ok := loaded.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loaded.Store(name, l)
	return l
}
