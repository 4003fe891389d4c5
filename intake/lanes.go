package intake

import "github.com/abusedesk/abusedesk/cases"

// lane says whether the report cannot wait, by lanes.txt. Most need two things
// said: an emergency centre and an attack, toll fraud and that it goes on, a
// regulator who writes and a notice. A threat to life needs one. Being
// wrong here costs an analyst a glance, and being silent can cost more.
func (u *understanding) lane() {
	if u.p.Lane != "" {
		return
	}
	found := score(bookLane, u.readings, nil)
	says := func(kind string) verdict {
		if v := found[kind]; v != nil {
			return *v
		}
		return verdict{}
	}
	attack, centre := says("attack"), says("centre")
	live, toll := says("live"), says("toll")
	notice := says("notice")
	switch life := says("life"); {
	case life.points > 0 && !u.transcript:
		u.urgent(cases.LaneLife, life)
	case centre.points > 0 && attack.points > 0:
		u.urgent(cases.LaneEmergency, attack)
	case live.points > 0 && (toll.points > 0 || u.p.Category == cases.CategoryTollFraud):
		u.urgent(cases.LaneTollFraud, live)
	case notice.points > 0 && u.p.Reporter.Kind == cases.ReporterRegulator:
		u.urgent(cases.LaneRegulator, notice)
	}
}

func (u *understanding) urgent(lane cases.Lane, v verdict) {
	u.p.Lane = lane
	u.note(cases.ExtractLane, string(lane), hundredths(1-0.5/float64(v.points)), v.place)
}
