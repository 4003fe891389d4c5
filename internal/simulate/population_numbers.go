package simulate

import (
	"time"
)

// Numbers of a population lie where nobody lives. A carrier needs more than one
// exchange in an area, or everybody would be everybody's neighbour: customers
// have exchange 555, those they call mostly 950, 958, 959 (carriers' access and
// test codes) and the one that repeats the area code, none of which is
// given to subscribers. See phones.go for 555. Abroad the numbers lie in
// ranges kept for fiction (GB, FR, AU) or not in service.
const linesOfExchange = 9700

var exchanges = [...]string{"555", "950", "958", "959"}

// northAmerican is "+1", area code, exchange and line. Exchange len(exchanges)
// repeats the area code.
func northAmerican(npa, exchange, line int) string {
	var b [12]byte
	b[0], b[1] = '+', '1'
	copy(b[2:], areaCodes[npa])
	if exchange < len(exchanges) {
		copy(b[5:], exchanges[exchange])
	} else {
		copy(b[5:], areaCodes[npa])
	}
	for i := 11; i > 7; i-- {
		b[i] = byte('0' + line%10)
		line /= 10
	}
	return string(b[:])
}

// number is number k of a customer.
func (m member) number(k int) string {
	line := 200 + int(m.first) + k
	if line == 1212 || line == 4334 { // see phone
		line = 9990 + line%7
	}
	return northAmerican(int(m.npa), 0, line)
}

// destination is a number that is called.
type destination struct {
	number  string
	country string
	rate    int64 // micro-USD a minute
}

// person is somebody: number id of all there are, in an area or (npa < 0) in any.
func person(id uint64, npa int) destination {
	if npa < 0 {
		npa = int(id % uint64(len(areaCodes)))
	}
	id = mix(id, 0x9e)
	exchange := 1 + int(id%4)
	if id>>8%100 < 100*neighbourly {
		exchange = 0
	}
	return destination{northAmerican(npa, exchange, int(id>>20%9800)+200), "US", 7000}
}

// abroad are countries that people call; dear those that toll fraud does, too.
type land struct {
	country, prefix string
	digits          int
	rate            int64
}

var (
	abroad = []land{{"CA", "+1416958", 4, 6500}, {"GB", "+442079460", 3, 12_000}, {"FR", "+3319900", 4, 14_000}, {"AU", "+6125550", 4, 18_000},
		{"MX", "+525500", 6, 22_000}, {"IN", "+912200", 6, 30_000}, {"PH", "+6320", 7, 150_000}, {"SO", "+25250", 6, 480_000}, {"SL", "+23221", 6, 420_000}, {"LV", "+37178", 6, 260_000}}
	dear = []land{{"SO", "+25250", 6, 480_000}, {"SL", "+23221", 6, 420_000}, {"LV", "+37178", 6, 260_000}, {"CU", "+5350", 6, 650_000},
		{"GM", "+22000", 5, 550_000}, {"MV", "+96000", 5, 780_000}}
	// commonLands is how many of abroad most people call; one in eight calls the others.
	commonLands = 6
)

func (l land) number(id uint64) destination {
	b := make([]byte, len(l.prefix)+l.digits)
	copy(b, l.prefix)
	for i := len(b) - 1; i >= len(l.prefix); i-- {
		b[i] = byte('0' + id%10)
		id /= 10
	}
	return destination{string(b), l.country, l.rate}
}

// zoneOf is the time of an area, without summer time: the history is in winter.
func zoneOf(npa int) time.Duration {
	switch areaCodes[npa] {
	case "206", "213", "415", "503", "619", "702", "916":
		return -8 * time.Hour
	case "303", "602", "801":
		return -7 * time.Hour
	case "312", "314", "414", "504", "512", "612", "615", "713", "816", "901":
		return -6 * time.Hour
	case "808":
		return -10 * time.Hour
	}
	return -5 * time.Hour
}

// mix makes one well-spread number of two.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 ^ b
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// part makes a share of a hash: evenly in [0, 1).
func part(x uint64) float64 { return float64(x>>11) / (1 << 53) }
