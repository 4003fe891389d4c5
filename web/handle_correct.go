package web

import (
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// correctReport takes what an analyst says that a report tells.
func (s *Server) correctReport(c *gin.Context, a cases.Actor) error {
	x := cases.Correction{Kind: cases.ExtractKind(c.PostForm("field")), Number: c.PostForm("number"), Value: c.PostForm("value")}
	if x.Kind != cases.ExtractNumber {
		x.Number = ""
	}
	id, err := strconv.ParseInt(c.PostForm("report"), 10, 64)
	if err != nil {
		err = cases.NotFound("this report")
	} else {
		_, err = s.Desk.Correct(c.Request.Context(), a, c.Param("ref"), id, x)
	}
	if err == nil || cases.KindOf(err) == cases.KindConflict {
		return s.done(c, err, "Corrected. The report is checked anew.", "")
	}
	return s.again(c, a, err, func(p *CasePage) string {
		p.Correct = CorrectForm{Report: c.PostForm("report"), Field: Field{Value: string(x.Kind)}, Number: Field{Value: x.Number}, Value: Field{Value: x.Value}, Fields: correctChoices(), Shown: p.Can.Correct}
		return beside(err, map[string]*Field{"field": &p.Correct.Field, "number": &p.Correct.Number, "value": &p.Correct.Value})
	})
}

// correctChoices are the fields that can be corrected by writing what is right.
func correctChoices() []Choice {
	var out []Choice
	for _, k := range cases.CorrectableKinds() {
		out = append(out, Choice{Value: string(k), Label: fieldWord(k)})
	}
	return out
}

func fieldWord(k cases.ExtractKind) string {
	switch k {
	case cases.ExtractNumber:
		return "number: what it was in the call"
	case cases.ExtractLanguage:
		return "language"
	case cases.ExtractTraceback + ".reference":
		return "traceback request: reference"
	case cases.ExtractTraceback + ".campaign":
		return "traceback request: campaign"
	case cases.ExtractTraceback + ".call_id":
		return "traceback request: SIP Call-ID"
	case cases.ExtractTraceback + ".upstream":
		return "traceback request: other provider"
	}
	return extractWord(k)
}

// fixOf offers the other values that something in a report could have.
func fixOf(v cases.ReportView, k cases.ExtractKind, number, now string) *Fix {
	f := &Fix{Ref: v.CaseRef, Report: strconv.FormatInt(v.ID, 10), Field: string(k), Number: number}
	offer := func(value, label string) {
		if value != now {
			f.Options = append(f.Options, Choice{Value: value, Label: label})
		}
	}
	switch k {
	case cases.ExtractNumber:
		offer(string(cases.RoleCaller), "It was shown as the caller")
		offer(string(cases.RoleCallback), "It is to be called back")
		offer(string(cases.RoleCalled), "It was called")
		offer("", "It is no number of this call")
	case cases.ExtractCategory:
		if v.Category == cases.CategoryTraceback {
			return nil // a case of its own kind
		}
		for _, c := range cases.Categories() {
			if c != cases.CategoryTraceback {
				offer(string(c), cases.CategoryTitle(c))
			}
		}
	case cases.ExtractPretext:
		for _, p := range intake.Pretexts() {
			offer(p, p)
		}
		offer("", "no pretext")
	case cases.ExtractReporter:
		for _, r := range cases.ReporterKinds() {
			offer(string(r), reporterWord(r))
		}
	case cases.ExtractLane:
		for _, l := range cases.Lanes() {
			offer(string(l), laneWord(l))
		}
		offer("", "not urgent")
	default:
		if !slices.Contains(cases.CorrectableKinds(), k) {
			return nil
		}
		offer("", "This is not said")
	}
	return f
}

// readAs is what a report as a whole was taken for.
func readAs(v cases.ReportView) []ReadAs {
	or := func(word, none string) string {
		if word == "" {
			return none
		}
		return word
	}
	return []ReadAs{
		{"kind of abuse", cases.CategoryTitle(v.Category), fixOf(v, cases.ExtractCategory, "", string(v.Category))},
		{"pretext", or(v.Pretext, "no pretext"), fixOf(v, cases.ExtractPretext, "", v.Pretext)},
		{"who is writing", or(reporterWord(v.ReporterKind), "unknown"), fixOf(v, cases.ExtractReporter, "", string(v.ReporterKind))},
		{"why it is urgent", or(laneWord(v.Lane), "not urgent"), fixOf(v, cases.ExtractLane, "", string(v.Lane))},
	}
}

// plain takes the menus of corrections away.
func (r *CaseReport) plain() {
	for i := range r.Text {
		r.Text[i].Fix = nil
	}
	for _, t := range r.Turns {
		for i := range t.Text {
			t.Text[i].Fix = nil
		}
	}
	for i := range r.Numbers {
		r.Numbers[i].Fix = nil
	}
	for i := range r.ReadAs {
		r.ReadAs[i].Fix = nil
	}
}
